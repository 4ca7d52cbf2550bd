import { describe, expect, test } from "vitest";
import { ClosedError } from "../../src/base/errors.js";
import { GraphBuilder } from "../../src/engine/graph.js";
import { HostMemory } from "../../src/engine/memory.js";
import { tensor } from "../../src/engine/tensor.js";

/** B = 3 rows, H = 2 heads, S = 7 slots, D = 5. */
function graphWithState() {
  const g = new GraphBuilder("memory-test");
  const state = g.state("k", ["B", 2, "S", 5]);
  const rows = g.input("rows", ["B", 2, "T", 5]);
  g.append(state, rows);
  return g.build({});
}

const allocate = (S = 7) => HostMemory.allocate(graphWithState(), { B: 3, S });

/** Rows [3, 2, T, 5] whose numbers say where they belong: row, head, position, element. */
function rows(T: number, from: number) {
  const data = new Float32Array(3 * 2 * T * 5);
  for (let i = 0; i < data.length; i++) {
    const [b, h, t, d] = [Math.floor(i / (10 * T)), Math.floor(i / (5 * T)) % 2, Math.floor(i / 5) % T, i % 5];
    data[i] = b * 1000 + h * 100 + (from + t) * 10 + d;
  }
  return new Map([["k", tensor([3, 2, T, 5], data)]]);
}

describe("HostMemory", () => {
  test("keeps appended rows in order, whatever their number", async () => {
    const memory = allocate();
    memory.append(rows(3, 0));
    memory.append(rows(1, 3));
    expect(memory.length).toBe(4);
    expect(await memory.read("k")).toEqual(rows(4, 0).get("k"));
  });

  test("truncation forgets the last slots, which the next rows take", async () => {
    const memory = allocate();
    memory.append(rows(5, 100));
    memory.truncate(0);
    memory.append(rows(2, 0));
    expect(await memory.read("k")).toEqual(rows(2, 0).get("k"));
    expect(() => memory.truncate(3)).toThrow("an integer from 0 to 2");
  });

  test("keeps the slots that are named, close together, for the next rows to follow", async () => {
    for (const S of [7, 200]) {
      const memory = allocate(S);
      memory.append(rows(6, 0));
      await memory.keep([0, 3, 4]);
      memory.append(rows(1, 9));
      const { data } = await memory.read("k");
      const first = (row: number) => [0, 1, 2, 3].map((slot) => data[(row * 4 + slot) * 5]);
      expect(first(0)).toEqual([0, 30, 40, 90]);
      expect(first(5)).toEqual([2100, 2130, 2140, 2190]); // the last row and head
      for (const wrong of [[4], [1, 0], [0, 0], [-1], [0.5]]) await expect(memory.keep(wrong)).rejects.toThrow("slots");
      await memory.keep([]);
      expect(memory.length).toBe(0);
    }
  });

  test("a fork reads all parents before it writes, also when they are swapped", async () => {
    const memory = allocate();
    memory.append(rows(3, 0));
    const before = (await memory.read("k")).data;
    await memory.fork([2, 0, 0]);
    const after = (await memory.read("k")).data;
    const row = (data: Float32Array, b: number) => [...data.subarray(b * 30, (b + 1) * 30)];
    expect([0, 1, 2].map((b) => row(after, b))).toEqual([2, 0, 0].map((b) => row(before, b)));
    await expect(memory.fork([0, 1, 3])).rejects.toThrow("1 to 3 rows from 0 to 2");
    await expect(memory.fork([])).rejects.toThrow("1 to 3 rows from 0 to 2");
  });

  test("a fork to fewer rows leaves those, and they go on", async () => {
    const memory = allocate();
    memory.append(rows(3, 0));
    await memory.fork([2, 0]);
    expect(memory.sizes.B).toBe(2);
    const before = rows(4, 0).get("k")!.data;
    const last = [2, 0].flatMap((b) =>
      [0, 1].flatMap((h) => [...before.subarray((b * 2 + h) * 20 + 15, (b * 2 + h) * 20 + 20)]),
    );
    memory.append(new Map([["k", tensor([2, 2, 1, 5], Float32Array.from(last))]]));
    const { shape, data } = await memory.read("k");
    expect(shape).toEqual([2, 2, 4, 5]);
    expect([...data]).toEqual([...before.subarray(80, 120), ...before.subarray(0, 40)]);
    await expect(memory.fork([0, 1, 0])).rejects.toThrow("1 to 2 rows from 0 to 1");
  });

  test("shows the filled slots and few more, and keeps what they hold when it shows more", async () => {
    const memory = allocate(150);
    const visible = () => [memory.visible, memory.sizes.S, memory.states.get("k")!.shape[2]];
    expect(visible()).toEqual([64, 64, 64]);
    memory.append(rows(61, 0));
    memory.append(rows(5, 61));
    expect(visible()).toEqual([128, 128, 128]);
    expect(await memory.read("k")).toEqual(rows(66, 0).get("k"));
    memory.truncate(3);
    memory.append(rows(147, 3));
    expect(visible()).toEqual([150, 150, 150]);
    expect(await memory.read("k")).toEqual(rows(150, 0).get("k"));
  });

  test("rows that do not fit are refused before a run and before anything is written", async () => {
    const memory = allocate(4);
    memory.append(rows(3, 0));
    expect(() => memory.reserve(graphWithState(), { T: 2 })).toThrow("2 new positions do not fit after the 3");
    expect(() => memory.reserve(graphWithState(), { T: 1 })).not.toThrow();
    expect(() => memory.append(rows(2, 3))).toThrow("do not fit");
    expect(memory.length).toBe(3);
  });

  test("what was read is loaded again, behind what is there", async () => {
    const [first, second] = [allocate(), allocate(200)];
    first.append(rows(3, 0));
    const k = await first.read("k");
    await second.load({ k });
    await second.load({ k });
    expect([second.length, second.visible]).toEqual([6, 64]);
    expect(await second.keep([3, 4, 5]).then(() => second.read("k"))).toEqual(k);
    await expect(second.load({})).rejects.toThrow("are not those of its states");
    await expect(second.load({ k, v: k })).rejects.toThrow("States: k.");
    await expect(first.load({ k: tensor([3, 2, 5, 5], new Float32Array(150)) })).rejects.toThrow("do not fit");
  });

  test("refuses sizes that are missing or zero, and use after close", async () => {
    expect(() => HostMemory.allocate(graphWithState(), { B: 3 })).toThrow('state "k" [B,2,S,5] cannot be allocated');
    expect(() => HostMemory.allocate(graphWithState(), { B: 0, S: 7 })).toThrow("cannot be allocated");
    const memory = allocate();
    await memory.close();
    expect(() => memory.truncate(0)).toThrow(ClosedError);
  });
});
