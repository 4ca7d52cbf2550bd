import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { BusyError } from "../../src/base/errors.js";
import { Queue } from "../../src/serve/queue.js";

const never = new AbortController().signal;

/** Work that takes steps, which a test lets happen one by one. */
class Work {
  readonly log: string[] = [];
  private readonly gates = new Map<string, () => void>();

  /** Steps that end at once. */
  quick(name: string, steps = 2) {
    return async function* (this: Work, signal: AbortSignal) {
      this.log.push(`${name} begins`);
      try {
        for (let i = 0; i < steps; i++) {
          signal.throwIfAborted();
          yield `${name}${i}`;
        }
      } finally {
        this.log.push(`${name} ends`);
      }
    }.bind(this);
  }

  /** A first step that lasts until `open(name)`, then a second one. */
  slow(name: string) {
    return async function* (this: Work, signal: AbortSignal) {
      this.log.push(`${name} begins`);
      try {
        yield `${name}0`;
        await new Promise<void>((resolve) => this.gates.set(name, resolve));
        signal.throwIfAborted();
        yield `${name}1`;
      } finally {
        this.log.push(`${name} ends`);
      }
    }.bind(this);
  }

  async open(name: string): Promise<void> {
    while (!this.gates.has(name)) await sleep(1);
    this.gates.get(name)!();
  }
}

async function all<E>(events: AsyncIterable<E>): Promise<E[]> {
  const out: E[] = [];
  for await (const event of events) out.push(event);
  return out;
}

describe("a queue", () => {
  test("runs requests one after the other, in their order", async () => {
    const [queue, work] = [new Queue(9), new Work()];
    const runs = ["a", "b", "c"].map((name) => all(queue.events(work.quick(name), never)));
    expect(await Promise.all(runs)).toEqual([
      ["a0", "a1"],
      ["b0", "b1"],
      ["c0", "c1"],
    ]);
    expect(work.log).toEqual(["a", "b", "c"].flatMap((name) => [`${name} begins`, `${name} ends`]));
    expect(queue.state).toEqual({ running: 0, waiting: 0 });
  });

  test("lets nobody overtake while one hands over to the next", async () => {
    const [queue, work] = [new Queue(9), new Work()];
    const first = all(queue.events(work.slow("a"), never));
    const second = all(queue.events(work.quick("b"), never));
    await work.open("a");
    await first;
    await Promise.all([second, all(queue.events(work.quick("c"), never))]);
    expect(work.log.filter((entry) => entry.endsWith("begins"))).toEqual(["a begins", "b begins", "c begins"]);
  });

  test("refuses one more than may wait, and says when to come again", async () => {
    const [queue, work] = [new Queue(1), new Work()];
    const running = all(queue.events(work.slow("a"), never));
    const waiting = all(queue.events(work.quick("b"), never));
    expect(queue.state).toEqual({ running: 1, waiting: 1 });
    const refused = await all(queue.events(work.quick("c"), never)).catch((error: unknown) => error);
    expect(BusyError.isInstance(refused)).toBe(true);
    expect(refused).toMatchObject({ waiting: 1, retryAfter: 1 });
    await work.open("a");
    await Promise.all([running, waiting]);
    expect(await all(queue.events(work.quick("d"), never))).toEqual(["d0", "d1"]);
  });

  test("ends an aborted request at once, and the next one begins when its work has stopped", async () => {
    const [queue, work, controller] = [new Queue(9), new Work(), new AbortController()];
    const reason = new Error("gone");
    const stopped = all(queue.events(work.slow("a"), controller.signal));
    const next = all(queue.events(work.quick("b"), never));
    await sleep(1);
    controller.abort(reason);
    await expect(stopped).rejects.toBe(reason);
    expect(work.log).toEqual(["a begins"]);
    await work.open("a");
    expect(await next).toEqual(["b0", "b1"]);
    expect(work.log.slice(0, 3)).toEqual(["a begins", "a ends", "b begins"]);
  });

  test("forgets an aborted request that waits", async () => {
    const [queue, work, controller] = [new Queue(9), new Work(), new AbortController()];
    const running = all(queue.events(work.slow("a"), never));
    const waiting = all(queue.events(work.quick("b"), controller.signal));
    await sleep(1);
    controller.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    expect(queue.state).toEqual({ running: 1, waiting: 0 });
    await work.open("a");
    await running;
    expect(work.log).toEqual(["a begins", "a ends"]);
  });

  test("is not held by who does not read, and stops for who leaves", async () => {
    const [queue, work] = [new Queue(9), new Work()];
    const lazy = queue.events(work.quick("a", 50), never);
    await lazy.next();
    expect(await all(queue.events(work.quick("b"), never))).toEqual(["b0", "b1"]);
    expect(await all(lazy)).toHaveLength(49);
    const leaving = queue.events(work.slow("c"), never);
    await leaving.next();
    await leaving.return();
    await work.open("c");
    await queue.idle();
    expect(work.log.at(-1)).toBe("c ends");
  });

  test("goes on after a failure, at the start or on the way", async () => {
    const queue = new Queue(9);
    const thrown = () => {
      throw new Error("at once");
    };
    const later = async function* () {
      yield 1;
      throw new Error("later");
    };
    const runs = [thrown, later].map((run) => all(queue.events(run, never)));
    await expect(runs[0]).rejects.toThrow("at once");
    await expect(runs[1]).rejects.toThrow("later");
    expect(await all(queue.events(new Work().quick("a", 1), never))).toEqual(["a0"]);
  });
});
