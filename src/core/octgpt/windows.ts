/** Which rows see each other in a block of OctGPT: windows of rows in Morton order, some dilated, some shifted (arXiv 2504.09975 §3.3). */

/** The partition of block i is number i mod 4: each second one is dilated, and two of four are shifted by half a window. */
export const PARTITIONS = [
  { dilated: false, shifted: false },
  { dilated: true, shifted: false },
  { dilated: false, shifted: true },
  { dilated: true, shifted: true },
] as const;

export type Partition = (typeof PARTITIONS)[number];

export interface Windows {
  /** Places of a window: P, or fewer where no window is full. */
  readonly width: number;
  /** [windows, width] the row in each place; row L, which stands for none, fills what remains. */
  readonly rows: Int32Array;
  /** [L + 1] the place of each row. */
  readonly places: Int32Array;
}

/**
 * L rows in windows of P rows. The authors pad rows to a multiple of P times the dilation, also where windows are not dilated; here
 * only those places are kept that a row stands in, for it does not matter in which order rows of a window see each other.
 */
export function windowsOf(L: number, P: number, dilation: number, { dilated, shifted }: Partition): Windows {
  const lead = shifted ? P / 2 : 0;
  const size = P * dilation * Math.ceil((lead + L) / (P * dilation));
  const run = dilated ? P * dilation : P;
  const step = run / P;
  const windows: number[][] = Array.from({ length: size / P }, () => []);
  for (let row = 0; row < L; row++) {
    // A run of places is [P][step], turned: each window has every step-th of its rows.
    const within = (lead + row) % run;
    windows[(lead + row - within) / P + (within % step)]!.push(row);
  }
  const used = windows.filter(({ length }) => length > 0);
  const width = Math.max(...used.map(({ length }) => length));
  const rows = new Int32Array(used.length * width).fill(L);
  const places = new Int32Array(L + 1);
  for (const [n, window] of used.entries()) {
    for (const [i, row] of window.entries()) {
      rows[n * width + i] = row;
      places[row] = n * width + i;
    }
  }
  return { width, rows, places };
}
