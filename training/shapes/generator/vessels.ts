/** Cups, bottles and what else is turned. */
import { METALS, PAINTS, WOODS } from "./dice.js";
import type { Maker } from "./furniture.js";
import type { Part } from "./shape.js";
import { ball, rod, type Solid, torus, turned, without } from "./solids.js";

/** A wall of constant thickness between two profiles, open at the top. */
const hollow = (height: number, radius: (y: number) => number, wall: number): Solid =>
  without(
    turned([0, 0, 0], height, radius),
    turned([0, wall, 0], height + 1, (y) => Math.max(0.001, radius(Math.min(y, height)) - wall)),
  );

export const cup: Maker = (d) => {
  const colour = d.colour(PAINTS);
  const size = d.one(["tall", "", "wide"] as const);
  const r = size === "wide" ? d.between(0.055, 0.065) : d.between(0.038, 0.045);
  const height = size === "tall" ? d.between(0.12, 0.14) : d.between(0.075, 0.09);
  const flare = d.one([0, 0.15, 0.35]);
  const handles = d.one(["one handle", "one handle", "two handles", ""] as const);
  const saucer = d.chance(0.25);
  const band = d.chance(0.3) ? d.colour(PAINTS, colour) : undefined;
  const radius = (y: number) => r * (1 - flare + (flare * y) / height);
  const parts: Part[] = [];
  const sides = handles === "two handles" ? [-1, 1] : handles === "one handle" ? [1] : [];
  for (const side of sides) {
    const handle = torus([side * (radius(height * 0.5) + height * 0.08), height * 0.52, 0], height * 0.26, 0.0075, 2);
    parts.push({ solid: without(handle, turned([0, 0, 0], height, (y) => Math.max(0.001, radius(y) - 0.006))), colour });
  }
  const body = hollow(height, radius, 0.0085);
  parts.push({ solid: body, colour });
  if (band) {
    const ring = hollow(height, radius, 0.0085);
    parts.push({ solid: { distance: (x, y, z) => Math.max(ring.distance(x, y, z), Math.abs(y - height * 0.6) - height * 0.12), least: ring.least, most: ring.most }, colour: band });
  }
  if (saucer) parts.push({ solid: turned([0, -0.008, 0], 0.006, (y) => r * 1.5 + (y + 0.008) * 1.6), colour });
  return {
    parts,
    nouns: handles ? ["cup", "mug"] : ["cup"],
    before: { size, colour },
    after: { handles, saucer: saucer ? "a saucer" : "", band: band ? `a ${band} band` : "" },
  };
};

export const bottle: Maker = (d) => {
  const colour = d.colour(["green", "dark green", "brown", "blue", "light blue", "white", "red", "black", "yellow", "teal"]);
  const cap = d.colour(PAINTS, colour);
  const slim = d.one(["slim", "", "fat"] as const);
  const r = { slim: 0.034, "": 0.044, fat: 0.062 }[slim];
  const height = d.between(0.24, 0.28);
  const neck = d.one(["long", "short"] as const);
  const shoulder = neck === "long" ? 0.5 : 0.72;
  const label = d.chance(0.4) ? d.colour(PAINTS, colour) : undefined;
  const radius = (y: number) => {
    const t = y / height;
    if (t < shoulder) return r;
    const s = Math.min(1, (t - shoulder) / 0.16);
    return r + (r * 0.38 - r) * (s * s * (3 - 2 * s));
  };
  const parts: Part[] = [
    { solid: turned([0, 0, 0], height, radius), colour },
    { solid: rod([0, height * 0.95, 0], [0, height * 1.04, 0], r * 0.48), colour: cap },
  ];
  if (label) parts.push({ solid: rod([0, height * 0.15, 0], [0, height * 0.4, 0], r * 1.03), colour: label });
  return { parts, nouns: ["bottle"], before: { size: slim, colour }, after: { neck: `a ${neck} neck`, cap: `a ${cap} cap`, label: label ? `a ${label} label` : "" } };
};

export const vase: Maker = (d) => {
  const colour = d.colour(PAINTS);
  const form = d.one(["round", "slender", "flared"] as const);
  const height = form === "round" ? d.between(0.22, 0.26) : d.between(0.3, 0.38);
  const r = form === "round" ? d.between(0.1, 0.12) : 0.075;
  const stripe = d.chance(0.4) ? d.colour(PAINTS, colour) : undefined;
  const radius = (y: number) => {
    const t = y / height;
    if (form === "round") return r * (0.42 + 0.6 * Math.sin(Math.PI * Math.min(1, t * 1.12)) ** 0.8) + (t > 0.88 ? (t - 0.88) * r * 2 : 0);
    if (form === "slender") return r * (0.55 + 0.45 * Math.sin(Math.PI * (0.1 + t * 0.95)));
    return r * (0.45 + 0.9 * t * t);
  };
  const body = hollow(height, radius, 0.012);
  const parts: Part[] = [{ solid: body, colour }];
  if (stripe) parts.push({ solid: { ...body, distance: (x, y, z) => Math.max(body.distance(x, y, z), Math.abs(y - height * 0.5) - height * 0.08) }, colour: stripe });
  const handles = d.chance(0.3);
  if (handles)
    for (const s of [-1, 1]) parts.push({ solid: without(torus([s * radius(height * 0.6), height * 0.62, 0], height * 0.16, 0.012, 2), turned([0, 0, 0], height, (y) => Math.max(0.001, radius(y) - 0.012))), colour });
  return { parts, nouns: ["vase"], before: { shape: form, colour }, after: { stripe: stripe ? `a ${stripe} stripe` : "", handles: handles ? "two handles" : "" } };
};

export const bowl: Maker = (d) => {
  const colour = d.colour([...PAINTS, ...WOODS]);
  const deep = d.one(["deep", "shallow"] as const);
  const r = 0.12;
  const height = deep === "deep" ? d.between(0.09, 0.12) : d.between(0.045, 0.06);
  const foot = d.chance(0.5);
  const inside = d.chance(0.35) ? d.colour(PAINTS, colour) : undefined;
  const radius = (y: number) => Math.max(r * 0.25, r * Math.sqrt(Math.max(0, 1 - (1 - y / height) ** 2)));
  const parts: Part[] = [{ solid: hollow(height, radius, 0.013), colour }];
  if (inside) {
    const inner = hollow(height, (y) => Math.max(0.01, radius(y) - 0.0065), 0.0085);
    parts.push({ solid: inner, colour: inside });
  }
  if (foot) parts.push({ solid: rod([0, -0.015, 0], [0, 0.008, 0], r * 0.5), colour });
  return { parts, nouns: ["bowl"], before: { size: deep, colour }, after: { foot: foot ? "a foot" : "", inside: inside ? `a ${inside} inside` : "" } };
};

export const barrel: Maker = (d) => {
  const colour = d.colour([...WOODS, "blue", "red", "green"]);
  const hoops = d.one([2, 3]);
  const hoop = d.colour(METALS, colour);
  const height = d.between(0.85, 1);
  const r = 0.3;
  const radius = (y: number) => r * (1 + 0.22 * Math.sin((Math.PI * y) / height));
  const parts: Part[] = [{ solid: turned([0, 0, 0], height, radius), colour }];
  for (let i = 0; i < hoops; i++) {
    const y = height * (hoops === 2 ? 0.22 + 0.56 * i : 0.16 + 0.34 * i);
    parts.push({ solid: turned([0, y - 0.04, 0], y + 0.04, (at) => radius(at) + 0.025), colour: hoop });
  }
  return { parts, nouns: ["barrel"], before: { colour }, after: { hoops: `${hoops === 2 ? "two" : "three"} ${hoop} hoops` } };
};

export const teapot: Maker = (d) => {
  const colour = d.colour(PAINTS);
  const lid = d.chance(0.5) ? colour : d.colour(PAINTS, colour);
  const flat = d.between(0.75, 1);
  const r = 0.1;
  const h = r * flat;
  const body = turned([0, 0, 0], 2 * h, (y) => r * Math.sqrt(Math.max(0.12, 1 - (y / h - 1) ** 2)));
  const parts: Part[] = [
    { solid: torus([-r * 0.98, h, 0], r * 0.5, 0.012, 2), colour },
    { solid: rod([r * 0.7, h * 0.7, 0], [r * 1.6, h * 1.75, 0], 0.03, 0.014), colour },
    { solid: body, colour },
    { solid: turned([0, 2 * h - 0.02, 0], 2 * h + 0.012, () => r * 0.55), colour: lid },
    { solid: ball([0, 2 * h + 0.022, 0], 0.017), colour: lid },
  ];
  return { parts, nouns: ["teapot"], before: { shape: flat < 0.85 ? "flat" : "round", colour }, after: { lid: lid === colour ? "" : `a ${lid} lid` } };
};

export const mushroom: Maker = (d) => {
  const cap = d.colour(["red", "brown", "orange", "beige", "purple", "yellow"]);
  const stem = d.colour(["white", "cream", "beige"]);
  const wide = d.one(["wide", "tall"] as const);
  const r = wide === "wide" ? 0.12 : 0.075;
  const spots = d.chance(0.5);
  const y = wide === "wide" ? 0.1 : 0.15;
  const capHeight = wide === "wide" ? 0.075 : 0.09;
  const parts: Part[] = [
    { solid: rod([0, 0, 0], [0, y + 0.02, 0], 0.032, 0.024), colour: stem },
    { solid: turned([0, y, 0], y + capHeight, (at) => r * Math.sqrt(Math.max(0, 1 - ((at - y) / capHeight) ** 2))), colour: cap },
  ];
  if (spots)
    for (const [angle, t] of [[0.5, 0.45], [2.64, 0.45], [-0.5, 0.45], [-2.64, 0.45], [0, 0.9]] as const) {
      const at = r * Math.sqrt(1 - t * t);
      parts.push({ solid: ball([at * Math.cos(angle) * (t > 0.8 ? 0 : 1), y + capHeight * t, at * Math.sin(angle) * (t > 0.8 ? 0 : 1)], 0.022), colour: "white" });
    }
  return { parts, nouns: ["mushroom"], before: { size: wide, colour: cap }, after: { spots: spots ? "white spots" : "" } };
};

