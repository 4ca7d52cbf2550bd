import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { BusyError } from "../../src/base/errors.js";
import { type LikeWork, Queue } from "../../src/serve/queue.js";

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

  describe("with work that can be done together", () => {
    /** Like works of `key`, which tell who began with whom; the name "x" fails. */
    const likeWork = (log: string[], name: string, { key = "k", items = 1 } = {}): LikeWork<string, string> => ({
      ...{ key, items },
      request: (signal) => {
        signal.addEventListener("abort", () => log.push(`${name} is stopped`));
        return name;
      },
      together(names) {
        log.push(names.join("+"));
        return names.map(async function* (each) {
          for (const step of [0, 1]) {
            if (each === "x") throw new Error("x fails");
            yield `${each}${step}`;
            await sleep(5);
          }
        });
      },
    });

    /** Works that come while another one runs, and what was begun with what. */
    async function queued(works: (log: string[]) => readonly LikeWork<string, string>[], together = 3) {
      const [queue, first, log] = [new Queue(9, together), new Work(), [] as string[]];
      const running = all(queue.events(first.slow("first"), never));
      const ends = Promise.allSettled(works(log).map((work) => all(queue.events(work, never))));
      await first.open("first");
      await running;
      return { ends: await ends, log, state: queue.state };
    }

    test("begins what is alike in one, in order, as far as there is room", async () => {
      const { ends, log, state } = await queued((log) => [
        likeWork(log, "a"),
        likeWork(log, "b", { key: "other" }),
        likeWork(log, "c", { items: 2 }),
        likeWork(log, "d"),
        likeWork(log, "e", { key: "other" }),
        likeWork(log, "f", { items: 7 }),
      ]);
      expect(log.filter((entry) => !entry.endsWith("stopped"))).toEqual(["a+c", "b+e", "d", "f"]);
      const names = ["a", "b", "c", "d", "e", "f"];
      expect(ends).toEqual(names.map((name) => ({ status: "fulfilled", value: [`${name}0`, `${name}1`] })));
      expect(state).toEqual({ running: 0, waiting: 0 });
    });

    test("leaves the others as they are when one fails", async () => {
      const { ends } = await queued((log) => ["a", "x", "b"].map((name) => likeWork(log, name)));
      expect(ends).toMatchObject([{ value: ["a0", "a1"] }, { reason: new Error("x fails") }, { value: ["b0", "b1"] }]);
    });

    test("leaves the others as they are when one is aborted, waiting or on the way", async () => {
      const [queue, first, log] = [new Queue(9, 9), new Work(), [] as string[]];
      const running = all(queue.events(first.slow("first"), never));
      const [waits, runs] = [new AbortController(), new AbortController()];
      const signals = [never, waits.signal, runs.signal, never];
      const ends = ["a", "b", "c", "d"].map((name, i) => all(queue.events(likeWork(log, name), signals[i]!)));
      const settled = Promise.allSettled(ends);
      await sleep(1);
      waits.abort(new Error("left the line"));
      await first.open("first");
      await running;
      while (log.length === 0) await sleep(1);
      expect(queue.state).toEqual({ running: 3, waiting: 0 });
      runs.abort(new Error("left the batch"));
      await expect(ends[2]).rejects.toThrow("left the batch");
      expect(queue.state.running).toBeGreaterThan(0);
      expect(await settled).toMatchObject([
        { value: ["a0", "a1"] },
        { reason: new Error("left the line") },
        { reason: new Error("left the batch") },
        { value: ["d0", "d1"] },
      ]);
      expect(log.slice(0, 2)).toEqual(["a+c+d", "c is stopped"]);
    });

    test("goes on after all of a batch cannot begin", async () => {
      const broken = (): LikeWork<string, string> => ({
        ...{ key: "k", items: 1, request: () => "" },
        together() {
          throw new Error("at once");
        },
      });
      const { ends, state } = await queued((log) => [broken(), broken(), likeWork(log, "a", { key: "other" })]);
      expect(ends).toMatchObject([{ status: "rejected" }, { status: "rejected" }, { value: ["a0", "a1"] }]);
      expect(state).toEqual({ running: 0, waiting: 0 });
    });
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
