/** A vocoder for mel that comes in pieces: what all pieces give is what the whole mel gives. */
import { type FloatTensor, tensor } from "../../../engine/tensor.js";
import type { Ending } from "../ending.js";
import type { Hift, Speech } from "./hift.js";
import { F0_AHEAD, WAVE_AHEAD } from "./hift-graphs.js";

export interface HiftStream {
  /** Takes the next frames [1, mels, n] and gives the samples that are settled by them; after "final", all. */
  push(mel: FloatTensor, ending: Ending): Promise<Float32Array>;
}

/** Frames in front of a piece that no layer behind them sees beyond: what lies further back changes no sample. */
const CONTEXT = 48;
/** Frames at the end that the inverse transform overlaps with those to come. */
const OVERLAP = 1;

/**
 * Begins an utterance. Causal layers are run over new frames and the context in front of them; centred ones see the future, so
 * everything comes with the last piece.
 */
export function hiftStream(vocoder: Hift, speech: Speech): HiftStream {
  const { config, hop } = vocoder;
  const causal = config.layers === "causal";
  let mel: FloatTensor = tensor([1, config.mels, 0], new Float32Array(0));
  let first = 0; // frame of the utterance that is the first of `mel`
  let made = 0; // frames whose samples have been given
  const f0: number[] = [];
  return {
    async push(frames, ending) {
      mel = joined(mel, frames);
      const known = first + mel.shape[2]!;
      const final = ending === "final";
      if (!final && (!causal || known - F0_AHEAD - WAVE_AHEAD - OVERLAP <= made)) return new Float32Array(0);
      if (known === made) return new Float32Array(0);
      const start = Math.max(0, made - CONTEXT);
      mel = framesBetween(mel, start - first, known - first);
      first = start;
      const own = await vocoder.fundamental(mel, ending);
      f0.push(...own.subarray(f0.length - start));
      const source = await vocoder.source(f0, start, f0.length, speech);
      const heard = framesBetween(mel, 0, f0.length - start);
      const samples = await vocoder.synthesise(heard, source, ending);
      const settled = final ? known : f0.length - WAVE_AHEAD - OVERLAP;
      const piece = samples.slice((made - start) * hop, (settled - start) * hop);
      made = settled;
      return piece;
    },
  };
}

/** [1, C, n] and [1, C, m] one behind the other. */
function joined(a: FloatTensor, b: FloatTensor): FloatTensor {
  const [, C, n] = a.shape as [number, number, number];
  const m = b.shape[2]!;
  const data = new Float32Array(C * (n + m));
  for (let c = 0; c < C; c++) {
    data.set(a.data.subarray(c * n, (c + 1) * n), c * (n + m));
    data.set(b.data.subarray(c * m, (c + 1) * m), c * (n + m) + n);
  }
  return tensor([1, C, n + m], data);
}

/** The frames `from` to `to` of [1, C, T]. */
export function framesBetween({ shape, data }: FloatTensor, from: number, to: number): FloatTensor {
  const [, C, T] = shape as [number, number, number];
  if (from === 0 && to === T) return tensor(shape, data);
  const out = new Float32Array(C * (to - from));
  for (let c = 0; c < C; c++) out.set(data.subarray(c * T + from, c * T + to), c * (to - from));
  return tensor([1, C, to - from], out);
}
