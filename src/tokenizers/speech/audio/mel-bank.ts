/** Banks of triangular filters on the mel scale. */

export interface MelBankShape {
  readonly sampleRate: number;
  /** Of the Fourier transform. */
  readonly size: number;
  readonly mels: number;
  /** Where the bank begins and ends, in Hz. */
  readonly low: number;
  readonly high: number;
  /** Triangles in Hz of equal area on Slaney's scale (librosa's default), or triangles in mel on the scale of HTK (Kaldi). */
  readonly scale: "slaney" | "kaldi";
}

export interface MelBank {
  /** The filters [mels, size/2 + 1] in row-major order. */
  readonly weights: Float64Array;
  /** The sums of all filters over a spectrum. */
  apply(spectrum: ArrayLike<number>, out: Float64Array): void;
}

const known = new Map<string, MelBank>();

/** The bank of that shape, made once. */
export function melBank(shape: MelBankShape): MelBank {
  const key = JSON.stringify(shape);
  const bank = known.get(key) ?? makeBank(shape);
  known.set(key, bank);
  return bank;
}

function makeBank({ sampleRate, size, mels, low, high, scale }: MelBankShape): MelBank {
  const bins = Math.floor(size / 2) + 1;
  const { toMel, toHz } = SCALES[scale];
  const edges = Float64Array.from({ length: mels + 2 }, (_, i) => {
    const mel = toMel(low) + ((toMel(high) - toMel(low)) * i) / (mels + 1);
    return scale === "kaldi" ? mel : toHz(mel);
  });
  const weights = new Float64Array(mels * bins);
  for (let m = 0; m < mels; m++) {
    const [left, middle, right] = [edges[m]!, edges[m + 1]!, edges[m + 2]!];
    for (let k = 0; k < bins; k++) {
      const hz = (k * sampleRate) / size;
      const at = scale === "kaldi" ? toMel(hz) : hz;
      const height = Math.max(0, Math.min((at - left) / (middle - left), (right - at) / (right - middle)));
      weights[m * bins + k] = scale === "kaldi" ? height : (height * 2) / (right - left);
    }
  }
  // Filters are narrow: each sums only where it is not zero.
  const spans = Array.from({ length: mels }, (_, m) => {
    const row = weights.subarray(m * bins, (m + 1) * bins);
    return [row.findIndex((w) => w > 0), row.findLastIndex((w) => w > 0)] as const;
  });
  return {
    weights,
    apply(spectrum, out) {
      spans.forEach(([first, last], m) => {
        let sum = 0;
        for (let k = Math.max(first, 0); k <= last; k++) sum += weights[m * bins + k]! * spectrum[k]!;
        out[m] = sum;
      });
    },
  };
}

/** Slaney's scale is linear below 1000 Hz, 15 mel, and a logarithm above. */
const BREAK = { hz: 1000, mel: 15, step: Math.log(6.4) / 27 } as const;

const SCALES = {
  slaney: {
    toMel: (hz: number) => (hz < BREAK.hz ? (3 * hz) / 200 : BREAK.mel + Math.log(hz / BREAK.hz) / BREAK.step),
    toHz: (mel: number) => (mel < BREAK.mel ? (200 * mel) / 3 : BREAK.hz * Math.exp(BREAK.step * (mel - BREAK.mel))),
  },
  kaldi: {
    toMel: (hz: number) => 1127 * Math.log(1 + hz / 700),
    toHz: (mel: number) => 700 * (Math.exp(mel / 1127) - 1),
  },
} as const;
