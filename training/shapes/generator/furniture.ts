/** Furniture. Sizes are in metres, y is up, the front is +z. */
import { type Dice, METALS, PAINTS, WOODS } from "./dice.js";
import type { Part, Shape } from "./shape.js";
import { around, beam, block, box, ball, ellipsoid, type Point, rod, type Solid, torus, turned } from "./solids.js";

export type Maker = (d: Dice) => Omit<Shape, "category">;

export const NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight"] as const;

/** Legs at points of the ground up to `height`: round or square. */
const leg = (kind: "round" | "square", [x, , z]: Point, height: number, thick: number, splay = 1): Solid =>
  kind === "round"
    ? rod([x * splay, 0, z * splay], [x, height, z], thick * 0.45, thick * 0.5)
    : beam([x * splay, 0, z * splay], [x, height, z], thick);

const cornersOf = (w: number, l: number): Point[] => [
  [-w, 0, l],
  [w, 0, l],
  [-w, 0, -l],
  [w, 0, -l],
];

export const table: Maker = (d) => {
  const round = d.one(["round", "square", "rectangular"] as const);
  const size = d.one(["low", "", "high"] as const);
  const height = { low: d.between(0.38, 0.48), "": d.between(0.68, 0.78), high: d.between(1, 1.15) }[size];
  const w = size === "high" ? d.between(0.6, 0.8) : d.between(0.85, 1.1);
  const l = round === "rectangular" ? w * d.between(0.5, 0.65) : w;
  const top = d.between(0.05, 0.08);
  const support = d.one(["three legs", "four legs", "four legs", "one leg", "solid sides"] as const);
  const legs = support === "solid sides" && round !== "rectangular" ? "four legs" : support;
  const kind = d.one(["round", "square"] as const);
  const thick = d.between(0.055, 0.09);
  const topColour = d.colour([...WOODS, ...PAINTS]);
  const legColour = d.chance(0.5) ? topColour : d.colour([...WOODS, ...METALS], topColour);
  const parts: Part[] = [];
  const add = (solid: Solid, colour = legColour) => parts.push({ solid, colour });
  if (legs === "one leg") {
    add(rod([0, 0, 0], [0, height, 0], thick * 0.8));
    add(rod([0, 0, 0], [0, 0.05, 0], w * 0.3));
  } else if (legs === "solid sides") {
    for (const x of [-1, 1]) add(block([x * (w / 2 - thick), 0, 0], [thick, height, l * 0.9]));
  } else if (legs === "three legs") for (const p of around(3, w * 0.38)) add(leg(kind, p, height, thick));
  else {
    const inset = round === "round" ? 0.33 : 0.5;
    const edge = round === "round" ? 0 : thick * 0.7;
    for (const p of cornersOf(w * inset - edge, l * inset - edge)) add(leg(kind, p, height, thick));
  }
  add(round === "round" ? rod([0, height - top, 0], [0, height, 0], w / 2) : block([0, height - top, 0], [w, top, l]), topColour);
  return {
    parts,
    nouns: size === "low" ? ["table", "coffee table"] : size === "high" ? ["table", "bar table"] : ["table"],
    before: { shape: round, size, colour: topColour },
    after: { legs, legColour: legColour === topColour ? "" : `${legColour} legs` },
  };
};

/** A seat on legs with or without a back: chairs and stools. */
const backs = ["solid", "slatted", "barred"] as const;
export const chair: Maker = (d) => {
  const w = d.between(0.42, 0.5);
  const seat = d.between(0.42, 0.48);
  const height = seat + d.between(0.4, 0.6);
  const thick = d.between(0.045, 0.07);
  const colour = d.colour([...WOODS, ...PAINTS]);
  const seatColour = d.chance(0.5) ? colour : d.colour(PAINTS, colour);
  const arms = d.chance(0.35);
  const base = d.one(["four legs", "four legs", "one leg", "five wheels"] as const);
  const back = d.one(backs);
  const parts: Part[] = [];
  const add = (solid: Solid, c = colour) => parts.push({ solid, colour: c });
  if (base === "four legs") for (const p of cornersOf(w / 2 - thick / 2, w / 2 - thick / 2)) add(leg(d.one(["square"] as const), p, seat, thick));
  else {
    add(rod([0, 0.05, 0], [0, seat, 0], thick * 0.6));
    if (base === "one leg") add(rod([0, 0, 0], [0, 0.05, 0], w * 0.45));
    else
      for (const p of around(5, w * 0.5)) {
        add(beam([p[0], 0.06, p[2]], [0, 0.13, 0], 0.05));
        add(ball([p[0], 0.035, p[2]], 0.04), "black");
      }
  }
  add(block([0, seat - 0.01, 0], [w, 0.06, w], 0.01), seatColour);
  const z = -w / 2 + thick / 2;
  if (back === "solid") add(box([0, (seat + height) / 2 + 0.03, z], [w, height - seat, thick], 0.01), seatColour);
  else {
    for (const x of [-1, 1]) add(block([x * (w / 2 - thick / 2), seat, z], [thick, height - seat, thick]));
    if (back === "slatted") for (const t of [0.4, 0.7, 1]) add(box([0, seat + (height - seat) * t - 0.03, z], [w, 0.06, thick * 0.8]));
    else {
      add(box([0, height - 0.03, z], [w, 0.06, thick]));
      for (const x of [-0.25, 0, 0.25]) add(block([x * w * 0.8, seat, z], [0.035, height - seat, 0.035]));
    }
  }
  if (arms)
    for (const x of [-1, 1]) {
      add(box([x * (w / 2), seat + 0.22, 0], [thick, 0.045, w]));
      add(block([x * (w / 2), seat, w / 2 - thick], [thick, 0.22, thick]));
    }
  return {
    parts,
    nouns: base === "five wheels" ? ["chair", "office chair"] : arms ? ["chair", "armchair"] : ["chair"],
    before: { colour },
    after: {
      legs: base,
      back: `a ${back} back`,
      arms: arms ? "armrests" : "",
      seat: seatColour === colour ? "" : `a ${seatColour} seat`,
    },
  };
};

export const stool: Maker = (d) => {
  const shape = d.one(["round", "square"] as const);
  const size = d.one(["low", "tall"] as const);
  const w = d.between(0.32, 0.4);
  const height = size === "low" ? d.between(0.32, 0.42) : d.between(0.65, 0.78);
  const legs = d.one(["three legs", "four legs", "one leg"] as const);
  const colour = d.colour([...WOODS, ...PAINTS]);
  const seatColour = d.chance(0.5) ? colour : d.colour(PAINTS, colour);
  const thick = d.between(0.045, 0.06);
  const parts: Part[] = [];
  const add = (solid: Solid, c = colour) => parts.push({ solid, colour: c });
  if (legs === "one leg") {
    add(rod([0, 0, 0], [0, height, 0], thick * 0.7));
    add(rod([0, 0, 0], [0, 0.04, 0], w * 0.4));
  } else {
    const places = legs === "three legs" ? around(3, w * 0.36) : cornersOf(w * 0.3, w * 0.3);
    for (const p of places) add(leg("round", p, height, thick, 1.25));
    if (size === "tall") add(torus([0, height * 0.35, 0], w * 0.42, 0.02));
  }
  add(shape === "round" ? rod([0, height - 0.05, 0], [0, height, 0], w / 2) : block([0, height - 0.05, 0], [w, 0.05, w]), seatColour);
  return {
    parts,
    nouns: size === "tall" ? ["stool", "bar stool"] : ["stool"],
    before: { shape, size, colour: seatColour },
    after: { legs, legColour: colour === seatColour ? "" : `${colour} legs` },
  };
};

export const bench: Maker = (d) => {
  const w = d.between(1.1, 1.6);
  const depth = d.between(0.35, 0.45);
  const seat = d.between(0.4, 0.46);
  const back = d.chance(0.5);
  const colour = d.colour([...WOODS, "green", "red", "blue"]);
  const legColour = d.chance(0.5) ? colour : d.colour(METALS, colour);
  const parts: Part[] = [];
  for (const x of [-1, 1])
    for (const z of [-1, 1]) parts.push({ solid: block([x * w * 0.42, 0, z * depth * 0.38], [0.08, seat, 0.08]), colour: legColour });
  parts.push({ solid: block([0, seat, 0], [w, 0.06, depth]), colour });
  if (back) {
    for (const x of [-1, 1]) parts.push({ solid: block([x * w * 0.42, seat, -depth / 2 + 0.03], [0.07, 0.45, 0.06]), colour: legColour });
    for (const y of [0.2, 0.38]) parts.push({ solid: block([0, seat + y, -depth / 2 + 0.04], [w, 0.1, 0.05]), colour });
  }
  return { parts, nouns: ["bench"], before: { colour }, after: { back: back ? "a back" : "", legColour: legColour === colour ? "" : `${legColour} legs` } };
};

export const sofa: Maker = (d) => {
  const seats = d.one(["two", "three"] as const);
  const w = seats === "two" ? d.between(1.3, 1.6) : d.between(1.9, 2.2);
  const depth = d.between(0.8, 0.95);
  const colour = d.colour(PAINTS);
  const cushion = d.chance(0.5) ? colour : d.colour([...PAINTS, "cream", "beige"], colour);
  const arm = d.between(0.14, 0.22);
  const round = d.chance(0.5);
  const parts: Part[] = [];
  const add = (solid: Solid, c = colour) => parts.push({ solid, colour: c });
  for (const x of [-1, 1]) for (const z of [-1, 1]) add(block([x * w * 0.44, 0, z * depth * 0.4], [0.08, 0.12, 0.08]), "dark brown");
  add(block([0, 0.1, 0], [w, 0.22, depth], 0.02));
  add(block([0, 0.1, -depth / 2 + 0.12], [w, d.between(0.65, 0.75), 0.24], 0.04));
  const armHeight = d.between(0.45, 0.55);
  for (const x of [-1, 1]) {
    const at = x * (w / 2 - arm / 2);
    add(block([at, 0.1, 0], [arm, armHeight - 0.1 - (round ? arm / 2 : 0), depth], 0.02));
    if (round) add(rod([at, armHeight - arm / 2, -depth / 2], [at, armHeight - arm / 2, depth / 2], arm / 2));
  }
  const n = seats === "two" ? 2 : 3;
  const inner = w - 2 * arm;
  for (let i = 0; i < n; i++) add(block([-inner / 2 + (inner / n) * (i + 0.5), 0.31, 0.1], [inner / n - 0.03, 0.15, depth - 0.28], 0.04), cushion);
  return {
    parts,
    nouns: ["sofa", "couch"],
    before: { colour },
    after: { arms: round ? "round arms" : "square arms", seats: `${seats} seats`, cushion: cushion === colour ? "" : `${cushion} cushions` },
  };
};

export const bed: Maker = (d) => {
  const wide = d.one(["single", "double"] as const);
  const w = wide === "single" ? d.between(0.9, 1.05) : d.between(1.5, 1.8);
  const l = d.between(2, 2.15);
  const frame = d.colour(WOODS);
  const blanket = d.colour([...PAINTS, "dark blue", "lavender"], frame);
  const foot = d.chance(0.4);
  const head = d.between(0.7, 1);
  const parts: Part[] = [];
  const add = (solid: Solid, colour = frame) => parts.push({ solid, colour });
  for (const p of cornersOf(w / 2 - 0.05, l / 2 - 0.05)) add(block(p, [0.1, 0.3, 0.1]));
  add(block([0, 0.2, 0], [w, 0.14, l]));
  add(block([0, 0, -l / 2 + 0.04], [w, head, 0.08]));
  if (foot) add(block([0, 0, l / 2 - 0.04], [w, 0.6, 0.08]));
  add(block([0, 0.34, 0.04], [w * 0.96, 0.18, l * 0.92], 0.03), "white");
  add(block([0, 0.38, l * 0.14], [w, 0.18, l * 0.66], 0.03), blanket);
  const pillows = wide === "single" ? [0] : [-w * 0.23, w * 0.23];
  for (const x of pillows) add(block([x, 0.48, -l * 0.35], [w / pillows.length - 0.15, 0.12, 0.35], 0.05), "white");
  return { parts, nouns: ["bed"], before: { size: wide, colour: frame }, after: { blanket: `a ${blanket} blanket`, foot: foot ? "a footboard" : "" } };
};

export const lamp: Maker = (d) => {
  const kind = d.one(["floor", "table"] as const);
  const shade = d.one(["cone", "drum", "ball"] as const);
  const height = kind === "floor" ? d.between(1.4, 1.7) : d.between(0.5, 0.6);
  const r = kind === "floor" ? d.between(0.2, 0.27) : d.between(0.15, 0.2);
  const stand = d.colour([...METALS, ...WOODS]);
  const colour = d.colour([...PAINTS, "cream"], stand);
  const tripod = kind === "floor" && d.chance(0.4);
  const parts: Part[] = [];
  const add = (solid: Solid, c = stand) => parts.push({ solid, colour: c });
  const neck = height - r * 1.4;
  const thin = kind === "floor" ? 0.03 : 0.02;
  if (tripod) {
    for (const p of around(3, 0.3)) add(rod([p[0], 0, p[2]], [0, neck * 0.75, 0], thin));
    add(rod([0, neck * 0.7, 0], [0, neck + 0.1, 0], thin));
  } else {
    add(rod([0, 0, 0], [0, 0.045, 0], r * 0.75));
    if (kind === "table" && d.chance(0.5)) add(ellipsoid([0, height * 0.28, 0], [r * 0.5, height * 0.24, r * 0.5]));
    add(rod([0, 0, 0], [0, neck + 0.1, 0], thin));
  }
  if (shade === "ball") add(ball([0, neck + r * 0.7, 0], r * 0.8), colour);
  else add(rod([0, neck, 0], [0, height, 0], r, shade === "cone" ? r * 0.45 : r), colour);
  return {
    parts,
    nouns: ["lamp", `${kind} lamp`],
    before: { colour },
    after: { shade: `a ${shade} shade`, stand: tripod ? "three legs" : "", standColour: `a ${stand} stand` },
  };
};

export const shelf: Maker = (d) => {
  const n = d.one([2, 3, 4, 5]);
  const w = d.between(0.7, 1);
  const height = 0.42 * n;
  const depth = d.between(0.28, 0.36);
  const colour = d.colour([...WOODS, "gray", "red", "blue", "green"]);
  const closed = d.chance(0.5);
  const books = d.chance(0.4);
  const t = 0.06;
  const parts: Part[] = [];
  const add = (solid: Solid, c = colour) => parts.push({ solid, colour: c });
  for (const x of [-1, 1]) add(block([x * (w / 2 - t / 2), 0, 0], [t, height, depth]));
  for (let i = 0; i <= n; i++) add(block([0, ((height - t) * i) / n, 0], [w, t, depth]));
  if (closed) add(block([0, 0, -depth / 2 + t / 2], [w, height, t]));
  if (books) {
    const paint = d.colour(PAINTS, colour);
    for (let i = 0; i < n; i++) {
      const y = ((height - t) * i) / n + t;
      const side = d.one([-1, 1]);
      add(block([side * w * 0.22, y, -0.02], [w * d.between(0.3, 0.45), 0.24, depth * 0.7]), paint);
    }
    return { parts, nouns: ["shelf", "bookshelf"], before: { colour }, after: { boards: `${NUMBERS[n]} shelves`, books: `${paint} books` } };
  }
  return { parts, nouns: ["shelf"], before: { colour }, after: { boards: `${NUMBERS[n]} shelves`, back: closed ? "a back" : "" } };
};

export const cabinet: Maker = (d) => {
  const fronts = d.one(["two doors", "three drawers", "four drawers", "one door"] as const);
  const tall = fronts.endsWith("doors") && d.chance(0.5);
  const w = fronts === "one door" ? d.between(0.45, 0.55) : d.between(0.75, 1);
  const height = tall ? d.between(1.6, 1.9) : d.between(0.8, 1);
  const depth = d.between(0.42, 0.55);
  const colour = d.colour([...WOODS, ...PAINTS]);
  const front = d.chance(0.5) ? colour : d.colour([...WOODS, ...PAINTS], colour);
  const knob = d.colour(METALS, front);
  const legs = d.chance(0.5);
  const base = legs ? 0.14 : 0;
  const parts: Part[] = [];
  const add = (solid: Solid, c = colour) => parts.push({ solid, colour: c });
  if (legs) for (const p of cornersOf(w / 2 - 0.06, depth / 2 - 0.06)) add(block(p, [0.07, base + 0.02, 0.07]));
  add(block([0, base, 0], [w, height - base, depth]));
  const z = depth / 2;
  const [columns, rows] = fronts === "two doors" ? [2, 1] : fronts === "one door" ? [1, 1] : [1, fronts === "three drawers" ? 3 : 4];
  const [cw, ch] = [w / columns, (height - base) / rows];
  for (let c = 0; c < columns; c++)
    for (let r = 0; r < rows; r++) {
      const [x, y] = [-w / 2 + cw * (c + 0.5), base + ch * (r + 0.5)];
      add(box([x, y, z], [cw - 0.07, ch - 0.07, 0.06]), front);
      const kx = columns === 2 ? x + (c === 0 ? 1 : -1) * cw * 0.33 : fronts === "one door" ? x + cw * 0.3 : x;
      add(ball([kx, y, z + 0.05], 0.035), knob);
    }
  return {
    parts,
    nouns: tall ? ["cabinet", "wardrobe"] : fronts.endsWith("drawers") ? ["cabinet", "chest of drawers"] : ["cabinet"],
    before: { size: tall ? "tall" : "", colour },
    after: { fronts: front === colour ? fronts : `${fronts.split(" ")[0]} ${front} ${fronts.split(" ")[1]}`, legs: legs ? "legs" : "" },
  };
};

export const ladder: Maker = (d) => {
  const n = d.one([4, 5, 6, 7]);
  const w = d.between(0.4, 0.55);
  const height = 0.28 * (n + 1);
  const colour = d.colour([...WOODS, "steel", "red", "yellow"]);
  const parts: Part[] = [];
  for (const x of [-1, 1]) parts.push({ solid: block([(x * w) / 2, 0, 0], [0.07, height, 0.07]), colour });
  for (let i = 1; i <= n; i++) parts.push({ solid: rod([-w / 2, 0.28 * i, 0], [w / 2, 0.28 * i, 0], 0.035), colour });
  return { parts, nouns: ["ladder"], before: { colour }, after: { rungs: `${NUMBERS[n]} rungs` } };
};

export const candle: Maker = (d) => {
  const height = d.between(0.12, 0.24);
  const r = d.between(0.025, 0.05);
  const colour = d.colour(["white", "cream", "red", "green", "purple", "pink", "blue"]);
  const holder = d.chance(0.6);
  const parts: Part[] = [
    { solid: rod([0, 0.01, 0], [0, height, 0], r), colour },
    { solid: turned([0, height, 0], height + 0.05, (y) => 0.018 * Math.sin(Math.min(1, (height + 0.05 - y) / 0.05) * 1.57) * 0.9 + 0.002), colour: "orange" },
  ];
  if (holder) parts.push({ solid: rod([0, 0, 0], [0, 0.015, 0], r * 2), colour: "gold" }, { solid: torus([r * 2.1, 0.02, 0], 0.02, 0.008, 2), colour: "gold" });
  return { parts, nouns: ["candle"], before: { size: height / r > 5 ? "tall" : "", colour }, after: { holder: holder ? "a holder" : "" } };
};
