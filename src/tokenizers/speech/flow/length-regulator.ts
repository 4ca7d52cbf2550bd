/** Generation 1: columns of tokens stretched to frames, since a token has no whole number of them. */
import { type FloatTensor, tensor } from "../../../engine/tensor.js";
import type { FlowConfig } from "./flow-config.js";

/** Tokens at each end of long speech that are stretched apart from the middle, so that pieces of a stream agree there. */
const ENDS = 20;

/**
 * Columns [1, C, N], of which the first `promptTokens` become `promptFrames`, and the others as many frames as their time has.
 * Each part is interpolated linearly, with its edges where those of the frames are.
 */
export function stretched(
  { tokenRate, sampleRate, hop }: Extract<FlowConfig, { generation: 1 }>,
  columns: FloatTensor,
  promptTokens: number,
  promptFrames: number,
): FloatTensor {
  const N = columns.shape[2]!;
  const framesOf = (tokens: number) => Math.trunc(((tokens / tokenRate) * sampleRate) / hop);
  const tokens = N - promptTokens;
  const frames = framesOf(tokens);
  const end = framesOf(ENDS);
  const parts =
    tokens > 2 * ENDS
      ? [
          { from: promptTokens, to: promptTokens + ENDS, frames: end },
          { from: promptTokens + ENDS, to: N - ENDS, frames: frames - 2 * end },
          { from: N - ENDS, to: N, frames: end },
        ]
      : [{ from: promptTokens, to: N, frames }];
  const all = promptTokens > 0 ? [{ from: 0, to: promptTokens, frames: promptFrames }, ...parts] : parts;
  const C = columns.shape[1]!;
  const T = all.reduce((sum, part) => sum + part.frames, 0);
  const data = new Float32Array(C * T);
  for (let c = 0; c < C; c++) {
    let at = c * T;
    for (const part of all) {
      interpolate(columns.data.subarray(c * N + part.from, c * N + part.to), data.subarray(at, at + part.frames));
      at += part.frames;
    }
  }
  return tensor([1, C, T], data);
}

/** Fills `to` from `from`, linearly between the middles of its places. */
function interpolate(from: Float32Array, to: Float32Array): void {
  for (let i = 0; i < to.length; i++) {
    const place = Math.max(((i + 0.5) * from.length) / to.length - 0.5, 0);
    const before = Math.min(Math.floor(place), from.length - 1);
    const after = Math.min(before + 1, from.length - 1);
    to[i] = from[before]! + (from[after]! - from[before]!) * (place - before);
  }
}
