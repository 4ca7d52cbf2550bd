/** Tools, weapons, toys and plain bodies. */
import { METALS, PAINTS, WOODS } from "./dice.js";
import { type Maker, NUMBERS } from "./furniture.js";
import type { Part } from "./shape.js";
import { around, ball, block, box, capsule, common, ellipsoid, prism, rod, rotated, type Solid, torus, turned, without } from "./solids.js";

export const sword: Maker = (d) => {
  const blade = d.colour(["steel", "light gray", "gold", "light blue", "green", "red"]);
  const grip = d.colour([...WOODS, "black", "red", "blue"], blade);
  const guard = d.colour(["gold", "steel", "copper", "dark gray"], blade);
  const size = d.one(["short", "long"] as const);
  const l = size === "short" ? 0.5 : 0.85;
  const curved = d.chance(0.3);
  const w = d.between(0.05, 0.07);
  const bend = (y: number) => (curved ? 0.22 * ((y - 0.2) / l) ** 2 : 0);
  const solid: Solid = { distance: (x, y, z) => Math.max(0.18 - y, y - 0.2 - l, Math.abs(z) - 0.022, Math.abs(x - bend(y)) - w * Math.min(1, (0.2 + l - y) / 0.12)), least: [-w, 0.18, -0.022], most: [w + (curved ? 0.22 : 0), 0.2 + l, 0.022] };
  const parts: Part[] = [
    { solid, colour: blade },
    { solid: rod([0, 0, 0], [0, 0.2, 0], 0.027), colour: grip },
    { solid: box([0, 0.19, 0], [0.28, 0.045, 0.07]), colour: guard },
    { solid: ball([0, -0.01, 0], 0.042), colour: guard },
  ];
  return { parts, nouns: ["sword"], before: { size, shape: curved ? "curved" : "", colour: blade }, after: { grip: `a ${grip} grip`, guard: `a ${guard} guard` } };
};

export const shield: Maker = (d) => {
  const shape = d.one(["round", "pointed", "square"] as const);
  const colour = d.colour(PAINTS);
  const rim = d.colour(METALS, colour);
  const emblem = d.one(["a cross", "a boss", "a stripe", ""] as const);
  const mark = d.colour(["white", "yellow", "red", "black", "gold"], colour, rim);
  const outline = (s: number): [number, number][] =>
    shape === "round" ? around(40, 0.45 * s).map(([x, , z]) => [x, z]) : shape === "square" ? [[-0.38 * s, -0.48 * s], [0.38 * s, -0.48 * s], [0.38 * s, 0.48 * s], [-0.38 * s, 0.48 * s]] : [[-0.4 * s, 0.45 * s], [0.4 * s, 0.45 * s], [0.38 * s, 0], [0.2 * s, -0.32 * s], [0, -0.55 * s], [-0.2 * s, -0.32 * s], [-0.38 * s, 0]];
  const parts: Part[] = [{ solid: prism(outline(1), -0.05, 0.05), colour: rim }, { solid: prism(outline(0.84), -0.05, 0.08), colour }];
  if (emblem === "a boss") parts.push({ solid: ellipsoid([0, 0, 0.07], [0.14, 0.14, 0.1]), colour: mark });
  else if (emblem) {
    parts.push({ solid: common(prism(outline(0.84), -0.05, 0.1), box([0, 0, 0], [0.14, 2, 1])), colour: mark });
    if (emblem === "a cross") parts.push({ solid: common(prism(outline(0.84), -0.05, 0.1), box([0, 0.06, 0], [2, 0.14, 1])), colour: mark });
  }
  return { parts, nouns: ["shield"], before: { shape, colour }, after: { emblem: emblem ? emblem.replace("a ", `a ${mark} `) : "", rim: `a ${rim} rim` } };
};

export const key: Maker = (d) => {
  const colour = d.colour(["gold", "steel", "copper", "dark gray", "red", "blue"]);
  const head = d.one(["round", "square"] as const);
  const n = d.one([1, 2, 3]);
  const parts: Part[] = [];
  const add = (solid: Solid) => parts.push({ solid, colour });
  if (head === "round") add(torus([0, 0.35, 0], 0.14, 0.045, 2));
  else add(without(box([0, 0.35, 0], [0.36, 0.36, 0.08]), box([0, 0.35, 0], [0.19, 0.19, 1])));
  add(rod([0, 0.22, 0], [0, -0.5, 0], 0.045));
  for (let i = 0; i < n; i++) add(box([0.1, -0.46 + i * 0.13, 0], [0.2, 0.065, 0.07]));
  return { parts, nouns: ["key"], before: { colour }, after: { head: `a ${head} head`, teeth: n === 1 ? "one tooth" : `${NUMBERS[n]} teeth` } };
};

export const gear: Maker = (d) => {
  const n = d.one([6, 8, 10, 12]);
  const colour = d.colour([...METALS, ...PAINTS]);
  const hole = d.one(["small", "large"] as const);
  const thick = d.between(0.12, 0.24);
  const inner = hole === "large" ? 0.2 : 0.09;
  const body: Solid = {
    distance: (x, y, z) => {
      const r = Math.hypot(x, y);
      const tooth = Math.cos(n * Math.atan2(y, x)) > 0 ? 0.5 : 0.38;
      return Math.max(Math.abs(z) - thick / 2, r - tooth, inner - r);
    },
    least: [-0.5, -0.5, -thick / 2],
    most: [0.5, 0.5, thick / 2],
  };
  return { parts: [{ solid: body, colour }], nouns: ["gear", "cog"], before: { colour }, after: { teeth: `${{ 6: "six", 8: "eight", 10: "ten", 12: "twelve" }[n]} teeth`, hole: `a ${hole} hole` } };
};

export const ring: Maker = (d) => {
  const colour = d.colour(["gold", "steel", "copper"]);
  const stone = d.chance(0.7) ? d.colour(["red", "blue", "green", "purple", "white", "light blue", "pink"]) : undefined;
  const r = 0.3;
  const thick = d.between(0.035, 0.065);
  const parts: Part[] = [{ solid: torus([0, 0, 0], r, thick, 2), colour }];
  if (stone) {
    parts.push({ solid: rod([0, r, 0], [0, r + thick + 0.05, 0], 0.06, 0.09), colour });
    parts.push({ solid: d.chance(0.5) ? ball([0, r + thick + 0.1, 0], 0.11) : box([0, r + thick + 0.1, 0], [0.19, 0.16, 0.19]), colour: stone });
  }
  return { parts, nouns: ["ring"], before: { size: thick > 0.052 ? "thick" : "thin", colour }, after: { stone: stone ? `a ${stone} stone` : "" } };
};

export const hammer: Maker = (d) => {
  const grip = d.colour([...WOODS, "red", "blue", "yellow"]);
  const head = d.colour(["steel", "dark gray", "black", "gray", "brown"], grip);
  const kind = d.one(["hammer", "mallet"] as const);
  const l = d.between(0.75, 0.95);
  const parts: Part[] = [{ solid: rod([0, 0, 0], [0, l, 0], 0.045), colour: grip }];
  if (kind === "mallet") parts.push({ solid: rod([-0.25, l, 0], [0.25, l, 0], 0.16), colour: head });
  else parts.push({ solid: box([0.06, l, 0], [0.3, 0.14, 0.13]), colour: head }, { solid: prism([[-0.08, l + 0.07], [-0.08, l - 0.07], [-0.32, l - 0.02], [-0.32, l + 0.02]], -0.065, 0.065), colour: head });
  return { parts, nouns: [kind], before: { size: l > 0.88 ? "long" : "" }, after: { head: `a ${head} head`, grip: `a ${grip} handle` } };
};

export const axe: Maker = (d) => {
  const grip = d.colour([...WOODS, "red", "black"]);
  const head = d.colour(["steel", "dark gray", "gold", "copper"], grip);
  const double = d.chance(0.45);
  const parts: Part[] = [{ solid: rod([0, 0, 0], [0, 1, 0], 0.04), colour: grip }];
  for (const s of double ? [-1, 1] : [1]) parts.push({ solid: prism([[s * -0.03, 0.92], [s * 0.32, 1.02], [s * 0.36, 0.8], [s * 0.32, 0.58], [s * -0.03, 0.7]], -0.045, 0.045), colour: head });
  return { parts, nouns: ["axe"], before: {}, after: { head: `a ${head} head`, blades: double ? "two blades" : "one blade", grip: `a ${grip} handle` } };
};

export const crown: Maker = (d) => {
  const n = d.one([5, 6, 8]);
  const colour = d.colour(["gold", "steel", "yellow", "copper"]);
  const gem = d.chance(0.7) ? d.colour(["red", "blue", "green", "purple"]) : undefined;
  const parts: Part[] = [];
  const wall: Solid = {
    distance: (x, y, z) => {
      const r = Math.hypot(x, z);
      const t = (Math.atan2(x, z) / (2 * Math.PI)) * n;
      const top = 0.16 + 0.22 * (1 - 2 * Math.abs(t - Math.round(t)));
      return Math.max(-y, y - top, r - 0.3, 0.245 - r);
    },
    least: [-0.3, 0, -0.3],
    most: [0.3, 0.38, 0.3],
  };
  parts.push({ solid: wall, colour });
  if (gem) for (const [x, , z] of around(n, 0.29)) parts.push({ solid: ball([x, 0.13, z], 0.045), colour: gem });
  return { parts, nouns: ["crown"], before: { colour }, after: { points: `${NUMBERS[n]} points`, gems: gem ? `${gem} gems` : "" } };
};

export const hat: Maker = (d) => {
  const kind = d.one(["top hat", "wizard hat", "sun hat"] as const);
  const colour = d.colour(PAINTS);
  const band = d.colour(PAINTS, colour);
  const brim = kind === "sun hat" ? 0.45 : 0.32;
  const parts: Part[] = [{ solid: rod([0, 0, 0], [0, 0.05, 0], brim), colour }];
  if (kind === "top hat") parts.push({ solid: rod([0, 0, 0], [0, 0.45, 0], 0.19, 0.2), colour });
  else if (kind === "wizard hat") parts.push({ solid: rod([0, 0, 0], [0, 0.75, 0], 0.2, 0.01), colour });
  else parts.push({ solid: turned([0, 0, 0], 0.24, (y) => 0.22 * Math.sqrt(Math.max(0, 1 - (y / 0.24) ** 2))), colour });
  parts.push({ solid: rod([0, 0.05, 0], [0, 0.12, 0], kind === "wizard hat" ? 0.2 : 0.225), colour: band });
  return { parts, nouns: ["hat", kind], before: { colour }, after: { band: `a ${band} band` } };
};

export const umbrella: Maker = (d) => {
  const colour = d.colour(PAINTS);
  const pole = d.colour([...WOODS, "steel"], colour);
  const flat = d.between(0.25, 0.4);
  const dome = (r: number, h: number) => turned([0, 0.6, 0], 0.6 + h, (y) => r * Math.sqrt(Math.max(0, 1 - ((y - 0.6) / h) ** 2)));
  const parts: Part[] = [
    { solid: without(dome(0.5, flat), { ...dome(0.46, flat - 0.05), distance: (x, y, z) => dome(0.46, flat - 0.05).distance(x, y + 0.001, z) }), colour },
    { solid: rod([0, 0.06, 0], [0, 0.66 + flat, 0], 0.022), colour: pole },
    { solid: common(torus([0.06, 0.06, 0], 0.06, 0.024, 2), box([0.06, -0.02, 0], [0.2, 0.16, 1])), colour: pole },
  ];
  return { parts, nouns: ["umbrella", "parasol"], before: { colour }, after: { pole: `a ${pole} handle` } };
};

export const star: Maker = (d) => {
  const n = d.one([4, 5, 6, 8]);
  const colour = d.colour(["yellow", "gold", "red", "blue", "white", "purple", "green", "orange"]);
  const sharp = d.between(0.38, 0.55);
  const points = Array.from({ length: 2 * n }, (_, i): [number, number] => {
    const a = (Math.PI * i) / n;
    const r = i % 2 ? 0.5 * sharp : 0.5;
    return [r * Math.sin(a), r * Math.cos(a)];
  });
  return { parts: [{ solid: prism(points, -0.09, 0.09), colour }], nouns: ["star"], before: { colour }, after: { points: `${NUMBERS[n]} points` } };
};

export const heart: Maker = (d) => {
  const colour = d.colour(["red", "pink", "purple", "gold", "white", "blue", "magenta"]);
  const flat = d.one(["flat", "thick"] as const);
  const t = flat === "flat" ? 0.1 : 0.28;
  const solid: Solid = {
    distance: (x, y, z) => {
      const [u, v] = [Math.abs(x) * 2.3, y * 2.3 + 0.15];
      const inside = (u * u + v * v - 1) ** 3 - u * u * v ** 3;
      return flat === "flat" ? Math.max(Math.abs(z) - t, inside) : inside + (z / t) ** 2 * 1.1;
    },
    least: [-0.52, -0.55, -t],
    most: [0.52, 0.48, t],
  };
  return { parts: [{ solid, colour }], nouns: ["heart"], before: { size: flat, colour }, after: {} };
};

export const arrow: Maker = (d) => {
  const colour = d.colour(PAINTS);
  const way = d.one(["up", "down", "left", "right"] as const);
  const w = d.between(0.07, 0.13);
  const points: [number, number][] = [[-w, -0.5], [w, -0.5], [w, 0.08], [0.34, 0.08], [0, 0.5], [-0.34, 0.08], [-w, 0.08]];
  const angle = { up: 0, left: 90, down: 180, right: -90 }[way];
  return { parts: [{ solid: rotated(prism(points, -0.08, 0.08), 2, angle), colour }], nouns: ["arrow"], before: { size: w > 0.11 ? "thick" : "", colour }, after: { way: `its tip ${way}` } };
};

/** Plain bodies. */
const BODIES = {
  cube: (): Solid => box([0, 0, 0], [1, 1, 1]),
  sphere: (): Solid => ball([0, 0, 0], 0.5),
  cylinder: (tall: number): Solid => rod([0, 0, 0], [0, tall, 0], 0.4),
  cone: (tall: number): Solid => rod([0, 0, 0], [0, tall, 0], 0.5, 0),
  pyramid: (tall: number): Solid => ({ distance: (x, y, z) => Math.max(-y, Math.max(Math.abs(x), Math.abs(z)) - 0.5 * (1 - y / tall)), least: [-0.5, 0, -0.5], most: [0.5, tall, 0.5] }),
  torus: (tall: number): Solid => torus([0, 0, 0], 0.35, 0.08 + 0.06 * tall),
  capsule: (tall: number): Solid => capsule([0, 0, 0], [0, tall, 0], 0.3),
} as const;

export const body: Maker = (d) => {
  const kind = d.one(Object.keys(BODIES) as (keyof typeof BODIES)[]);
  const colour = d.colour([...PAINTS, ...METALS]);
  const band = d.chance(0.3) ? d.colour(PAINTS, colour) : undefined;
  const size = ["cylinder", "cone", "pyramid", "capsule"].includes(kind) ? d.one(["tall", "short"] as const) : "";
  const solid = BODIES[kind](size === "tall" ? d.between(1.1, 1.5) : d.between(0.4, 0.7));
  const parts: Part[] = [{ solid, colour }];
  const [low, high] = [solid.least[1], solid.most[1]];
  const middle = (low + high) / 2;
  if (band) parts.push({ solid: { ...solid, distance: (x, y, z) => Math.max(solid.distance(x, y, z), Math.abs(y - middle) - (high - low) * 0.12) }, colour: band });
  return { parts, nouns: [kind], before: { size, colour }, after: { band: band ? `a ${band} band` : "" } };
};

export const dumbbell: Maker = (d) => {
  const colour = d.colour(PAINTS);
  const bar = d.colour(["steel", "dark gray", "black"], colour);
  const shape = d.one(["round", "flat"] as const);
  const parts: Part[] = [{ solid: rod([-0.4, 0, 0], [0.4, 0, 0], 0.05), colour: bar }];
  for (const s of [-1, 1]) parts.push({ solid: shape === "round" ? ball([s * 0.4, 0, 0], 0.19) : rod([s * 0.32, 0, 0], [s * 0.5, 0, 0], 0.22), colour });
  return { parts, nouns: ["dumbbell"], before: { colour }, after: { weights: `${shape} weights` } };
};

export const cake: Maker = (d) => {
  const n = d.one([1, 2, 3]);
  const colour = d.colour(["white", "pink", "cream", "brown", "light blue", "yellow"]);
  const icing = d.colour(["white", "pink", "red", "dark brown", "purple"], colour);
  const candles = d.one([0, 1, 3, 4]);
  const parts: Part[] = [];
  for (let i = 0; i < n; i++) {
    const r = 0.5 - i * 0.14;
    parts.push({ solid: rod([0, i * 0.24, 0], [0, i * 0.24 + 0.24, 0], r), colour }, { solid: rod([0, i * 0.24 + 0.18, 0], [0, i * 0.24 + 0.25, 0], r + 0.02), colour: icing });
  }
  const at = candles === 1 ? [[0, 0, 0] as const] : around(candles, (0.5 - (n - 1) * 0.14) * 0.6, Math.PI / 4);
  if (candles) for (const [x, , z] of at) parts.push({ solid: rod([x, n * 0.24, z], [x, n * 0.24 + 0.2, z], 0.033), colour: "red" });
  return { parts, nouns: ["cake"], before: { colour }, after: { tiers: n === 1 ? "one tier" : `${NUMBERS[n]} tiers`, candles: candles ? `${NUMBERS[candles]} ${candles === 1 ? "candle" : "candles"}` : "", icing: `${icing} icing` } };
};

export const book: Maker = (d) => {
  const colour = d.colour(PAINTS);
  const thick = d.one(["thick", "thin"] as const);
  const t = thick === "thick" ? 0.26 : 0.12;
  const parts: Part[] = [
    { solid: box([0.02, 0, 0], [0.66, t - 0.06, 0.94]), colour: "cream" },
    { solid: box([0, t / 2 - 0.02, 0], [0.72, 0.045, 1]), colour },
    { solid: box([0, -t / 2 + 0.02, 0], [0.72, 0.045, 1]), colour },
    { solid: box([-0.34, 0, 0], [0.045, t, 1]), colour },
  ];
  return { parts, nouns: ["book"], before: { size: thick, colour }, after: {} };
};

export const monitor: Maker = (d) => {
  const colour = d.colour(["black", "dark gray", "white", "light gray", "steel"]);
  const screen = d.colour(["blue", "light blue", "dark blue", "green", "teal"], colour);
  const wide = d.one(["wide", "square"] as const);
  const w = wide === "wide" ? 0.9 : 0.6;
  const foot = d.one(["round", "square"] as const);
  const parts: Part[] = [
    { solid: foot === "round" ? rod([0, 0, 0], [0, 0.04, 0], 0.17) : block([0, 0, 0], [0.36, 0.04, 0.24]), colour },
    { solid: block([0, 0, -0.03], [0.07, 0.3, 0.06]), colour },
    { solid: box([0, 0.46, 0], [w, 0.52, 0.07]), colour },
    { solid: box([0, 0.46, 0.03], [w - 0.1, 0.42, 0.04]), colour: screen },
  ];
  return { parts, nouns: ["monitor", "screen"], before: { size: wide, colour }, after: { screen: `a ${screen} screen`, foot: `a ${foot} foot` } };
};
