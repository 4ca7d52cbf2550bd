/**
 * The transformer over octrees as a graph: a Llama decoder (weights under the hub's names), to whose embedding of an id is added where the next
 * one stands and what is known around it.
 */
import { type Graph, GraphBuilder, type Value } from "../../engine/graph.js";
import { type Ops, opsOf } from "../../engine/ops/index.js";
import { llamaTrunk } from "../llama/graph.js";
import { taps } from "../prompt/taps.js";
import { type OctreeConfig, trunkOf } from "./config.js";

/** The three axes, as the inputs and weights name them. */
export const AXES = ["x", "y", "z"] as const;

/**
 * The graph of a pass. Inputs:
 *
 *   ids                    [B, T]           what is fed: words, the begin mark, ids of shapes
 *   next.kind, next.x …    [B, T]           where the next id stands: rows of the tables
 *   last.kind, last.x …    [B, T]           where the fed id stands
 *   told                   [T, 2]           whether a slot is told of the next place, and of the last one
 *   context                [B, T, X]        what is known around the next place
 *   angles.line            [B, T, D/2, 2]   see anglesOf(): slots are places on a line
 *   bias                   [B, 1, T, S+T]   see masks.ts
 *   rows                   [R]              which of the T are asked
 *
 * Output `logits` [B, R, V]. `tapped` names values to give out, too: those of llamaGraph().
 */
export function octreeGraph(config: OctreeConfig, tapped: readonly string[] = []): Graph {
  const { width: C, vocabulary: V, contextSize: X } = config;
  const g = new GraphBuilder("octree");
  const o = opsOf(g);
  const { tap, outputs } = taps();
  const told = g.input("told", ["T", 2]);
  const toldOf = (i: number) => o.slice(told, { axis: 1, start: i, end: i + 1 });
  const around = o.linear(g.input("context", ["B", "T", X]), g.weight("model.context.weight", [C, X]), null);
  const next = o.mul(o.add(place(g, o, config, "next"), around), toldOf(0));
  const last = o.mul(place(g, o, config, "last"), toldOf(1));
  const table = g.weight("model.embed_tokens.weight", [config.rows, C]);
  const fed = o.embedding(g.input("ids", ["B", "T"], "i32"), table);
  const x = tap("embedded", o.add(o.add(fed, next), last));
  const hidden = llamaTrunk(g, trunkOf(config), x, tap);
  const logits = o.linear(hidden, g.weight("lm_head.weight", [V, C]), null);
  return g.build({ logits, ...outputs(tapped) });
}

/** The embedding [B, T, C] of places: of their kind and of their coordinates. */
function place(g: GraphBuilder, o: Ops, { kinds, axisRows, width: C }: OctreeConfig, which: "next" | "last"): Value {
  const rows = (name: string) => g.input(`${which}.${name}`, ["B", "T"], "i32");
  const of = (name: string, table: string, size: number) =>
    o.embedding(rows(name), g.weight(`model.${which}_place.${table}.weight`, [size, C]));
  return AXES.reduce((sum, axis, i) => o.add(sum, of(axis, `axes.${i}`, axisRows)), of("kind", "kind", kinds));
}
