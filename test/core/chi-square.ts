/** Pearson's test of counts against an exactly known distribution. */

/** Counts and distribution pooled, in ascending order of expectation, until each bin expects at least five; then the statistic. */
export function chiSquarePooled(
  counts: ArrayLike<number>,
  distribution: ArrayLike<number>,
): { chi2: number; df: number } {
  const total = Array.from(counts).reduce((a, b) => a + b, 0);
  const order = Array.from(distribution, (_, i) => i).sort((a, b) => distribution[a]! - distribution[b]!);
  const bins: { count: number; expected: number }[] = [];
  let bin = { count: 0, expected: 0 };
  for (const i of order) {
    bin = { count: bin.count + counts[i]!, expected: bin.expected + total * distribution[i]! };
    if (bin.expected < 5) continue;
    bins.push(bin);
    bin = { count: 0, expected: 0 };
  }
  const last = bins[bins.length - 1]!;
  last.count += bin.count; // what was left over when the largest were reached
  last.expected += bin.expected;
  const chi2 = bins.reduce((sum, { count, expected }) => sum + (count - expected) ** 2 / expected, 0);
  return { chi2, df: bins.length - 1 };
}

/** Normal quantiles that the tests need: what a standard normal number exceeds with that probability. */
const QUANTILES = new Map([
  [0.001, 3.0902],
  [0.001 / 40, 4.0556],
]);

/** What the chi-square distribution exceeds with that probability (Wilson & Hilferty 1931), right to a percent from df 4 on. */
export function limitOf(df: number, probability: number): number {
  const quantile = QUANTILES.get(probability);
  if (quantile === undefined) throw new Error(`no quantile for ${probability}`);
  const spread = 2 / (9 * df);
  return df * (1 - spread + quantile * Math.sqrt(spread)) ** 3;
}
