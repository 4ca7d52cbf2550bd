/** The sound of a speech as its pieces come: kept until the end, or digested and let go, so that a stream of any length takes no more memory. */
import { createHash } from "node:crypto";
import { to16Bit } from "./encode.js";

/** What the end of a speech holds: its sound and all else, or all but its sound. */
export const KEEPS = ["sound", "times"] as const;

export type Keep = (typeof KEEPS)[number];

export interface Kept {
  add(piece: Float32Array): void;
  /** Samples so far. */
  readonly length: number;
  /** All samples, or their digest as in a manifest. */
  end(): { readonly samples: Float32Array } | { readonly sha256: string };
}

export function kept(keep: Keep): Kept {
  const pieces: Float32Array[] = [];
  const hash = createHash("sha256");
  let length = 0;
  return {
    add(piece) {
      length += piece.length;
      if (keep === "sound") pieces.push(piece);
      else hash.update(bytesOf(to16Bit(piece)));
    },
    get length() {
      return length;
    },
    end() {
      if (keep === "times") return { sha256: hash.digest("hex") };
      const samples = new Float32Array(length);
      pieces.reduce((at, piece) => (samples.set(piece, at), at + piece.length), 0);
      return { samples };
    },
  };
}

/** 16-bit little-endian integers as they stand in memory. */
export const bytesOf = (pcm: Int16Array): Uint8Array => new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength);
