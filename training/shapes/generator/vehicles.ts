/** What drives, sails and flies. The front is +z for all but cars and boats seen from the side, which drive along x. */
import { PAINTS, WOODS } from "./dice.js";
import { type Maker, NUMBERS } from "./furniture.js";
import type { Part } from "./shape.js";
import { around, block, box, capsule, common, ellipsoid, prism, rod, type Solid, turned } from "./solids.js";

const wheel = (x: number, z: number, r: number, wide: number): Solid => rod([x - wide / 2, r, z], [x + wide / 2, r, z], r);

export const car: Maker = (d) => {
  const kind = d.one(["sedan", "van", "pickup", "sports"] as const);
  const colour = d.colour(PAINTS);
  const tyre = d.chance(0.6) ? "black" : d.colour(["gray", "white", "yellow", "red", "dark gray", "brown"], colour);
  const roof = d.chance(0.25) ? d.colour(PAINTS, colour) : colour;
  const l = d.between(3.8, 4.3);
  const w = d.between(1.7, 1.9);
  const r = kind === "sports" ? 0.32 : d.between(0.34, 0.42);
  const parts: Part[] = [];
  const add = (solid: Solid, c: Part["colour"] = colour) => parts.push({ solid, colour: c });
  const floor = 0.28;
  const deck = kind === "sports" ? 0.72 : 0.92;
  const top = kind === "van" ? 1.85 : kind === "sports" ? 1.15 : 1.5;
  add(block([0, floor, 0], [w, deck - floor, l], 0.06));
  const cabin = { sedan: [-1.5, -1, 0.45, 1.1], van: [-2, -1.9, 0.9, 1.5], pickup: [-0.35, -0.2, 0.75, 1.25], sports: [-1.3, -0.6, 0.1, 0.9] }[kind]!;
  const z = cabin.map((v) => (v / 4.1) * l) as [number, number, number, number];
  const glass = common(prism([[z[0], deck - 0.02], [z[1], top - 0.12], [z[2], top - 0.12], [z[3], deck - 0.02]], -w / 2 + 0.1, w / 2 - 0.1, 0), box([0, 1, 0], [w - 0.16, 4, l]));
  add(glass, "light blue");
  add(prism([[z[1] - 0.05, top - 0.16], [z[1], top], [z[2], top], [z[2] + 0.05, top - 0.16]], -w / 2 + 0.1, w / 2 - 0.1, 0), roof);
  if (kind === "pickup") parts.push({ solid: block([0, deck - 0.02, -l * 0.3], [w - 0.3, 0.06, l * 0.32]), colour: "dark gray" });
  for (const x of [-1, 1]) for (const s of [-1, 1]) add(wheel(x * (w / 2 - 0.08), s * l * 0.31, r, 0.26), tyre);
  for (const x of [-1, 1]) {
    add(box([x * w * 0.34, floor + (deck - floor) * 0.62, l / 2], [0.3, 0.2, 0.12]), "yellow");
    add(box([x * w * 0.34, floor + (deck - floor) * 0.62, -l / 2], [0.3, 0.2, 0.12]), "red");
  }
  return {
    parts,
    nouns: kind === "van" ? ["car", "van"] : kind === "pickup" ? ["car", "pickup truck"] : kind === "sports" ? ["car", "sports car"] : ["car"],
    before: { colour },
    after: { wheels: `${tyre} wheels`, roof: roof === colour ? "" : `a ${roof} roof` },
  };
};

export const truck: Maker = (d) => {
  const cab = d.colour(PAINTS);
  const load = d.chance(0.3) ? cab : d.colour([...PAINTS, "steel"], cab);
  const cargo = d.one(["box", "tank", "flatbed"] as const);
  const axles = d.one([2, 3]);
  const w = 2;
  const l = axles === 3 ? 6.2 : 5.2;
  const parts: Part[] = [];
  const add = (solid: Solid, colour: Part["colour"]) => parts.push({ solid, colour });
  add(block([0, 0.5, 0], [w * 0.8, 0.3, l]), "dark gray");
  add(block([0, 0.55, l / 2 - 0.8], [w, 1.8, 1.6], 0.08), cab);
  add(box([0, 1.85, l / 2], [w * 0.8, 0.6, 0.14]), "light blue");
  const [from, to] = [-l / 2, l / 2 - 1.8];
  const middle = (from + to) / 2;
  if (cargo === "box") add(block([0, 0.8, middle], [w, 2.1, to - from]), load);
  else if (cargo === "tank") add(capsule([0, 1.7, from + 0.9], [0, 1.7, to - 0.9], 0.9), load);
  else {
    add(block([0, 0.8, middle], [w, 0.18, to - from]), load);
    for (const x of [-1, 1]) add(block([x * (w / 2 - 0.08), 0.8, middle], [0.16, 0.6, to - from]), load);
  }
  const places = axles === 3 ? [l / 2 - 0.8, from + 0.6, from + 1.7] : [l / 2 - 0.8, from + 0.9];
  for (const z of places) for (const x of [-1, 1]) add(wheel(x * (w / 2 - 0.15), z, 0.46, 0.34), "black");
  return { parts, nouns: ["truck", "lorry"], before: { colour: cab }, after: { cargo: cargo === "box" ? `a ${load} box` : cargo === "tank" ? `a ${load} tank` : "a flatbed", wheels: `${NUMBERS[axles * 2]} wheels` } };
};

export const bus: Maker = (d) => {
  const colour = d.colour(["red", "yellow", "blue", "green", "white", "orange"]);
  const decks = d.one([1, 1, 2]);
  const l = d.between(6.5, 8);
  const h = decks === 1 ? 2.6 : 4;
  const parts: Part[] = [{ solid: block([0, 0.4, 0], [2.3, h, l], 0.12), colour }];
  for (let k = 0; k < decks; k++) parts.push({ solid: box([0, 2.1 + 1.6 * k, 0], [2.42, 0.75, l * 0.86]), colour: "light blue" });
  parts.push({ solid: box([0, 2, l / 2], [1.9, 1, 0.2]), colour: "light blue" });
  for (const x of [-1, 1]) for (const z of [-0.32, 0.32]) parts.push({ solid: wheel(x * 1.05, z * l, 0.48, 0.36), colour: "black" });
  return { parts, nouns: decks === 2 ? ["bus", "double decker bus"] : ["bus"], before: { colour }, after: { decks: decks === 2 ? "two decks" : "" } };
};

export const train: Maker = (d) => {
  const colour = d.colour(["black", "red", "green", "blue", "dark green", "dark red"]);
  const accent = d.colour(["red", "gold", "yellow", "black", "white"], colour);
  const n = d.one([2, 3]);
  const l = 5;
  const parts: Part[] = [
    { solid: block([0, 0.55, 0], [1.7, 0.3, l]), colour: accent },
    { solid: rod([0, 1.65, -0.6], [0, 1.65, l / 2], 0.8), colour },
    { solid: block([0, 0.8, -l / 2 + 0.9], [1.8, 2.1, 1.8]), colour },
    { solid: block([0, 2.9, -l / 2 + 0.9], [2.1, 0.25, 2.2]), colour: accent },
    { solid: rod([0, 2.3, l / 2 - 0.6], [0, 3.2, l / 2 - 0.6], 0.22, 0.36), colour: accent },
    { solid: ellipsoid([0, 2.45, 0.6], [0.35, 0.4, 0.35]), colour: "gold" },
    { solid: box([0, 2.3, -l / 2 + 0.9], [1.95, 0.55, 0.9]), colour: "light blue" },
  ];
  for (let i = 0; i < n; i++) for (const x of [-1, 1]) parts.push({ solid: wheel(x * 0.8, -l / 2 + 0.9 + (i * (l - 1.6)) / (n - 1), 0.5, 0.24), colour: "dark gray" });
  return { parts, nouns: ["train", "locomotive", "steam engine"], before: { colour }, after: { wheels: `${NUMBERS[2 * n]} wheels`, accent: `a ${accent} chimney` } };
};

export const boat: Maker = (d) => {
  const kind = d.one(["sailboat", "rowing boat", "ship"] as const);
  const hull = d.colour([...WOODS, "white", "red", "blue", "green"]);
  const sail = d.colour(["white", "cream", "red", "yellow", "light blue", "orange"], hull);
  const l = kind === "ship" ? 6 : 4;
  const w = kind === "ship" ? 1.6 : 1.3;
  const h = kind === "ship" ? 1.2 : 0.7;
  const half = (y: number, z: number) => (w / 2) * Math.sqrt(Math.max(0, 1 - Math.max(0, z / (l / 2)) ** 2)) * (0.55 + (0.45 * y) / h);
  const body: Solid = { distance: (x, y, z) => Math.max(-y, y - h, Math.abs(z) - l / 2, Math.abs(x) - half(y, z)), least: [-w / 2, 0, -l / 2], most: [w / 2, h, l / 2] };
  const parts: Part[] = [];
  const wall = 0.13;
  const open = kind === "rowing boat";
  parts.push({ solid: open ? { ...body, distance: (x, y, z) => Math.max(body.distance(x, y, z), -Math.max(wall - y, Math.abs(z) - l / 2 + wall, Math.abs(x) - half(y, z) + wall)) } : body, colour: hull });
  const after: Record<string, string> = {};
  if (kind === "sailboat") {
    const m = d.between(4, 4.8);
    const two = d.chance(0.5);
    parts.push({ solid: rod([0, 0, 0.3], [0, m, 0.3], 0.09), colour: "brown" });
    parts.push({ solid: prism([[0.2, h + 0.3], [-1.8, h + 0.3], [0.2, m]], -0.08, 0.08, 0), colour: sail });
    if (two) parts.push({ solid: prism([[0.45, h + 0.3], [1.8, h + 0.3], [0.45, m * 0.9]], -0.08, 0.08, 0), colour: sail });
    after.sail = two ? `two ${sail} sails` : `a ${sail} sail`;
  } else if (kind === "ship") {
    const n = d.one([1, 2, 3]);
    parts.push({ solid: block([0, h, -0.6], [1, 0.7, 2.6]), colour: "white" });
    parts.push({ solid: block([0, h + 0.7, -0.3], [0.9, 0.5, 1.2]), colour: "white" });
    for (let i = 0; i < n; i++) parts.push({ solid: rod([0, h + 0.6, -0.4 - i * 0.6], [0, h + 1.9, -0.45 - i * 0.6], 0.22), colour: sail });
    after.funnels = `${NUMBERS[n]} ${n === 1 ? "funnel" : "funnels"}`;
  } else {
    const n = d.one([1, 2]);
    for (let i = 0; i < n; i++) parts.push({ solid: block([0, h * 0.55, (i - 0.5) * 0.9 * (n - 1)], [w * 0.9, 0.12, 0.36]), colour: sail });
    after.seats = `${NUMBERS[n]} ${n === 1 ? "seat" : "seats"}`;
  }
  return { parts, nouns: kind === "ship" ? ["ship", "steamship"] : [kind === "rowing boat" ? "boat" : "sailboat", kind], before: { colour: hull }, after };
};

export const rocket: Maker = (d) => {
  const n = d.one([3, 4]);
  const colour = d.colour(["white", "light gray", "red", "orange", "steel", "blue", "yellow"]);
  const fin = d.colour(["red", "blue", "black", "orange", "green", "dark gray"], colour);
  const h = d.between(5, 6.5);
  const r = d.between(0.65, 0.9);
  const window = d.chance(0.6);
  const parts: Part[] = [];
  for (const [x, , z] of around(n, 1)) {
    const s: Solid = { distance: (px, y, pz) => { const t = px * x + pz * z; const o = Math.abs(px * z - pz * x); return Math.max(-y, o - 0.12, -t, t - (r + 0.8) * (y < 0.4 ? 1 : Math.max(0, 1 - (y - 0.4) / 2.4))); }, least: [-r - 0.8, 0, -r - 0.8], most: [r + 0.8, 2.8, r + 0.8] };
    parts.push({ solid: s, colour: fin });
  }
  parts.push({ solid: turned([0, 0.3, 0], h * 0.7, () => r), colour });
  parts.push({ solid: turned([0, h * 0.7, 0], h, (y) => r * Math.sqrt(Math.max(0, 1 - ((y - h * 0.7) / (h * 0.3)) ** 1.6))), colour: fin });
  parts.push({ solid: rod([0, 0, 0], [0, 0.4, 0], r * 0.65, r * 0.5), colour: "dark gray" });
  if (window) parts.push({ solid: rod([0, h * 0.55, 0], [0, h * 0.55, r + 0.1], 0.32), colour: "light blue" });
  return { parts, nouns: ["rocket", "space rocket"], before: { size: h / r > 7.4 ? "slim" : "", colour }, after: { fins: `${NUMBERS[n]} fins`, finColour: `${fin} fins`, window: window ? "a window" : "" } };
};

export const aeroplane: Maker = (d) => {
  const kind = d.one(["jet", "propeller", "biplane"] as const);
  const colour = d.colour(["white", "light gray", "red", "yellow", "blue", "green", "orange", "steel"]);
  const wing = d.chance(0.4) ? colour : d.colour(PAINTS, colour);
  const l = 6;
  const r = kind === "jet" ? 0.5 : 0.55;
  const parts: Part[] = [];
  const add = (solid: Solid, c: Part["colour"] = colour) => parts.push({ solid, colour: c });
  add({ distance: (x, y, z) => Math.hypot(x, y) - r * Math.sqrt(Math.max(0, 1 - Math.abs((z - 0.3) / (z > 0.3 ? l / 2 - 0.3 : l / 2 + 0.3)) ** (z > 0.3 ? 3 : 2.2))) - (z < 0.3 ? 0.1 : 0), least: [-r - 0.1, -r - 0.1, -l / 2], most: [r + 0.1, r + 0.1, l / 2] });
  const plan = (points: readonly (readonly [number, number])[], y: number, thick: number) => {
    for (const s of [-1, 1]) add(prism(points.map(([x, z]) => [s * x, z] as const), y - thick / 2, y + thick / 2, 1), wing);
  };
  if (kind === "jet") {
    plan([[0, 0.9], [3, -0.7], [3, -1.2], [0, -0.5]], -0.15, 0.2);
    for (const s of [-1, 1]) add(capsule([s * 1.3, -0.4, -0.4], [s * 1.3, -0.4, 0.5], 0.23), "dark gray");
  } else {
    plan([[0, 1.2], [2.8, 1.05], [2.8, 0.25], [0, 0.1]], kind === "biplane" ? -0.35 : 0.1, 0.2);
    if (kind === "biplane") {
      plan([[0, 1.2], [2.8, 1.05], [2.8, 0.25], [0, 0.1]], 0.9, 0.2);
      for (const s of [-1, 1]) add(block([s * 1.8, -0.35, 0.65], [0.16, 1.25, 0.16]), wing);
      for (const s of [-1, 1]) add(block([s * 0.35, 0.2, 0.65], [0.16, 0.7, 0.16]), wing);
    }
    add(box([0, 0, l / 2 + 0.05], [0.24, 2, 0.14]), "dark gray");
  }
  plan([[0, -l / 2 + 0.85], [1.15, -l / 2 + 0.4], [1.15, -l / 2], [0, -l / 2]], 0.1, 0.18);
  add(prism([[-l / 2, 0], [-l / 2, 1.35], [-l / 2 + 0.5, 1.35], [-l / 2 + 1.1, 0.1]], -0.1, 0.1, 0), wing);
  const wheels = d.chance(0.4);
  if (wheels) for (const s of [-1, 1]) add(capsule([s * 0.5, -0.9, 0.7], [s * 0.4, -0.3, 0.7], 0.16, 0.1), "black");
  return {
    parts,
    nouns: kind === "biplane" ? ["aeroplane", "biplane"] : kind === "jet" ? ["aeroplane", "jet"] : ["aeroplane", "propeller plane"],
    before: { colour },
    after: { wings: wing === colour ? "" : `${wing} wings`, wheels: wheels ? "wheels" : "", engine: kind === "jet" ? "two engines" : kind === "propeller" ? "a propeller" : "" },
  };
};

export const balloon: Maker = (d) => {
  const colour = d.colour(PAINTS);
  const stripe = d.chance(0.5) ? d.colour(PAINTS, colour) : undefined;
  const body = turned([0, 1.6, 0], 5.6, (y) => { const t = (y - 1.6) / 4; return t < 0.5 ? 0.55 + 1.3 * Math.sin((Math.PI * t)) : 1.85 * Math.sqrt(Math.max(0, 1 - ((t - 0.5) / 0.5) ** 2)); });
  const parts: Part[] = [{ solid: body, colour }];
  if (stripe) parts.push({ solid: { ...body, distance: (x, y, z) => Math.max(body.distance(x, y, z), Math.abs(y - 3.6) - 0.45) }, colour: stripe });
  parts.push({ solid: block([0, 0, 0], [0.9, 0.7, 0.9]), colour: "brown" });
  for (const x of [-1, 1]) for (const z of [-1, 1]) parts.push({ solid: rod([x * 0.38, 0.6, z * 0.38], [x * 0.42, 1.9, z * 0.42], 0.09), colour: "dark brown" });
  return { parts, nouns: ["hot air balloon", "balloon"], before: { colour }, after: { stripe: stripe ? `a ${stripe} stripe` : "" } };
};

