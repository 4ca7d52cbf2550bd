/**
 * What a causal layer must remember of the past when a sequence comes in pieces: the last places that it saw. As one graph for whole
 * sequences and one for pieces, of the same layers: whole ones begin with silence, pieces with what the piece before left.
 */
import type { Dim, GraphBuilder, Value } from "../../engine/graph.js";
import { opsOf } from "../../engine/ops/index.js";
import { nameOf } from "../../engine/feeds.js";
import { type FloatTensor, type Tensor, tensor } from "../../engine/tensor.js";

/** How a sequence comes in. */
export type Pieces = "whole" | "in pieces";

export interface Carry {
  /** x with `count` places in front along an axis: zeros or the first place at the beginning, then those that were last. */
  before(x: Value, axis: number, count: number, beginning?: "zero" | "edge"): Value;
  /** x with all that came before it in front along an axis, whose size the graph calls `past`: what attention without a window sees. */
  withPast(x: Value, axis: number, past: string): Value;
  /** What the next piece needs, to be among the outputs of the graph. */
  readonly outputs: Readonly<Record<string, Value>>;
}

const NAME = "carry ";
/** Begins the name under which a run gives what the next is fed as a carry. */
const LEFT = "next ";

/** Only sequences of one item (a batch of 1) come in pieces. */
export function carryOf(g: GraphBuilder, pieces: Pieces): Carry {
  const o = opsOf(g);
  const outputs: Record<string, Value> = {};
  const behind = (x: Value, axis: number, size: Dim) => {
    const name = `${NAME}${Object.keys(outputs).length}`;
    return { name, joined: o.concat(g.input(name, x.shape.with(axis, size)), x, { axis }) };
  };
  return {
    outputs,
    before(x, axis, count, beginning = "zero") {
      if (count === 0) return x;
      if (pieces === "whole") return o.pad(x, { axis, before: count, after: 0, mode: beginning });
      const { name, joined } = behind(x, axis, count);
      outputs[LEFT + name] = o.tail(joined, { axis, count });
      return joined;
    },
    withPast(x, axis, past) {
      if (pieces === "whole") return x;
      const { name, joined } = behind(x, axis, past);
      outputs[LEFT + name] = joined;
      return joined;
    },
  };
}

/** What a stream begins with: zeros for every carry of a window, and nothing for those of the whole past. */
export function emptyCarries(inputs: readonly Value[]): Record<string, Tensor> {
  const found: Record<string, FloatTensor> = {};
  for (const { source, shape } of inputs.filter(isCarry)) {
    const sizes = shape.map((size) => (typeof size === "number" ? size : 0));
    found[nameOf(source)] = tensor(sizes, new Float32Array(sizes.reduce((a, b) => a * b, 1)));
  }
  return found;
}

/** Numbers by which the carries of a graph grow with every place. */
export const growthOf = (inputs: readonly Value[]): number =>
  inputs
    .filter((value) => isCarry(value) && value.shape.some((size) => typeof size !== "number"))
    .reduce(
      (sum, { shape }) => sum + shape.reduce<number>((n, size) => (typeof size === "number" ? n * size : n), 1),
      0,
    );

const isCarry = ({ source }: Value): boolean => nameOf(source).startsWith(NAME);

/** What a run left for the next one to be fed. */
export const carriesOf = (outputs: Readonly<Record<string, Tensor>>): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(outputs).flatMap(([name, value]) =>
      name.startsWith(LEFT) ? [[name.slice(LEFT.length), value]] : [],
    ),
  );
