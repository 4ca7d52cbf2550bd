/** Events that several workers tell, as one stream for whoever listens. */

/** Runs `work`, and yields what it tells. Leaving the loop early aborts the signal that `work` got, and waits for it to end. */
export async function* told<E>(
  work: (tell: (event: E) => void, signal: AbortSignal) => Promise<void>,
  outer: AbortSignal | undefined,
): AsyncGenerator<E, void, void> {
  const events: E[] = [];
  const left = new AbortController();
  const signal = outer ? AbortSignal.any([outer, left.signal]) : left.signal;
  let wake = () => {};
  let ended = false;
  const tell = (event: E) => {
    events.push(event);
    wake();
  };
  const working = work(tell, signal).finally(() => {
    ended = true;
    wake();
  });
  working.catch(() => {}); // heard below
  try {
    for (;;) {
      while (events.length > 0) yield events.shift()!;
      if (ended) break;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    left.abort();
    await working.catch(() => {});
  }
  await working;
}
