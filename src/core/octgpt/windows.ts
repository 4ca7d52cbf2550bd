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
  /** [windows, P] the row in each place; row L, which stands for none, fills what remains. */
  readonly rows: Int32Array;
  /** [L + 1] the place of each row. */
  readonly places: Int32Array;
}

/** L rows in windows of P rows. Padding makes the places a multiple of P times the dilation, also of windows that are not dilated. */
export function windowsOf(L: number, P: number, dilation: number, { dilated, shifted }: Partition): Windows {
  const lead = shifted ? P / 2 : 0;
  const size = P * dilation * Math.ceil((lead + L) / (P * dilation));
  const rows = new Int32Array(size).fill(L);
  const places = new Int32Array(L + 1);
  const run = dilated ? P * dilation : P;
  const step = run / P;
  for (let place = 0; place < size; place++) {
    // A run of places is [P][step], turned: each window has every step-th of its rows.
    const within = place % run;
    const row = place - within + (within % P) * step + Math.floor(within / P) - lead;
    const there = row >= 0 && row < L;
    if (there) rows[place] = row;
    places[there ? row : L] = place;
  }
  return { rows, places };
}
