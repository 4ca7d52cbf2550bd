/** Animals, people and robots: simple figures that stand, the head at +z. */
import { PAINTS } from "./dice.js";
import type { Maker } from "./furniture.js";
import type { Part } from "./shape.js";
import { ball, block, box, capsule, ellipsoid, prism, rod, type Solid, torus } from "./solids.js";

type Beast = "dog" | "cat" | "horse" | "giraffe" | "elephant" | "pig" | "rabbit";
const COATS = ["brown", "dark brown", "light brown", "black", "white", "gray", "orange", "beige"] as const;

export const animal: Maker = (d) => {
  const kind: Beast = d.one(["dog", "cat", "horse", "giraffe", "elephant", "pig", "rabbit"]);
  const colour = kind === "elephant" ? d.colour(["gray", "light gray", "dark gray"]) : kind === "pig" ? d.colour(["pink", "beige"]) : kind === "giraffe" ? d.colour(["yellow", "orange", "gold"]) : d.colour(COATS);
  const socks = d.chance(0.3) ? d.colour(["white", "black", "dark brown"], colour) : undefined;
  const [l, r, legs, legR, neck, head] = {
    dog: [0.7, 0.24, 0.42, 0.085, 0.3, 0.22],
    cat: [0.6, 0.2, 0.32, 0.07, 0.2, 0.2],
    horse: [0.95, 0.3, 0.72, 0.09, 0.55, 0.2],
    giraffe: [0.75, 0.28, 0.85, 0.085, 1.35, 0.18],
    elephant: [0.95, 0.48, 0.5, 0.17, 0.25, 0.36],
    pig: [0.75, 0.34, 0.22, 0.1, 0.1, 0.26],
    rabbit: [0.42, 0.25, 0.14, 0.09, 0.18, 0.19],
  }[kind] as [number, number, number, number, number, number];
  const fat = d.between(0.9, 1.12);
  const parts: Part[] = [];
  const add = (solid: Solid, c: Part["colour"] = colour) => parts.push({ solid, colour: c });
  const y = legs + r * 0.6;
  for (const x of [-1, 1])
    for (const z of [-1, 1]) {
      add(rod([x * r * 0.55, 0, z * l * 0.4], [x * r * 0.5, y, z * l * 0.36], legR));
      if (socks) add(rod([x * r * 0.55, 0, z * l * 0.4], [x * r * 0.55, legs * 0.35, z * l * 0.4], legR * 1.08), socks);
    }
  add(ellipsoid([0, y, 0], [r * fat, r * fat, l * 0.62]));
  const [hy, hz] = [y + neck, l * 0.55 + (kind === "giraffe" ? 0.25 : neck * 0.35) + head * 0.3];
  add(capsule([0, y + r * 0.2, l * 0.38], [0, hy, hz], kind === "elephant" ? r * 0.6 : head * (kind === "horse" || kind === "giraffe" ? 0.75 : 0.62), head * 0.6));
  add(ellipsoid([0, hy + head * 0.1, hz], [head * 0.85, head * 0.85, head]));
  if (kind === "horse" || kind === "giraffe" || kind === "dog") add(capsule([0, hy, hz], [0, hy - head * 0.35, hz + head * 1.35], head * 0.6, head * 0.45));
  if (kind === "pig") add(rod([0, hy, hz + head * 0.7], [0, hy, hz + head * 1.25], head * 0.4), "pink");
  if (kind === "elephant") {
    add(capsule([0, hy - 0.05, hz + head * 0.8], [0, hy - 0.5, hz + head * 1.35], 0.13, 0.1));
    add(capsule([0, hy - 0.5, hz + head * 1.35], [0, hy - 0.75, hz + head * 1.6], 0.1, 0.08));
    for (const x of [-1, 1]) {
      add(ellipsoid([x * head * 1.05, hy + 0.02, hz - 0.12], [0.3, 0.36, 0.09]));
      add(capsule([x * 0.2, hy - 0.25, hz + head * 0.8], [x * 0.22, hy - 0.38, hz + head * 1.5], 0.06, 0.04), "white");
    }
  } else
    for (const x of [-1, 1]) {
      const ex = x * head * 0.5;
      if (kind === "rabbit") add(capsule([ex, hy + head * 0.6, hz - 0.05], [ex * 1.3, hy + head * 2.4, hz - 0.12], 0.07, 0.055));
      else if (kind === "dog") add(capsule([x * head * 0.85, hy + head * 0.5, hz - 0.02], [x * head * 1.05, hy - head * 0.4, hz], 0.07, 0.08));
      else add(rod([ex, hy + head * 0.5, hz - 0.05], [ex * 1.25, hy + head * (kind === "cat" ? 1.5 : 1.35), hz - 0.07], 0.085, 0.02));
    }
  const tail = kind === "rabbit" ? ball([0, y + 0.08, -l * 0.62], 0.1) : kind === "cat" ? capsule([0, y + 0.08, -l * 0.55], [0, y + 0.55, -l * 0.85], 0.06, 0.05) : kind === "horse" ? capsule([0, y + 0.15, -l * 0.58], [0, y - 0.35, -l * 0.82], 0.08, 0.06) : kind === "dog" ? capsule([0, y + 0.1, -l * 0.55], [0, y + 0.38, -l * 0.8], 0.06, 0.045) : capsule([0, y + 0.1, -l * 0.58], [0, y - 0.12, -l * 0.76], 0.05, 0.04);
  add(tail, kind === "rabbit" ? "white" : colour);
  for (const x of [-1, 1]) add(ball([x * head * 0.5, hy + head * 0.4, hz + head * 0.72], Math.max(0.045, head * 0.2)), colour === "black" ? "white" : "black");
  return { parts, nouns: [kind], before: { size: fat > 1.06 ? "fat" : "", colour }, after: { socks: socks ? `${socks} feet` : "" } };
};

export const fish: Maker = (d) => {
  const colour = d.colour(["orange", "red", "blue", "yellow", "green", "purple", "gray", "pink", "teal"]);
  const fins = d.chance(0.4) ? colour : d.colour(PAINTS, colour);
  const fat = d.one(["slim", "fat"] as const);
  const h = fat === "fat" ? 0.4 : 0.24;
  const parts: Part[] = [
    { solid: prism([[-0.45, 0.06], [-1, 0.38], [-0.85, 0], [-1, -0.38], [-0.45, -0.06]], -0.045, 0.045, 0), colour: fins },
    { solid: prism([[0.25, h * 0.8], [-0.1, h + 0.26], [-0.4, h * 0.6]], -0.045, 0.045, 0), colour: fins },
    { solid: ellipsoid([0, 0, 0], [fat === "fat" ? 0.24 : 0.17, h, 0.62]), colour },
  ];
  for (const x of [-1, 1]) {
    parts.push({ solid: ellipsoid([x * 0.22, -0.08, 0.08], [0.16, 0.05, 0.12]), colour: fins });
    parts.push({ solid: ball([x * (fat === "fat" ? 0.16 : 0.115), 0.07, 0.4], 0.06), colour: "black" });
  }
  return { parts, nouns: ["fish"], before: { size: fat, colour }, after: { fins: fins === colour ? "" : `${fins} fins` } };
};

export const bird: Maker = (d) => {
  const kind = d.one(["duck", "penguin", "chick"] as const);
  const colour = kind === "penguin" ? "black" : kind === "chick" ? d.colour(["yellow", "orange", "white"]) : d.colour(["yellow", "white", "brown", "green", "blue"]);
  const beak = d.colour(["orange", "yellow", "red"], colour);
  const parts: Part[] = [];
  const add = (solid: Solid, c: Part["colour"] = colour) => parts.push({ solid, colour: c });
  if (kind === "duck") {
    add(ellipsoid([0, 0.28, 0], [0.28, 0.28, 0.45]));
    add(rod([0, 0.42, -0.3], [0, 0.62, -0.58], 0.15, 0.02));
    add(rod([0, 0.35, 0.25], [0, 0.7, 0.3], 0.16, 0.12));
    add(ball([0, 0.8, 0.33], 0.2));
    add(ellipsoid([0, 0.76, 0.56], [0.11, 0.05, 0.16]), beak);
    for (const x of [-1, 1]) add(ellipsoid([x * 0.27, 0.34, -0.05], [0.06, 0.17, 0.28]));
    for (const x of [-1, 1]) add(ball([x * 0.12, 0.87, 0.46], 0.05), "black");
  } else {
    const p = kind === "penguin";
    const h = p ? 0.48 : 0.32;
    add(ellipsoid([0, h, 0], [0.3, h, 0.28]));
    add(ball([0, h * 1.85, 0.02], p ? 0.22 : 0.24));
    if (p) add(ellipsoid([0, h * 0.95, 0.12], [0.22, h * 0.8, 0.19]), "white");
    add(rod([0, h * 1.82, 0.18], [0, h * 1.78, 0.4], 0.07, 0.01), beak);
    for (const x of [-1, 1]) {
      add(capsule([x * 0.28, h * 1.25, 0], [x * (p ? 0.4 : 0.38), h * 0.65, 0], 0.07));
      add(ellipsoid([x * 0.13, 0.01, 0.12], [0.1, 0.05, 0.16]), beak);
      add(ball([x * 0.1, h * 1.98, 0.18], 0.045), p ? "white" : "black");
    }
  }
  return { parts, nouns: kind === "chick" ? ["bird", "chick"] : [kind], before: { colour: kind === "penguin" ? "" : colour }, after: { beak: `a ${beak} beak` } };
};

export const person: Maker = (d) => {
  const shirt = d.colour(PAINTS);
  const trousers = d.colour(["blue", "dark blue", "black", "gray", "brown", "green", "beige"], shirt);
  const hair = d.colour(["black", "dark brown", "brown", "yellow", "orange", "gray"]);
  const hat = d.chance(0.35) ? d.colour(PAINTS, shirt) : undefined;
  const arms = d.one(["down", "out", "up"] as const);
  const skin = d.colour(["skin", "beige", "brown", "light brown"]);
  const wide = d.between(0.9, 1.15);
  const parts: Part[] = [];
  const add = (solid: Solid, colour: Part["colour"]) => parts.push({ solid, colour });
  for (const x of [-1, 1]) {
    add(rod([x * 0.12, 0.05, 0], [x * 0.1, 0.82, 0], 0.085, 0.1), trousers);
    add(box([x * 0.125, 0.04, 0.05], [0.15, 0.08, 0.28], 0.02), "dark brown");
    const hand = { down: [0.32, 0.72], out: [0.75, 1.28], up: [0.5, 1.85] }[arms] as [number, number];
    add(capsule([x * 0.2, 1.28, 0], [x * hand[0], hand[1], 0], 0.075), shirt);
    add(ball([x * hand[0], hand[1], 0], 0.085), skin);
  }
  add(ellipsoid([0, 1.08, 0], [0.24 * wide, 0.36, 0.16 * wide]), shirt);
  add(rod([0, 1.35, 0], [0, 1.5, 0], 0.07), skin);
  add(ball([0, 1.62, 0], 0.17), skin);
  if (hat) {
    add(rod([0, 1.7, 0], [0, 1.74, 0], 0.27), hat);
    add(rod([0, 1.7, 0], [0, 1.92, 0], 0.165), hat);
  } else add({ distance: (x, y, z) => Math.max(Math.hypot(x, y - 1.64, z + 0.015) - 0.185, 1.62 - y + z * 1.2), least: [-0.2, 1.42, -0.2], most: [0.2, 1.84, 0.2] }, hair);
  return { parts, nouns: ["person", "figure"], before: {}, after: { shirt: `a ${shirt} shirt`, trousers: `${trousers} trousers`, arms: arms === "down" ? "" : `arms ${arms}`, hat: hat ? `a ${hat} hat` : "" } };
};

export const robot: Maker = (d) => {
  const colour = d.colour([...PAINTS, "steel"]);
  const limb = d.chance(0.3) ? colour : d.colour(["dark gray", "steel", "black", "white", "yellow"], colour);
  const eye = d.colour(["light blue", "red", "yellow", "green"], colour);
  const base = d.one(["legs", "wheels"] as const);
  const antenna = d.one(["one antenna", "two antennas", ""] as const);
  const parts: Part[] = [];
  const add = (solid: Solid, c: Part["colour"] = colour) => parts.push({ solid, colour: c });
  if (base === "legs")
    for (const x of [-1, 1]) {
      add(block([x * 0.16, 0, 0], [0.15, 0.55, 0.15]), limb);
      add(block([x * 0.16, 0, 0.05], [0.2, 0.1, 0.32]), limb);
    }
  else {
    add(block([0, 0.25, 0], [0.3, 0.3, 0.3]), limb);
    for (const x of [-1, 1]) add(rod([x * 0.18, 0.2, 0], [x * 0.34, 0.2, 0], 0.2), limb);
  }
  add(block([0, 0.5, 0], [0.62, 0.6, 0.4]));
  add(block([0, 1.08, 0], [0.14, 0.12, 0.14]), limb);
  add(block([0, 1.16, 0], [0.48, 0.38, 0.4]));
  for (const x of [-1, 1]) {
    add(box([x * 0.12, 1.38, 0.2], [0.12, 0.12, 0.08]), eye);
    add(block([x * 0.4, 0.55, 0], [0.14, 0.5, 0.16]), limb);
    add(ball([x * 0.4, 0.53, 0], 0.11));
  }
  add(box([0, 0.85, 0.2], [0.3, 0.2, 0.07]), eye);
  const places = antenna === "one antenna" ? [0] : antenna ? [-0.15, 0.15] : [];
  for (const x of places) {
    add(rod([x, 1.5, 0], [x, 1.74, 0], 0.035), limb);
    add(ball([x, 1.76, 0], 0.07), "red");
  }
  return { parts, nouns: ["robot"], before: { colour }, after: { base, eyes: `${eye} eyes`, antenna } };
};

export const teddy: Maker = (d) => {
  const colour = d.colour(["brown", "light brown", "beige", "white", "pink", "gray", "dark brown"]);
  const belly = d.chance(0.6) ? d.colour(["cream", "white", "beige"], colour) : undefined;
  const bow = d.chance(0.4) ? d.colour(["red", "blue", "green", "yellow", "purple"], colour) : undefined;
  const parts: Part[] = [];
  const add = (solid: Solid, c: Part["colour"] = colour) => parts.push({ solid, colour: c });
  add(ellipsoid([0, 0.38, 0], [0.3, 0.36, 0.27]));
  if (belly) add(ellipsoid([0, 0.38, 0.1], [0.21, 0.26, 0.2]), belly);
  add(ellipsoid([0, 0.92, 0], [0.28, 0.25, 0.25]));
  for (const x of [-1, 1]) {
    add(ball([x * 0.22, 1.12, 0], 0.1));
    add(capsule([x * 0.25, 0.6, 0.03], [x * 0.45, 0.42, 0.12], 0.1));
    add(capsule([x * 0.18, 0.14, 0.08], [x * 0.25, 0.1, 0.38], 0.13, 0.12));
    add(ball([x * 0.1, 0.98, 0.22], 0.035), "black");
  }
  add(ellipsoid([0, 0.87, 0.22], [0.12, 0.1, 0.1]), belly ?? colour);
  add(ball([0, 0.91, 0.32], 0.04), "black");
  if (bow) add(torus([0, 0.69, 0], 0.19, 0.05), bow);
  return { parts, nouns: ["teddy bear", "bear"], before: { colour }, after: { belly: belly ? `a ${belly} belly` : "", bow: bow ? `a ${bow} collar` : "" } };
};
