/** From a manifest to the list of items: every combination of what an asset lists, each with the name of its files. */
import { parse } from "node:path";
import { ArgumentError } from "../base/errors.js";
import { described } from "../base/words.js";
import type { Step } from "./finish.js";
import { KINDS, type KindName } from "./kinds/index.js";
import type { Settings } from "./kinds/kind.js";
import { MEDIA } from "./media/index.js";
import { rendered } from "./output-names.js";
import type { AssetParts, AssetsFile, SeedSource, StepSource } from "./schema.js";

/** One item of an asset, told apart from all others by its stem. */
export interface Item {
  readonly asset: string;
  readonly kind: KindName;
  /** As the manifest names it: an embedded model, or a folder. */
  readonly model: string;
  readonly device: string;
  readonly precision: string | null;
  readonly settings: Settings;
  readonly seed: number;
  readonly index: number;
  readonly steps: readonly Step[];
  /** Path of its files below the output folder, without the suffix. */
  readonly stem: string;
}

/** Beyond this a manifest is a mistake, such as a range of seeds with a digit too many. */
export const MOST_ITEMS = 100_000;

/**
 * All items, in order of the manifest.
 *
 * @throws ArgumentError for an asset without a subject or a model, too many items, a name that leads out of the output folder or
 *   that two items have; UnknownNameError for a style that an embedded model has not.
 */
export function expanded(file: AssetsFile, where: string): readonly Item[] {
  const items: Item[] = [];
  const counted = Object.entries(file.assets).map(([name, source]) => {
    const asset = assetOf(name, { ...file.defaults?.[source.kind], ...source }, `${where}: assets.${name}`);
    return { asset, combinations: asset.axes.reduce((product, { values }) => product * values.length, asset.count) };
  });
  const total = counted.reduce((sum, { combinations }) => sum + combinations, 0);
  if (total > MOST_ITEMS) {
    const received = described(`${total} of them`);
    throw new ArgumentError(`${where}: assets`, `at most ${MOST_ITEMS} items in all`, received, "Split the manifest.");
  }
  for (const { asset } of counted) items.push(...itemsOf(asset));
  checkApart(items, where);
  return items;
}

interface Axis {
  readonly name: string;
  readonly values: readonly unknown[];
}

interface Asset {
  readonly name: string;
  readonly where: string;
  readonly kind: KindName;
  readonly source: AssetParts;
  readonly axes: readonly Axis[];
  readonly count: number;
  readonly fixed: Settings;
  readonly steps: readonly Step[];
}

function assetOf(name: string, source: AssetParts & { readonly kind: KindName }, where: string): Asset {
  const { kind, seed = 0, count = 1, post = [] } = source;
  const row = KINDS[kind];
  const named = row.subjects.filter((subject) => source[subject] !== undefined);
  if (named.length !== 1) {
    const received = described(named.length === 0 ? "none" : named.join(" and "));
    const expected = row.subjects.length === 1 ? `a ${row.subjects[0]}` : `one of ${row.subjects.join(" and ")}`;
    throw new ArgumentError(where, expected, received, `Add ${row.subjects[0]}: what is to be made.`);
  }
  const listed = Object.keys(row.axes).filter((axis) => source[axis] !== undefined);
  const axes = listed.map((name) => ({ name, values: [source[name]].flat() }));
  const fixed = Object.fromEntries(
    Object.keys(row.fixed).flatMap((name) => (source[name] === undefined ? [] : [[name, source[name]]])),
  );
  const seeds = { name: "seed", values: seedsOf(seed, `${where}.seed`) };
  const steps = post.map((step) => stepOf(kind, step));
  return { name, where, kind, source, axes: [...axes, seeds], count, fixed, steps };
}

function seedsOf(seed: SeedSource | readonly SeedSource[], where: string): readonly number[] {
  return [seed].flat().flatMap((one) => {
    if (typeof one === "number") return [one];
    const [from, to] = one.split("..").map(Number) as [number, number];
    if (to < from || to - from >= MOST_ITEMS)
      throw new ArgumentError(where, `a range that rises by less than ${MOST_ITEMS}`, one);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}

/** A step with its options complete, whichever way it was written. */
function stepOf(kind: KindName, step: StepSource): Step {
  const { steps } = MEDIA[KINDS[kind].medium];
  const [name, options] = typeof step === "string" ? [step, {}] : Object.entries(step)[0]!;
  return { name, options: steps[name]!.options.parse(options) };
}

function* itemsOf({ name, where, kind, source, axes, count, fixed, steps }: Asset): Generator<Item, void, void> {
  const row = KINDS[kind];
  const model = source.model ?? row.model;
  if (model === null) {
    const remedy = `Name a folder: there is no default model of the kind ${kind}.`;
    throw new ArgumentError(`${where}.model`, "the folder of a model", undefined, remedy);
  }
  const template = source.output ?? usualTemplate(axes, count);
  for (const combination of combinations(axes)) {
    const { seed, ...settings } = { ...combination, ...fixed } as Settings & { readonly seed: number };
    row.check(settings, model, where);
    for (let index = 0; index < count; index++) {
      const files = row.files.flatMap((file) =>
        combination[file] ? [[file, parse(String(combination[file])).name]] : [],
      );
      const values = { asset: name, kind, index, seed, ...combination, ...Object.fromEntries(files) };
      const stem = rendered(template, values, `${where}.output`);
      const { device = "auto", precision = null } = source;
      yield { asset: name, kind, model, device, precision, settings, seed, index, steps, stem };
    }
  }
}

/** The asset's name, and whatever there is several of. */
function usualTemplate(axes: readonly Axis[], count: number): string {
  const several = axes.filter(({ values }) => values.length > 1).map(({ name }) => `{${name}}`);
  const numbers = count > 1 ? ["{index}"] : [];
  return several.length + numbers.length === 0 ? "{asset}" : `{asset}/${[...several, ...numbers].join("-")}`;
}

/** Every combination of the values; the last axis varies fastest. */
function* combinations([axis, ...rest]: readonly Axis[]): Generator<Settings, void, void> {
  if (!axis) return yield {};
  for (const value of axis.values) for (const others of combinations(rest)) yield { [axis.name]: value, ...others };
}

/** Two items whose files some file system takes for one are refused. */
function checkApart(items: readonly Item[], where: string): void {
  const taken = new Map<string, Item>();
  for (const item of items) {
    const key = item.stem.normalize("NFC").toLowerCase();
    const other = taken.get(key);
    if (other) {
      const remedy = "Name in its output what tells them apart, such as {prompt}, {seed} or {index}.";
      const who = other.asset === item.asset ? `two items of ${item.asset}` : `${other.asset} and ${item.asset}`;
      throw new ArgumentError(
        `${where}: output`,
        "a name of its own for each item",
        described(`${item.stem} for ${who}`),
        remedy,
      );
    }
    taken.set(key, item);
  }
}
