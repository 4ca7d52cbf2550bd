/** Where the flow starts: noise addressed by seed, item and frame; or the one fixed table of the published decoders. */
import { normals } from "../../../base/random.js";

/** Fills the noise of frames `from` to `to`, channel by channel: [channels, to - from] in row-major order. */
export type StartNoise = (channels: number, from: number, to: number) => Float32Array;

/** Frame n is the same whatever was asked for before and however long the speech is. */
export function seededNoise(seed: number, item: number): StartNoise {
  return (channels, from, to) => {
    const out = new Float32Array(channels * (to - from));
    for (let frame = from; frame < to; frame++) {
      const column = normals({ seed, item, position: frame, purpose: "noise" }, channels);
      for (let c = 0; c < channels; c++) out[c * (to - from) + frame - from] = column[c]!;
    }
    return out;
  };
}

/** The same noise from that frame on. */
export const noiseFrom =
  (noise: StartNoise, first: number): StartNoise =>
  (channels, from, to) =>
    noise(channels, first + from, first + to);

/** Frames of the table that CosyVoice 2 and 3 make once, by torch.randn([1, 80, 15000]) behind a seed of 0: 300 s. */
const TABLE_FRAMES = 15000;

/** The table by its channels: it takes a third of a second to make, and is the same for every model. */
const tables = new Map<number, Float32Array>();

/** The noise that the authors' code uses for every utterance; what lies beyond its 15000 frames begins again. */
export function publishedNoise(): StartNoise {
  return (channels, from, to) => {
    const table = tables.get(channels) ?? torchNormals(0, channels * TABLE_FRAMES);
    tables.set(channels, table);
    const out = new Float32Array(channels * (to - from));
    for (let c = 0; c < channels; c++) {
      for (let frame = from; frame < to; frame++)
        out[c * (to - from) + frame - from] = table[c * TABLE_FRAMES + (frame % TABLE_FRAMES)]!;
    }
    return out;
  };
}

/**
 * torch.randn(count) on the CPU behind torch.manual_seed(seed), for a count that 16 divides: 24-bit uniform numbers of a Mersenne
 * Twister, then Box and Muller within blocks of 16, whose first 8 give radii and whose last 8 give angles.
 */
export function torchNormals(seed: number, count: number): Float32Array {
  const next = mersenneTwister(seed);
  const out = Float32Array.from({ length: count }, () => (next() & 0xffffff) / 2 ** 24);
  for (let block = 0; block + 16 <= count; block += 16) {
    for (let j = block; j < block + 8; j++) {
      const radius = Math.sqrt(-2 * Math.log(1 - out[j]!));
      const angle = 2 * Math.PI * out[j + 8]!;
      out[j] = radius * Math.cos(angle);
      out[j + 8] = radius * Math.sin(angle);
    }
  }
  return out;
}

/** MT19937 (Matsumoto and Nishimura 1998): a function that gives 32 bits at each call. */
function mersenneTwister(seed: number): () => number {
  const N = 624;
  const M = 397;
  const state = new Uint32Array(N);
  state[0] = seed;
  for (let i = 1; i < N; i++) state[i] = Math.imul(1812433253, state[i - 1]! ^ (state[i - 1]! >>> 30)) + i;
  let at = N;
  const turn = () => {
    for (let i = 0; i < N; i++) {
      const y = (state[i]! & 0x80000000) | (state[(i + 1) % N]! & 0x7fffffff);
      state[i] = state[(i + M) % N]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    at = 0;
  };
  return () => {
    if (at === N) turn();
    let y = state[at++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
}
