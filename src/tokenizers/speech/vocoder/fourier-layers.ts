/** Short-time Fourier transforms inside a graph, as convolutions with constant bases. */
import type { GraphBuilder, Value } from "../../../engine/graph.js";
import { opsOf } from "../../../engine/ops/index.js";
import { tensor } from "../../../engine/tensor.js";
import { hann } from "../audio/windows.js";

export interface Frames {
  /** Samples of a frame, which is also its Hann window. */
  readonly size: number;
  /** Samples from one frame to the next. */
  readonly hop: number;
}

/**
 * Where the frames of an inverse lie: "center" has the middle of the first on sample 0, as torch.istft does, and gives (T-1)·hop
 * samples; "same" gives T·hop, hop for each frame.
 */
export type Placement = "center" | "same";

/** Samples [B, 1, L] to [B, size + 2, L/hop + 1]: real parts of all bins, then imaginary ones. Edges are mirrored. */
export function spectrum(g: GraphBuilder, samples: Value, { size, hop }: Frames): Value {
  const o = opsOf(g);
  const window = hann(size);
  const bins = size / 2 + 1;
  const basis = new Float32Array(2 * bins * size);
  for (let k = 0; k < bins; k++) {
    for (let n = 0; n < size; n++) {
      const angle = (2 * Math.PI * ((k * n) % size)) / size;
      basis[k * size + n] = Math.cos(angle) * window[n]!;
      basis[(bins + k) * size + n] = -Math.sin(angle) * window[n]!;
    }
  }
  const padded = o.pad(samples, { axis: 2, before: size / 2, after: size / 2, mode: "reflect" });
  return o.conv1d(padded, g.constant(tensor([2 * bins, 1, size], basis)), null, { stride: hop });
}

/** The inverse: real and imaginary parts [B, size/2 + 1, T] each to samples [B, 1, L]. */
export function waveform(
  g: GraphBuilder,
  { real, imaginary }: { readonly real: Value; readonly imaginary: Value },
  { size, hop }: Frames,
  placement: Placement,
): Value {
  const o = opsOf(g);
  const window = hann(size);
  const bins = size / 2 + 1;
  const basis = new Float32Array(2 * bins * size);
  for (let k = 0; k < bins; k++) {
    const share = (k === 0 || k === size / 2 ? 1 : 2) / size; // bins beyond the middle are the conjugates of those before
    for (let n = 0; n < size; n++) {
      const angle = (2 * Math.PI * ((k * n) % size)) / size;
      basis[k * size + n] = share * Math.cos(angle) * window[n]!;
      basis[(bins + k) * size + n] = share === 1 / size ? 0 : -share * Math.sin(angle) * window[n]!;
    }
  }
  const cut = placement === "center" ? size / 2 : (size - hop) / 2;
  const laidDown = (x: Value, kernel: Float32Array, channels: number) =>
    o.convTranspose1d(x, g.constant(tensor([channels, 1, size], kernel)), null, { stride: hop, pads: [cut, cut] });
  const parts = o.concat(real, imaginary, { axis: 1 });
  const ones = o.affine(o.slice(real, { axis: 1, start: 0, end: 1 }), { scale: 0, offset: 1 });
  const envelope = laidDown(
    ones,
    Float32Array.from(window, (w) => w * w),
    1,
  );
  return o.div(laidDown(parts, basis, 2 * bins), envelope);
}
