/** Houses, towers, trees and other things that stand outdoors. */
import { LEAVES, METALS, PAINTS, WOODS } from "./dice.js";
import { type Maker, NUMBERS } from "./furniture.js";
import type { Part } from "./shape.js";
import { around, ball, block, box, ellipsoid, prism, rod, type Solid, turned } from "./solids.js";

const WALLS = ["white", "cream", "beige", "yellow", "red", "light blue", "gray", "pink", "brown"] as const;
const ROOFS = ["red", "dark red", "brown", "dark gray", "blue", "green", "black", "orange"] as const;

export const house: Maker = (d) => {
  const floors = d.one([1, 2]);
  const roofKind = d.one(["pointed", "pointed", "flat", "pyramid"] as const);
  const w = d.between(6, 8);
  const l = d.between(5, 7);
  const h = 2.8 * floors;
  const wall = d.colour(WALLS);
  const roof = d.colour(ROOFS, wall);
  const door = d.colour([...WOODS, "red", "blue", "green"], wall);
  const chimney = d.chance(0.45) && roofKind !== "flat";
  const parts: Part[] = [];
  const add = (solid: Solid, colour: Part["colour"]) => parts.push({ solid, colour });
  add(block([0, 0, 0], [w, h, l]), wall);
  const rise = d.between(1.8, 2.8);
  if (chimney) add(block([w * 0.25, h, -l * 0.15], [0.8, rise + 0.5, 0.8]), "dark red");
  if (roofKind === "pointed") add(prism([[-w / 2 - 0.5, h - 0.05], [w / 2 + 0.5, h - 0.05], [0, h + rise]], -l / 2 - 0.4, l / 2 + 0.4), roof);
  else if (roofKind === "flat") add(block([0, h, 0], [w + 0.5, 0.45, l + 0.5]), roof);
  else
    add(
      {
        distance: (x, y, z) => Math.max(h - y, y - h - rise, Math.max(Math.abs(x) / (w / 2 + 0.5), Math.abs(z) / (l / 2 + 0.5)) - (1 - (y - h) / rise)),
        least: [-w / 2 - 0.5, h, -l / 2 - 0.5],
        most: [w / 2 + 0.5, h + rise, l / 2 + 0.5],
      },
      roof,
    );
  add(box([0, 1.1, l / 2], [1.2, 2.2, 0.35]), door);
  for (let f = 0; f < floors; f++)
    for (const x of [-1, 1]) add(box([x * w * 0.3, 2.8 * f + 1.6, l / 2], [1.2, 1.1, 0.35]), "light blue");
  return {
    parts,
    nouns: ["house"],
    before: { colour: wall },
    after: { roof: `a ${roof} roof`, roofKind: `a ${roofKind} roof`, floors: floors === 1 ? "one floor" : "two floors", chimney: chimney ? "a chimney" : "", door: `a ${door} door` },
  };
};

export const tower: Maker = (d) => {
  const shape = d.one(["round", "square"] as const);
  const top = d.one(["battlements", "a pointed roof"] as const);
  const r = d.between(1.6, 2.1);
  const h = d.between(7, 10);
  const wall = d.colour(["gray", "light gray", "beige", "brown", "white", "red"]);
  const roof = d.colour(ROOFS, wall);
  const parts: Part[] = [];
  const add = (solid: Solid, colour: Part["colour"] = wall) => parts.push({ solid, colour });
  const body = (y: number, height: number, radius: number) => (shape === "round" ? rod([0, y, 0], [0, y + height, 0], radius) : block([0, y, 0], [2 * radius, height, 2 * radius]));
  add(body(0, h, r));
  add(body(h, 0.6, r * 1.2));
  if (top === "battlements") {
    if (shape === "round") for (const [x, , z] of around(8, r * 1.05, Math.PI / 8)) add(block([x, h + 0.6, z], [0.6, 0.9, 0.6]));
    else
      for (const x of [-1, 0, 1])
        for (const z of [-1, 0, 1]) if (x || z) add(block([x * r * 1.02, h + 0.6, z * r * 1.02], [0.65, 0.9, 0.65]));
  } else if (shape === "round") add(rod([0, h + 0.6, 0], [0, h + 4, 0], r * 1.3, 0), roof);
  else
    add(
      { distance: (x, y, z) => Math.max(h + 0.6 - y, y - h - 4, Math.max(Math.abs(x), Math.abs(z)) - r * 1.3 * (1 - (y - h - 0.6) / 3.4)), least: [-r * 1.3, h + 0.6, -r * 1.3], most: [r * 1.3, h + 4, r * 1.3] },
      roof,
    );
  add(block([0, 0, r * 0.9], [1, 2, r * 0.4]), "dark brown");
  for (const y of [0.45, 0.7]) add(box([0, h * y, r * 0.95], [0.5, 0.9, r * 0.3]), "black");
  return { parts, nouns: ["tower", "castle tower"], before: { shape, colour: wall }, after: { top: top === "battlements" ? top : `a ${roof} roof` } };
};

export const tree: Maker = (d) => {
  const kind = d.one(["round", "pine", "poplar", "palm"] as const);
  const leaf = d.colour(kind === "round" ? LEAVES : ["green", "dark green", "light green", "teal"]);
  const trunk = d.colour(["brown", "dark brown", "light brown", "gray"]);
  const parts: Part[] = [];
  const add = (solid: Solid, colour: Part["colour"] = leaf) => parts.push({ solid, colour });
  let tiers = "";
  if (kind === "pine") {
    const n = d.one([2, 3, 4]);
    tiers = `${NUMBERS[n]} tiers`;
    add(rod([0, 0, 0], [0, 1.2, 0], 0.2), trunk);
    for (let i = 0; i < n; i++) {
      const y = 0.8 + (i * 3.2) / n;
      add(rod([0, y, 0], [0, y + 1.7, 0], 1.3 * (1 - i / (n + 0.6)), 0));
    }
  } else if (kind === "poplar") {
    add(rod([0, 0, 0], [0, 1.5, 0], 0.2), trunk);
    add(ellipsoid([0, 3, 0], [0.85, 2.3, 0.85]));
  } else if (kind === "palm") {
    add(rod([0, 0, 0], [0, 3.6, 0], 0.24, 0.15), trunk);
    for (let i = 0; i < 6; i++) {
      const [x, , z] = around(6, 1)[i]!;
      add(rod([0, 3.6, 0], [x * 0.8, 3.9, z * 0.8], 0.16, 0.16));
      add(rod([x * 0.8, 3.9, z * 0.8], [x * 1.7, 3.3, z * 1.7], 0.16, 0.06));
    }
  } else {
    add(rod([0, 0, 0], [0, 2, 0], 0.26, 0.2), trunk);
    const r = d.between(1.1, 1.4);
    add(ball([0, 2.6, 0], r));
    if (d.chance(0.5)) for (const x of [-1, 1]) add(ball([x * 0.8, 2.2, 0.1], r * 0.65));
    if (d.chance(0.35)) {
      for (const [x, y, z] of [[0.6, 3.2, 0.8], [-0.7, 2.6, 0.9], [0.5, 2.1, 1], [-0.2, 3.6, 0.5]] as const) add(ball([(x * r) / 1.3, y, (z * r) / 1.05], 0.2), "red");
      return { parts, nouns: ["tree", "apple tree"], before: { colour: leaf }, after: { fruit: "red apples", trunk: `a ${trunk} trunk` } };
    }
  }
  return {
    parts,
    nouns: kind === "pine" ? ["pine tree", "fir tree"] : kind === "palm" ? ["palm tree"] : ["tree"],
    before: { shape: kind === "round" ? "round" : kind === "poplar" ? "slender" : "", colour: leaf },
    after: { trunk: `a ${trunk} trunk`, tiers },
  };
};

export const bridge: Maker = (d) => {
  const kind = d.one(["arched", "flat"] as const);
  const colour = d.colour(["gray", "light gray", "brown", "red", "beige"]);
  const l = d.between(7, 9);
  const w = d.between(1.8, 2.4);
  const rails = d.chance(0.6);
  const rail = d.chance(0.5) ? colour : d.colour(WOODS, colour);
  const arch = (x: number) => (kind === "arched" ? 1.6 * (1 - (2 * x / l) ** 2) : 0.9);
  const slab = (low: number, high: number, z0: number, z1: number): Solid => ({
    distance: (x, y, z) => Math.max(Math.abs(x) - l / 2, y - arch(x) - high, arch(x) + low - y, z0 - z, z - z1),
    least: [-l / 2, Math.min(low, 0) - 0.2, z0],
    most: [l / 2, 1.6 + high, z1],
  });
  const parts: Part[] = [{ solid: slab(-0.3, 0.15, -w / 2, w / 2), colour }];
  if (kind === "flat") for (const x of [-0.36, 0, 0.36]) parts.push({ solid: block([x * l, -0.6, 0], [0.6, 1.4, w * 0.8]), colour });
  else for (const x of [-1, 1]) parts.push({ solid: block([(x * l) / 2 - x * 0.4, -0.6, 0], [0.8, 0.9, w]), colour });
  if (rails)
    for (const s of [-1, 1]) {
      const z = (s * w) / 2 - s * 0.12;
      parts.push({ solid: slab(0.75, 0.98, z - 0.12, z + 0.12), colour: rail });
      for (const x of [-0.48, -0.24, 0, 0.24, 0.48]) parts.push({ solid: block([x * l, arch(x * l), z], [0.22, 0.9, 0.22]), colour: rail });
    }
  return { parts, nouns: ["bridge"], before: { shape: kind, colour }, after: { rails: rails ? "railings" : "" } };
};

export const fence: Maker = (d) => {
  const n = d.one([4, 5, 6, 7]);
  const colour = d.colour([...WOODS, "green", "gray"]);
  const pointed = d.chance(0.5);
  const parts: Part[] = [];
  const step = 0.3;
  const h = d.between(0.9, 1.2);
  for (let i = 0; i < n; i++) {
    const x = (i - (n - 1) / 2) * step;
    parts.push({ solid: prism(pointed ? [[x - 0.08, 0], [x + 0.08, 0], [x + 0.08, h - 0.12], [x, h + 0.02], [x - 0.08, h - 0.12]] : [[x - 0.08, 0], [x + 0.08, 0], [x + 0.08, h], [x - 0.08, h]], -0.04, 0.04), colour });
  }
  for (const y of [0.28, 0.72]) parts.push({ solid: box([0, h * y, -0.05], [n * step, 0.1, 0.08]), colour });
  return { parts, nouns: ["fence"], before: { colour }, after: { boards: `${NUMBERS[n]} ${pointed ? "pointed " : ""}boards` } };
};

export const stairs: Maker = (d) => {
  const n = d.one([3, 4, 5, 6]);
  const colour = d.colour([...WOODS, "gray", "light gray", "red", "blue"]);
  const open = d.chance(0.4);
  const w = d.between(0.9, 1.4);
  const parts: Part[] = [];
  for (let i = 0; i < n; i++) {
    const z = 0.3 * (n - 1 - 2 * i) * 0.5;
    parts.push({ solid: open ? block([0, 0.2 * i + 0.09, z], [w, 0.11, 0.36]) : block([0, 0, z], [w, 0.2 * (i + 1), 0.31]), colour });
  }
  if (open)
    for (const s of [-1, 1])
      parts.push({ solid: prism([[0.15 * n, -0.02], [0.15 * n - 0.3, -0.02], [-0.15 * n, 0.2 * n - 0.24], [-0.15 * n, 0.2 * n - 0.02]], (s * w) / 2 - 0.05, (s * w) / 2 + 0.05, 0), colour });
  return { parts, nouns: ["stairs", "staircase"], before: { colour }, after: { steps: `${NUMBERS[n]} steps` } };
};

export const windmill: Maker = (d) => {
  const n = d.one([3, 4, 4]);
  const wall = d.colour(["white", "cream", "gray", "brown", "light blue"]);
  const cap = d.colour(ROOFS, wall);
  const blade = d.colour(["white", "brown", "red", "light gray", "black"], wall);
  const parts: Part[] = [
    { solid: turned([0, 0, 0], 5, (y) => 1.4 - y * 0.12), colour: wall },
    { solid: rod([0, 5, 0], [0, 6.1, 0], 1, 0), colour: cap },
    { solid: rod([0, 4.7, 0], [0, 4.7, 1.5], 0.25), colour: "dark gray" },
    { solid: block([0, 0, 1.15], [0.8, 1.5, 0.5]), colour: "dark brown" },
  ];
  for (let i = 0; i < n; i++) {
    const a = (2 * Math.PI * i) / n + (n === 4 ? Math.PI / 4 : 0);
    const [s, c] = [Math.sin(a), Math.cos(a)];
    const at = (t: number, side: number): [number, number] => [s * t + c * side, 4.7 + c * t - s * side];
    parts.push({ solid: prism([at(0.2, -0.1), at(3, -0.34), at(3, 0.34), at(0.2, 0.1)], 1.3, 1.6), colour: blade });
  }
  return { parts, nouns: ["windmill"], before: { colour: wall }, after: { blades: `${NUMBERS[n]} blades`, bladeColour: `${blade} blades`, roof: `a ${cap} roof` } };
};

export const snowman: Maker = (d) => {
  const hat = d.chance(0.6) ? d.colour(["black", "red", "blue", "green", "purple"]) : undefined;
  const scarf = d.chance(0.5) ? d.colour(["red", "blue", "green", "yellow", "purple"], ...(hat ? [hat] : [])) : undefined;
  const n = d.one([2, 3]);
  const parts: Part[] = [];
  const radii = n === 3 ? [0.42, 0.32, 0.24] : [0.45, 0.3];
  let y = 0;
  let top = 0;
  for (const r of radii) {
    parts.push({ solid: ball([0, y + r * 0.92, 0], r), colour: "white" });
    top = y + r * 0.92;
    y += r * 1.65;
  }
  const r = radii.at(-1)!;
  parts.push({ solid: rod([0, top, r * 0.85], [0, top, r * 0.85 + 0.2], 0.05, 0.01), colour: "orange" });
  for (const x of [-1, 1]) parts.push({ solid: ball([x * 0.085, top + 0.085, r * 0.88], 0.032), colour: "black" });
  if (scarf) parts.push({ solid: rod([0, top - r * 0.9, 0], [0, top - r * 0.6, 0], r * 0.88), colour: scarf });
  if (hat)
    parts.push({ solid: rod([0, top + r * 0.72, 0], [0, top + r * 0.9, 0], r * 1.05), colour: hat }, { solid: rod([0, top + r * 0.72, 0], [0, top + r * 1.85, 0], r * 0.66), colour: hat });
  return { parts, nouns: ["snowman"], before: {}, after: { hat: hat ? `a ${hat} hat` : "", scarf: scarf ? `a ${scarf} scarf` : "", balls: `${NUMBERS[n]} balls` } };
};

export const lighthouse: Maker = (d) => {
  const stripe = d.colour(["red", "blue", "black", "green"]);
  const n = d.one([2, 3]);
  const radius = (y: number) => 1.1 - y * 0.06;
  const parts: Part[] = [{ solid: turned([0, 0, 0], 7, radius), colour: "white" }];
  for (let i = 0; i < n; i++) {
    const y = 7 * ((i + 0.5) / n - 0.12);
    parts.push({ solid: turned([0, y, 0], y + 7 * 0.22 * (2 / n), radius), colour: stripe });
  }
  parts.push({ solid: rod([0, 7, 0], [0, 7.3, 0], 1.1), colour: "dark gray" }, { solid: rod([0, 7.3, 0], [0, 8.1, 0], 0.55), colour: "yellow" }, { solid: rod([0, 8.1, 0], [0, 8.9, 0], 0.8, 0), colour: stripe });
  return { parts, nouns: ["lighthouse"], before: { colour: stripe === "red" ? "red and white" : `${stripe} and white` }, after: { stripes: `${NUMBERS[n]} stripes` } };
};

export const crate: Maker = (d) => {
  const colour = d.colour([...WOODS, ...PAINTS]);
  const frame = d.chance(0.3) ? colour : d.colour([...WOODS, ...METALS], colour);
  const h = d.one([1, 1, 0.6]);
  const parts: Part[] = [{ solid: block([0, 0.04, 0], [0.9, h - 0.08, 0.9]), colour }];
  for (const x of [-1, 1])
    for (const z of [-1, 1]) {
      parts.push({ solid: block([x * 0.44, 0, z * 0.44], [0.12, h, 0.12]), colour: frame });
      parts.push({ solid: block([0, x > 0 ? h - 0.12 : 0, z * 0.44], [1, 0.12, 0.12]), colour: frame });
      parts.push({ solid: block([z * 0.44, x > 0 ? h - 0.12 : 0, 0], [0.12, 0.12, 1]), colour: frame });
    }
  return { parts, nouns: ["crate", "box"], before: { size: h < 1 ? "flat" : "", colour }, after: { frame: frame === colour ? "" : `a ${frame} frame` } };
};
