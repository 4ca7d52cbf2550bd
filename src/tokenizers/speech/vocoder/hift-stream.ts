/** A vocoder for mel that comes in pieces: what all pieces give is what the whole mel gives. */
import { type FloatTensor, tensor } from "../../../engine/tensor.js";
import type { Ending } from "../ending.js";
import { framesBetween, joined } from "../frames.js";
import type { HiftConfig } from "./hift-config.js";
import type { Hift, Speech } from "./hift.js";
import { F0_AHEAD, WAVE_AHEAD } from "./hift-graphs.js";

export interface HiftStream {
  /** Takes the next frames [1, mels, n] and gives the samples that are settled by them; after "final", all. */
  push(mel: FloatTensor, ending: Ending): Promise<Float32Array>;
}

/**
 * Begins an utterance. The networks are run over new frames and so many before and after them as any layer sees: what lies further
 * away changes no sample, so pieces fit without a cross-fade.
 */
export function hiftStream(vocoder: Hift, speech: Speech): HiftStream {
  const { config, hop } = vocoder;
  const { behind, f0Ahead, waveAhead } = sightOf(config);
  let mel: FloatTensor = tensor([1, config.mels, 0], new Float32Array(0));
  let first = 0; // frame of the utterance that is the first of `mel`
  let made = 0; // frames whose samples have been given
  const f0: number[] = [];
  return {
    async push(frames, ending) {
      mel = joined(mel, frames);
      const known = first + mel.shape[2]!;
      const final = ending === "final";
      if (!final && known - f0Ahead - waveAhead <= made) return new Float32Array(0);
      if (known === made) return new Float32Array(0);
      const start = Math.max(0, made - behind);
      mel = framesBetween(mel, start - first, known - first);
      first = start;
      const own = await vocoder.fundamental(mel, ending);
      f0.push(...own.subarray(f0.length - start, (final ? known : known - f0Ahead) - start));
      const source = await vocoder.source(f0, start, f0.length, speech);
      const heard = framesBetween(mel, 0, f0.length - start);
      const samples = await vocoder.synthesise(heard, source, ending);
      const settled = final ? known : f0.length - waveAhead;
      const piece = samples.slice((made - start) * hop, (settled - start) * hop);
      made = settled;
      return piece;
    },
  };
}

/** Frames that the networks see on either side of a frame. */
interface Sight {
  readonly behind: number;
  /** Ahead of a frame, for its fundamental and for its samples. */
  readonly f0Ahead: number;
  readonly waveAhead: number;
}

/** Layers of the predictor of the fundamental, each with a kernel of 3. */
const F0_REACH = 5;

function sightOf(config: HiftConfig): Sight {
  const reach = Math.ceil(waveReach(config));
  // Causal layers see on one side what centred ones see on both; one frame more is what the inverse transform overlaps.
  if (config.layers === "causal") return { behind: 2 * reach + F0_REACH, f0Ahead: F0_AHEAD, waveAhead: WAVE_AHEAD + 1 };
  return { behind: reach + F0_REACH, f0Ahead: F0_REACH, waveAhead: reach };
}

/** Frames of mel on either side that a sample depends on, all layers in a row, each at the rate of its stage. */
function waveReach({ upsampleRates, upsampleKernels, ...config }: HiftConfig): number {
  const blockReach = (kernel: number, dilations: readonly number[]) =>
    dilations.reduce((sum, dilation) => sum + ((kernel - 1) / 2) * (dilation + 1), 0);
  let rate = 1; // places of a stage in a frame
  let reach = 3 + 1; // the first layer, and the line of the phase from one frame to the next
  for (const [i, up] of upsampleRates.entries()) {
    rate *= up;
    const blocks = Math.max(...config.resKernels.map((kernel, j) => blockReach(kernel, config.resDilations[j]!)));
    const source = blockReach(config.sourceKernels[i]!, config.sourceDilations[i]!);
    reach += (upsampleKernels[i]! + blocks + source) / rate;
  }
  return reach + (3 + (2 * config.fftSize) / config.fftHop) / rate;
}
