/** All categories, and the shape that belongs to a number. */
import { animal, bird, fish, person, robot, teddy } from "./creatures.js";
import { Dice } from "./dice.js";
import { bed, bench, cabinet, candle, chair, ladder, lamp, type Maker, shelf, sofa, stool, table } from "./furniture.js";
import { letter } from "./letters.js";
import { bridge, crate, fence, house, lighthouse, snowman, stairs, tower, tree, windmill } from "./outdoors.js";
import type { Shape } from "./shape.js";
import { arrow, axe, body, book, cake, crown, dumbbell, gear, hammer, hat, heart, key, monitor, ring, shield, star, sword, umbrella } from "./things.js";
import { aeroplane, balloon, boat, bus, car, rocket, train, truck } from "./vehicles.js";
import { barrel, bottle, bowl, cup, mushroom, teapot, vase } from "./vessels.js";

/** Drawn with equal probability, those named twice twice as often. */
const MAKERS: Readonly<Record<string, Maker>> = {
  table, chair, stool, bench, sofa, bed, lamp, shelf, cabinet, ladder, candle,
  cup, bottle, vase, bowl, barrel, teapot, mushroom,
  house, tower, tree, bridge, fence, stairs, windmill, snowman, lighthouse, crate,
  car, truck, bus, train, boat, rocket, aeroplane, balloon,
  animal, fish, bird, person, robot, teddy,
  sword, shield, key, gear, ring, hammer, axe, crown, hat, umbrella, star, heart, arrow, body, dumbbell, cake, book, monitor, letter,
}; // prettier-ignore

/** Categories with many kinds or attributes are drawn this many times as often. */
const OFTEN: Readonly<Record<string, number>> = { table: 3, chair: 3, animal: 3, letter: 4, body: 2, car: 2, house: 2, tree: 2, boat: 2, person: 2, lamp: 2, cup: 2, aeroplane: 2 };

const DRAWN = Object.keys(MAKERS).flatMap((name) => Array<string>(OFTEN[name] ?? 1).fill(name));

export const CATEGORIES = Object.keys(MAKERS);

/** The shape number `item` of a world: a pure function of both. */
export function shapeOf(seed: number, item: number): Shape {
  const dice = new Dice(seed, item);
  const category = dice.one(DRAWN);
  return { category, ...MAKERS[category]!(dice) };
}
