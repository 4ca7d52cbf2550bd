/**
 * The excitation of HiFT before its network: a fundamental and its harmonics as sines where there is voice, and noise
 * (neural source filter, Wang et al. 2019, arXiv 1904.12088 §3.1). In float64, so that the phase of a long text does not drift.
 */
import { type HiftConfig, hopOf } from "./hift-config.js";

export interface SourceRequest {
  /** The fundamental of every frame since the beginning of the speech, in Hz; 0 or little where there is no voice. */
  readonly f0: ArrayLike<number>;
  /** Frames to make, the first and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** Phase of each harmonic at the beginning, in radians; only "each sample" hears it. */
  readonly initial: ArrayLike<number>;
  /** A standard normal number for a sample, counted from the beginning of the speech, and a harmonic. */
  readonly noise: (sample: number, harmonic: number) => number;
}

/** Sines and noise of the frames asked for, [(to - from) · hop, harmonics + 1] in row-major order. */
export function harmonicSource(config: HiftConfig, { f0, from, to, initial, noise }: SourceRequest): Float32Array {
  const hop = hopOf(config);
  const count = config.harmonics + 1;
  const out = new Float32Array((to - from) * hop * count);
  const { phase, sineAmplitude } = config;
  for (let h = 0; h < count; h++) {
    const turns = turnsOf(config, f0, h + 1);
    const offset = phase === "each sample" ? initial[h]! : 0;
    const turnsAt = (frame: number, n: number): number => {
      if (phase === "held by frames") return turns[frame]! * hop;
      if (phase === "each sample") return (turns[frame - 1] ?? 0) * hop + stepOf(config, f0[frame]!, h + 1) * (n + 1);
      const place = frame + (n + 0.5) / hop - 0.5; // of frames, whose middles are whole numbers
      const before = Math.max(Math.floor(place), 0);
      const after = Math.min(before + 1, f0.length - 1);
      const share = place < 0 ? 0 : place - before;
      return (turns[before]! + (turns[after]! - turns[before]!) * share) * hop;
    };
    for (let frame = from; frame < to; frame++) {
      const voiced = f0[frame]! > config.voicedAbove;
      const amplitude = voiced ? config.noiseAmplitude : config.sineAmplitude / 3;
      for (let n = 0; n < hop; n++) {
        const sample = frame * hop + n;
        const turns = voiced ? turnsAt(frame, n) : 0;
        const sine = voiced ? sineAmplitude * Math.sin(2 * Math.PI * (turns - Math.floor(turns)) + offset) : 0;
        out[(sample - from * hop) * count + h] = sine + amplitude * noise(sample, h);
      }
    }
  }
  return out;
}

/** Turns of a harmonic in one sample. */
const stepOf = ({ sampleRate }: HiftConfig, f0: number, multiple: number): number => ((f0 * multiple) / sampleRate) % 1;

/** For each frame, the sum of the turns a sample of all frames up to it. */
function turnsOf(config: HiftConfig, f0: ArrayLike<number>, multiple: number): Float64Array {
  const sums = new Float64Array(f0.length);
  let sum = 0;
  for (let frame = 0; frame < f0.length; frame++) sums[frame] = sum += stepOf(config, f0[frame]!, multiple);
  return sums;
}
