/** Log-mel spectra, exact to the reference of each network that reads them; computed in float64. */
import { ArgumentError } from "../../../base/errors.js";
import { type FloatTensor, tensor } from "../../../engine/tensor.js";
import { fourier } from "./fourier.js";
import { melBank } from "./mel-bank.js";
import { hann, povey } from "./windows.js";

/** The mel that a flow decoder makes and a vocoder takes: log magnitudes. */
export interface MelConfig {
  /** Samples a second. */
  readonly sampleRate: number;
  /** Samples of a frame and of its Hann window, and from one frame to the next. */
  readonly size: number;
  readonly hop: number;
  readonly mels: number;
  /** Where the bank ends, in Hz; at most half the sample rate. */
  readonly high: number;
}

/** Those of the published models (librosa's bank). */
export const MEL_CONFIGS = {
  "cosyvoice-300m": { sampleRate: 22050, size: 1024, hop: 256, mels: 80, high: 8000 },
  "cosyvoice2-0.5b": { sampleRate: 24000, size: 1920, hop: 480, mels: 80, high: 8000 },
  "cosyvoice3-0.5b": { sampleRate: 24000, size: 1920, hop: 480, mels: 80, high: 12000 },
} as const satisfies Readonly<Record<string, MelConfig>>;

/** ln(max(mel, 1e-5)) of magnitudes, [1, mels, floor(samples / hop)]. @throws ArgumentError for less audio than half a frame. */
export function logMel(samples: Float32Array, { sampleRate, size, hop, mels, high }: MelConfig): FloatTensor {
  const bank = melBank({ sampleRate, size, mels, low: 0, high, scale: "slaney" });
  const edge = (size - hop) / 2;
  const frames = powerFrames(mirrored(samples, edge), size, hop, hann(size));
  return columns(frames, mels, (power, out) => {
    bank.apply(
      power.map((p) => Math.sqrt(p + 1e-9)),
      out,
    );
    for (let m = 0; m < mels; m++) out[m] = Math.log(Math.max(out[m]!, 1e-5));
  });
}

/** Of the tokenizer of speech, as Whisper has it (arXiv 2212.04356 §2.2): 16 kHz, frames of 25 ms each 10 ms. */
export const TOKENIZER_RATE = 16000;
const TOKENIZER_FRAME = { size: 400, hop: 160 } as const;

/**
 * Log mel of power of 16 kHz audio, [1, mels, floor(samples / 160)]: eight orders of magnitude below the loudest place of the whole
 * recording are the floor, and the range is brought near [-1, 1]. @throws ArgumentError for less audio than half a frame.
 */
export function tokenizerMel(samples: Float32Array, mels: number): FloatTensor {
  const { size, hop } = TOKENIZER_FRAME;
  const bank = melBank({ sampleRate: TOKENIZER_RATE, size, mels, low: 0, high: TOKENIZER_RATE / 2, scale: "slaney" });
  const frames = powerFrames(mirrored(samples, size / 2), size, hop, hann(size)).slice(0, -1);
  const { shape, data } = columns(frames, mels, (power, out) => {
    bank.apply(power, out);
    for (let m = 0; m < mels; m++) out[m] = Math.log10(Math.max(out[m]!, 1e-10));
  });
  const floor = data.reduce((a, b) => Math.max(a, b), -Infinity) - 8;
  return tensor(
    shape,
    data.map((value) => (Math.max(value, floor) + 4) / 4),
  );
}

/**
 * Kaldi's filter bank features of 16 kHz audio in [-1, 1], as speaker encoders take them: natural logarithms, less their mean
 * over time if asked for. [frames, 80], whole frames only. @throws ArgumentError for less audio than a frame.
 */
export function kaldiFilterBank(samples: Float32Array, { centred }: { readonly centred: boolean }): FloatTensor {
  const [size, hop, padded, mels] = [400, 160, 512, 80];
  const bank = melBank({ sampleRate: TOKENIZER_RATE, size: padded, mels, low: 20, high: 8000, scale: "kaldi" });
  const window = povey(size);
  const transform = fourier(padded);
  const count = 1 + Math.floor((samples.length - size) / hop);
  if (count < 1) throw new ArgumentError("samples", `at least ${size} samples`, samples.length);
  const data = new Float32Array(count * mels);
  for (let frame = 0; frame < count; frame++) {
    const part = Float64Array.from(samples.subarray(frame * hop, frame * hop + size));
    const mean = part.reduce((a, b) => a + b, 0) / size;
    const flat = part.map((x) => x - mean);
    const sharp = flat.map((x, i) => (x - 0.97 * flat[Math.max(i - 1, 0)]!) * window[i]!); // pre-emphasis
    const out = new Float64Array(mels);
    bank.apply(transform.power(sharp), out);
    out.forEach((energy, m) => (data[frame * mels + m] = Math.log(Math.max(energy, 2 ** -23))));
  }
  if (centred) {
    for (let m = 0; m < mels; m++) {
      let sum = 0;
      for (let frame = 0; frame < count; frame++) sum += data[frame * mels + m]!;
      for (let frame = 0; frame < count; frame++) data[frame * mels + m]! -= sum / count;
    }
  }
  return tensor([count, mels], data);
}

/** |STFT|² of every whole frame. */
export function powerFrames(samples: Float64Array, size: number, hop: number, window: Float64Array): Float64Array[] {
  const transform = fourier(size);
  const count = Math.floor((samples.length - size) / hop) + 1;
  return Array.from({ length: count }, (_, frame) => {
    const part = samples.subarray(frame * hop, frame * hop + size);
    return transform.power(part.map((x, i) => x * window[i]!));
  });
}

/** The samples with `edge` more at both ends, as in a mirror. */
export function mirrored(samples: Float32Array, edge: number): Float64Array {
  const N = samples.length;
  if (N <= edge) throw new ArgumentError("samples", `more than ${edge} samples of audio`, N);
  return Float64Array.from({ length: N + 2 * edge }, (_, i) => {
    const at = Math.abs(i - edge);
    return samples[at < N ? at : 2 * (N - 1) - at]!;
  });
}

/** [1, C, frames] from what `fill` makes of each frame. */
function columns(
  frames: readonly Float64Array[],
  C: number,
  fill: (frame: Float64Array, out: Float64Array) => void,
): FloatTensor {
  const T = frames.length;
  const data = new Float32Array(C * T);
  const out = new Float64Array(C);
  frames.forEach((frame, t) => {
    fill(frame, out);
    for (let c = 0; c < C; c++) data[c * T + t] = out[c]!;
  });
  return tensor([1, C, T], data);
}
