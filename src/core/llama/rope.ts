/**
 * Angles of rotary positions, with the ways in which models were stretched to longer texts. Rounded to float32 where the reference
 * rounds, since checkpoints were trained with those numbers.
 */
import { type FloatTensor, tensor } from "../../engine/tensor.js";

/** Rotation of the first `size` elements of a head by position / base^(2j / size), and how it is stretched. */
export interface Rope {
  readonly base: number;
  readonly size: number;
  readonly scaling: RopeScaling;
}

/** `original` is the number of positions that the model was first trained for. */
export type RopeScaling =
  | { readonly kind: "none" }
  /** All positions closer together (arXiv 2306.15595). */
  | { readonly kind: "linear"; readonly factor: number }
  /** Llama 3.1: slow pairs closer together, quick ones as they were, a ramp between them. */
  | {
      readonly kind: "llama3";
      readonly factor: number;
      readonly low: number;
      readonly high: number;
      readonly original: number;
    }
  /** A factor for each pair, one list for texts up to `original` and one for longer ones (arXiv 2402.13753). */
  | {
      readonly kind: "longrope";
      readonly short: readonly number[];
      readonly long: readonly number[];
      readonly original: number;
      readonly magnitude: number;
    }
  /** A base that grows with the length of the text. */
  | { readonly kind: "dynamic"; readonly factor: number; readonly original: number }
  /** Like llama3 with another ramp, and with longer vectors (arXiv 2309.00071 §3). */
  | {
      readonly kind: "yarn";
      readonly factor: number;
      readonly original: number;
      readonly fast: number;
      readonly slow: number;
      readonly magnitude: number;
    };

/** Frequencies of the pairs in a text of `length` positions; and what cos and sin are multiplied by. */
interface Turning {
  readonly frequencies: readonly number[];
  readonly magnitude: number;
}

const { fround } = Math;

/** 1 / base^(2j / size), the reference's plain frequencies. */
const plain = (base: number, size: number): number[] =>
  Array.from({ length: size / 2 }, (_, j) => fround(1 / fround(base ** fround((2 * j) / size))));

/** How the pairs turn in a text of `length` positions. */
export function turning({ base, size, scaling }: Rope, length: number): Turning {
  const frequencies = plain(base, size);
  switch (scaling.kind) {
    case "none":
      return { frequencies, magnitude: 1 };
    case "linear":
      return { frequencies: frequencies.map((f) => fround(f / scaling.factor)), magnitude: 1 };
    case "llama3": {
      const { factor, low, high, original } = scaling;
      const scaled = frequencies.map((f) => {
        const wavelength = (2 * Math.PI) / f;
        if (wavelength > original / low) return fround(f / factor);
        if (wavelength < original / high) return f;
        const share = (original / wavelength - low) / (high - low);
        return fround(((1 - share) * f) / factor + share * f);
      });
      return { frequencies: scaled, magnitude: 1 };
    }
    case "longrope": {
      const factors = length > scaling.original ? scaling.long : scaling.short;
      const scaled = factors.map((factor, j) => fround(1 / fround(factor * fround(base ** fround((2 * j) / size)))));
      return { frequencies: scaled, magnitude: scaling.magnitude };
    }
    case "dynamic": {
      const { factor, original } = scaling;
      const growth = (factor * Math.max(length, original)) / original - (factor - 1);
      return { frequencies: plain(base * growth ** (size / (size - 2)), size), magnitude: 1 };
    }
    case "yarn": {
      const { factor, original, fast, slow, magnitude } = scaling;
      const pairAt = (turns: number) => (size * Math.log(original / (turns * 2 * Math.PI))) / (2 * Math.log(base));
      const from = Math.max(Math.floor(pairAt(fast)), 0);
      const to = Math.min(Math.ceil(pairAt(slow)), size - 1);
      const scaled = frequencies.map((f, j) => {
        const ramp = Math.min(Math.max((j - from) / (to === from ? 0.001 : to - from), 0), 1);
        return fround((f / factor) * ramp + f * (1 - ramp));
      });
      return { frequencies: scaled, magnitude };
    }
  }
}

/**
 * cos and sin of each pair at each position, [rows, T, size/2, 2]. `places` holds the positions of each row; in row i the text is as
 * long as `lengths[i]`, or as far as a position is in it, whichever is more. So an angle depends on the item and its position alone,
 * not on what else a pass holds. (Keys that a memory holds keep the angles that they were made with, as in the reference.)
 */
export function anglesOf(rope: Rope, places: readonly ArrayLike<number>[], lengths: readonly number[]): FloatTensor {
  const T = places[0]?.length ?? 0;
  const pairs = rope.size / 2;
  const data = new Float32Array(places.length * T * rope.size);
  const known = new Map<number, Turning>(); // by length, or one for all where the length plays no part
  const stretched = rope.scaling.kind === "longrope" || rope.scaling.kind === "dynamic";
  let at = 0;
  for (const [row, line] of places.entries()) {
    for (let t = 0; t < T; t++) {
      const position = line[t]!;
      const length = stretched ? Math.max(lengths[row]!, position + 1) : 0;
      let turn = known.get(length);
      if (!turn) known.set(length, (turn = turning(rope, length)));
      for (let j = 0; j < pairs; j++) {
        const angle = fround(position * turn.frequencies[j]!);
        data[at++] = Math.cos(angle) * turn.magnitude;
        data[at++] = Math.sin(angle) * turn.magnitude;
      }
    }
  }
  return tensor([places.length, T, pairs, 2], data);
}
