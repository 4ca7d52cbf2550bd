/** How long something takes: on the clock, and of all processor cores together, which a busy machine spares. */

export interface Speed {
  readonly seconds: number;
  readonly coreSeconds: number;
}

/** Of the fastest of some runs behind a first one. */
export async function timed(run: () => Promise<unknown>, runs: number): Promise<Speed> {
  await run();
  let best: Speed = { seconds: Number.POSITIVE_INFINITY, coreSeconds: Number.POSITIVE_INFINITY };
  for (let i = 0; i < runs; i++) {
    const [began, before] = [performance.now(), process.cpuUsage()];
    await run();
    const { user, system } = process.cpuUsage(before);
    const seconds = (performance.now() - began) / 1000;
    if (seconds < best.seconds) best = { seconds, coreSeconds: (user + system) / 1e6 };
  }
  return best;
}
