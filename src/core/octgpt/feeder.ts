/** What a pass of OctGPT sees: the condition, what is known of the octree, and masks. Every pass sees all anew: nothing is kept. */
import { check, isIntegerIn } from "../../base/check.js";
import { ArgumentError } from "../../base/errors.js";
import { f32, type FloatTensor, i32, type Tensor, tensor } from "../../engine/tensor.js";
import type { Feeder, Model } from "../architecture.js";
import type { Step } from "../decode/step.js";
import type { OctgptConfig } from "./config.js";
import { cellOf, depthOf, nodesFor } from "./octree.js";
import { placeOf, type Row, sequenceFeeds } from "./sequence.js";

/** What a shape is made after: a class, or rows [n, width] of another network. Shapes are made one by one, for they are large. */
export type OctgptStart =
  | { readonly kind: "class"; readonly label: number }
  | { readonly kind: "context"; readonly rows: FloatTensor };

/** A node of a shape, and what is known of it; null: it is masked. */
export interface Node {
  readonly depth: number;
  readonly cell: readonly [number, number, number];
  /** 1: split. Of the last depth, the bits of the code, the first one lowest. */
  readonly value: number | null;
}

/** A shape as a pass sees it. */
export interface Shape {
  readonly start: OctgptStart;
  /** Depth by depth, by ascending keys. */
  readonly nodes: readonly Node[];
}

/** Begins a shape. Throws ArgumentError for a condition of another kind, or out of range. */
export async function feedOctgpt(
  { config }: Model<OctgptConfig, OctgptStart, number>,
  start: OctgptStart,
  guided: boolean,
): Promise<Feeder<number>> {
  check("guided", "false, for there is nothing that these models were trained to do without", guided, (is) => !is);
  const { condition } = config;
  if (start.kind !== condition.kind) throw new ArgumentError("start.kind", `"${condition.kind}"`, start.kind);
  if (start.kind === "class" && condition.kind === "class")
    check("label", `a class from 0 to ${condition.classes - 1}`, start.label, isIntegerIn(0, condition.classes - 1));
  if (start.kind === "context" && condition.kind === "context")
    check("context", `1 to ${condition.rows} rows of ${condition.width}`, start.rows.shape, ([n, width, ...more]) => {
      return isIntegerIn(1, condition.rows)(n) && width === condition.width && more.length === 0;
    });
  return {
    ...{ items: 1, rows: 1, slots: 1, length: 0 },
    passes: async (step) => [passOf(config, start, step)],
    truncate: () => 0,
    keep: () => [],
    fork() {},
  };
}

function passOf(
  config: OctgptConfig,
  start: OctgptStart,
  { feed, values, fill }: Step,
): Readonly<Record<string, Tensor>> {
  const known = new Map(feed.map((position, i) => [position, values[0]![i]!]));
  const positions = nodesFor(config, known, fill).flat();
  const rowOf = new Map(positions.map((position, row) => [position, row]));
  const nodes = positions.map((position): Node => {
    const depth = depthOf(config, position);
    return { depth, cell: cellOf(config, depth, position), value: known.get(position) ?? null };
  });
  const { feeds } = passFeeds(config, [{ start, nodes }]);
  const rows = fill.map((position) => config.buffer + rowOf.get(position)!);
  return { ...feeds, rows: i32([rows.length], rows) };
}

/** A row of a stack, and the row of the table that stands there. */
type Placed = Row & { readonly from: number };

/**
 * The inputs of the network for shapes that are laid out one after another, all but `rows`; and of each row of the two stacks, whose
 * it is.
 */
export function passFeeds(config: OctgptConfig, shapes: readonly Shape[]) {
  const { buffer, bits, fullDepth, codeDepth } = config;
  const context = contextOf(config, shapes);
  const split: number[] = [];
  const codes: number[] = [];
  // First what is known: its rows are those of the table [condition, split, codes, zeros].
  const places: {
    readonly item: number;
    readonly node: Node | null;
    readonly table: "split" | "codes" | "condition";
    readonly at: number;
  }[] = [];
  const all: (Row & { readonly known: number })[] = []; // the row in `places`, or -1 where it is masked
  for (const [item, { nodes }] of shapes.entries()) {
    for (let i = 0; i < buffer; i++) {
      all.push({ item, depth: 0, place: [0, 0, 0], known: places.length });
      places.push({ item, node: null, table: "condition", at: context.rowOf(item, i) });
    }
    for (const node of nodes) {
      const row = { item, depth: node.depth - fullDepth, place: placeOf(node.cell, node.depth) };
      all.push({ ...row, known: node.value === null ? -1 : places.length });
      if (node.value === null) continue;
      if (node.depth < codeDepth) places.push({ item, node, table: "split", at: split.push(node.value) - 1 });
      else {
        places.push({ item, node, table: "codes", at: codes.length / bits });
        for (let bit = 0; bit < bits; bit++) codes.push((2 * ((node.value >>> bit) & 1) - 1) / Math.sqrt(bits));
      }
    }
  }
  if (split.length === 0) split.push(0); // no device likes tables without rows
  if (codes.length === 0) codes.push(...new Array<number>(bits).fill(0));
  const first = { condition: 0, split: context.rows, codes: context.rows + split.length };
  const zero = first.codes + codes.length / bits;
  const known = places.map(({ item, node, table, at }): Placed => {
    const from = at < 0 ? zero : first[table] + at;
    if (!node) return { item, depth: 0, place: [0, 0, 0], from };
    return { item, depth: node.depth - fullDepth, place: placeOf(node.cell, node.depth), from };
  });
  const items = shapes.length;
  const masks = known.length + 1; // after the first stack and its padding
  const fromAll = all.map(({ item, known }) =>
    known >= 0 ? known : masks + (config.condition.kind === "class" ? item : 0),
  );
  const feeds: Record<string, Tensor> = {
    ...context.feeds(known, all),
    split: i32([split.length], split),
    codes: f32([codes.length / bits, bits], codes),
    "known.from": i32([known.length + 1], [...known.map(({ from }) => from), zero]),
    "all.from": i32([all.length + 1], [...fromAll, known.length]),
    ...sequenceFeeds(config, "known", known, items),
    ...sequenceFeeds(config, "all", all, items),
  };
  return { feeds, known, all };
}

/** The rows of the conditions in the table, and the inputs that make them. */
function contextOf(config: OctgptConfig, shapes: readonly Shape[]) {
  const starts = shapes.map(({ start }) => start);
  const labels = starts.flatMap((start) => (start.kind === "class" ? [start.label] : []));
  const contexts = starts.flatMap((start) => (start.kind === "context" ? [start.rows] : []));
  if (config.condition.kind === "class") {
    return {
      rows: labels.length,
      rowOf: (item: number) => item,
      feeds: (): Record<string, Tensor> => ({ labels: i32([labels.length], labels) }),
    };
  }
  const firsts: number[] = [];
  let rows = 0;
  for (const { shape } of contexts) {
    firsts.push(rows);
    rows += shape[0]!;
  }
  const { width, heads } = config;
  const items = shapes.length;
  const away = -1000 * Math.sqrt(width / heads);
  const queries = (of: readonly Row[]) =>
    f32(
      [of.length + 1, items],
      [...of, { item: 0 }].flatMap(({ item }) => Array.from({ length: items }, (_, i) => (i === item ? 0 : away))),
    );
  const context = new Float32Array(rows * config.condition.width);
  for (const [item, { data }] of contexts.entries()) context.set(data, firsts[item]! * config.condition.width);
  return {
    rows,
    rowOf: (item: number, i: number) => (i < contexts[item]!.shape[0]! ? firsts[item]! + i : -1),
    feeds(known: readonly Row[], all: readonly Row[]): Record<string, Tensor> {
      const feeds: Record<string, Tensor> = {
        context: tensor([rows, (config.condition as { width: number }).width], context),
      };
      if (items === 1) return feeds;
      const keys = contexts.flatMap(({ shape }, item) =>
        Array.from({ length: shape[0]! }, () => Array.from({ length: items }, (_, i) => Number(i === item))).flat(),
      );
      return {
        ...feeds,
        "known.context": queries(known),
        "all.context": queries(all),
        "context.keys": f32([rows, items], keys),
      };
    },
  };
}
