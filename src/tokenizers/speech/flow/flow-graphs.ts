/** The graphs of a flow decoder, with their inputs: tokens to mu, mu to the velocity of one step. */
import { type Dim, type Graph, GraphBuilder } from "../../../engine/graph.js";
import type { Ending } from "../ending.js";
import { type Carry, carryOf } from "../carry.js";
import { DIT_TIME_SIZE, ditVelocity } from "./diffusion-transformer.js";
import { type EstimatorInputs, PAST } from "./estimate.js";
import type { FlowConfig } from "./flow-config.js";
import {
  type Coming,
  type Places,
  repeatedMean,
  regulated,
  speakerOf,
  tokenColumns,
  upsampledMean,
} from "./token-encoders.js";
import { type Tap, untapped } from "../../tap.js";
import { uNetTimeSize, uNetVelocity } from "./u-net.js";

/** Who sees whom: all see all; each its own chunk and those before it; the same for speech that comes in pieces of whole chunks. */
export type Masks = "whole" | "chunks" | "chunks in pieces";

/** How a graph with these masks remembers what came before a piece. */
const carriedBy = (g: GraphBuilder, masks: Masks): Carry =>
  carryOf(g, masks === "chunks in pieces" ? "in pieces" : "whole");

/** What graphs for pieces call the number of tokens or frames in front. */
const PASTS = { tokens: "tokens in front", frames: PAST } as const;

export const timeSizeOf = (config: FlowConfig): number =>
  config.generation === 3 ? DIT_TIME_SIZE : uNetTimeSize(config);

/**
 * ids [1, N], vector [1, S] and, by need, distances, masks and carries, to mu [1, mels, T] (generation 1: columns [1, mels, N]) and
 * speaker.
 */
export function encoderGraph(config: FlowConfig, masks: Masks, ending: Ending, tap: Tap = untapped): Graph {
  const g = new GraphBuilder("flow-encoder");
  const ids = g.input("ids", [1, "N"], "i32");
  const speaker = speakerOf(g, config, g.input("vector", [1, config.speaker]));
  const carry = carriedBy(g, masks);
  // Where speech comes in pieces, one graph does for all of them: the last one is fed what stands in for the silence behind it.
  const coming = (): Coming =>
    masks === "chunks in pieces"
      ? { ending: "more to come", carry, known: g.input("known", [1, "N", 1]) }
      : { ending, carry, known: null };
  const places = (of: "tokens" | "frames", width: number, T: Dim): Places => ({
    distances: g.input(`distances of ${of}`, [1, of === "tokens" ? "R" : "Q", width]),
    mask: (keys) => (masks === "whole" ? null : g.input(`mask of ${of}`, [1, 1, T, keys.shape[2]!])),
    past: PASTS[of],
  });
  switch (config.generation) {
    case 1:
      return g.build({
        columns: tokenColumns(g, config, ids, places("tokens", config.encoder.width, "N"), tap),
        speaker,
      });
    case 2:
      return g.build({
        mu: upsampledMean(g, config, ids, (of, T) => places(of, config.encoder.width, T), coming(), tap),
        ...{ speaker, ...carry.outputs },
      });
    case 3:
      return g.build({ mu: repeatedMean(g, config, ids, coming(), tap), speaker, ...carry.outputs });
  }
}

/** Generation 1: columns [1, mels, T] to mu. */
export function regulatorGraph(config: Extract<FlowConfig, { generation: 1 }>): Graph {
  const g = new GraphBuilder("flow-regulator");
  return g.build({ mu: regulated(g, config, g.input("columns", [1, config.mels, "T"])) });
}

/** x, mu, prompt [1, mels, T], speaker [1, mels], time [1, size] and, by need, mask, rotations and carries, to the velocity. */
export function estimatorGraph(config: FlowConfig, masks: Masks, tap: Tap = untapped): Graph {
  const g = new GraphBuilder("flow-estimator");
  const map = (name: string) => g.input(name, [1, config.mels, "T"]);
  const inputs: EstimatorInputs = {
    ...{ x: map("x"), mu: map("mu"), prompt: map("prompt") },
    speaker: g.input("speaker", [1, config.mels]),
    time: g.input("time", [1, timeSizeOf(config)]),
    mask: masks === "whole" ? null : (keys) => g.input("mask", [1, 1, "T", keys.shape[2]!]),
  };
  const carry = carriedBy(g, masks);
  if (config.generation !== 3) {
    const velocity = uNetVelocity(g, config, inputs, carry, tap);
    return g.build({ velocity, ...carry.outputs });
  }
  const { width, heads } = config.estimator;
  const rotations = g.input("rotations", ["T", width / heads / 2, 2]);
  const velocity = ditVelocity(g, config, { ...inputs, rotations }, carry, tap);
  return g.build({ velocity, ...carry.outputs });
}
