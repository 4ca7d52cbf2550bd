/** Windows, positions, doubtful nodes and draws of OctGPT; sessions of a tiny transformer. */
import { afterAll, describe, expect, test } from "vitest";
import { ArgumentError } from "../../../src/base/errors.js";
import { decode } from "../../../src/core/decode/loop.js";
import { openModel } from "../../../src/core/model.js";
import { OCTGPT } from "../../../src/core/octgpt/architecture.js";
import { OCTGPT_CONFIGS, parseOctgptConfig } from "../../../src/core/octgpt/config.js";
import { octgptGraph } from "../../../src/core/octgpt/graph.js";
import {
  cellOf,
  childPositions,
  depthOf,
  firstPosition,
  fullPositions,
  positionCount,
} from "../../../src/core/octgpt/octree.js";
import { bitOf, bitSampler, doubtfulCodes, doubtfulSplits, unmaskOctrees } from "../../../src/core/octgpt/unmasking.js";
import { PARTITIONS, windowsOf } from "../../../src/core/octgpt/windows.js";
import { openSession } from "../../../src/core/session.js";
import { openEngine } from "../../../src/engine/open.js";
import { f32, sizeOf } from "../../../src/engine/tensor.js";
import { memoryCheckpoint } from "../../../src/engine/weights/stored.js";

const TINY = parseOctgptConfig({
  ...{ width: 12, heads: 2, encoderBlocks: 1, decoderBlocks: 2, window: 16, dilation: 2, buffer: 2 },
  ...{ positions: "sinusoidal", norm: "layer", condition: { kind: "class", classes: 2 } },
  ...{
    bits: 3,
    fullDepth: 1,
    codeDepth: 2,
    unmasking: [
      { passes: 3, temperature: 1 },
      { passes: 5, temperature: 0.5 },
    ],
  },
});

describe("windows", () => {
  test.each(PARTITIONS)("each row has one place: %j", (partition) => {
    for (const [L, P, D] of [
      [5, 4, 2],
      [16, 4, 2],
      [61, 8, 3],
      [1, 2, 1],
    ] as const) {
      const { width, rows, places } = windowsOf(L, P, D, partition);
      expect(rows.length % width).toBe(0);
      expect(width).toBeLessThanOrEqual(P);
      for (let row = 0; row < L; row++) expect(rows[places[row]!]).toBe(row);
      expect(Array.from(rows).filter((row) => row < L).length).toBe(L);
    }
  });

  test("are runs, or every second row, or half a window later", () => {
    const windows = (partition: (typeof PARTITIONS)[number]) => [...windowsOf(16, 4, 2, partition).rows];
    expect(windows(PARTITIONS[0])).toEqual([...Array(16).keys()]);
    expect(windows(PARTITIONS[1])).toEqual([0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15]);
    expect(windows(PARTITIONS[2])).toEqual([
      0,
      1,
      16,
      16,
      ...Array.from({ length: 12 }, (_, i) => 2 + i),
      14,
      15,
      16,
      16,
    ]);
    expect(windows(PARTITIONS[3]).slice(0, 8)).toEqual([0, 2, 4, 16, 1, 3, 5, 16]);
    // Where no window is full, none is padded to be.
    expect([...windowsOf(5, 16, 2, PARTITIONS[1]).rows]).toEqual([0, 2, 4, 1, 3, 5]);
  });
});

test("a position is a cell behind the coarser ones", () => {
  const { text: config } = OCTGPT_CONFIGS;
  expect(firstPosition(config, 3)).toBe(0);
  expect(firstPosition(config, 4)).toBe(512);
  expect(positionCount(config)).toBe(512 + 4096 + 32_768 + 262_144);
  expect(depthOf(config, 511)).toBe(3);
  expect(depthOf(config, 512)).toBe(4);
  expect(cellOf(config, 4, 512 + 0b100_010_001_111)).toEqual([0b1001, 0b0101, 0b0011]);
  const children = childPositions(config, 3, fullPositions(config), (position) => position === 7);
  expect(children).toEqual([...Array(8).keys()].map((child) => 512 + 56 + child));
  expect(childPositions(config, 3, fullPositions(config), () => false)).toEqual(
    [...Array(8).keys()].map((k) => 512 + k),
  );
});

test("bits follow their logits", () => {
  expect([bitOf(0, 1, 0, 0.9), bitOf(1, 0, 0, 0.9), bitOf(0, 0, 0, 0.9)]).toEqual([1, 0, 0]);
  const share = 1 / (1 + Math.exp(1 / 0.5)); // of 0
  expect([bitOf(0, 1, 0.5, share - 1e-9), bitOf(0, 1, 0.5, share + 1e-9)]).toEqual([0, 1]);
});

test("what stands and is unlikely is doubtful", () => {
  const logits = [
    [0, 5],
    [5, -2],
    [0, 1],
    [3, 0],
    [0, 2],
    [0, 9],
  ];
  const values = [1, 1, 0, 1, null, null]; // rows 1, 2, 3 are wrong, row 4 is new and counts as wrong, row 5 stays masked
  const board = {
    item: 0,
    positions: [10, 11, 12, 13, 14, 15],
    k: (position: number) => position - 10,
    value: (position: number) => values[position - 10]!,
    staysMasked: (position: number) => position === 15,
  };
  const draws = { value: () => 0, logits: (_: number, k: number) => Float32Array.from(logits[k]!) };
  expect(doubtfulSplits(board, draws)).toEqual([]); // a fifth of four is less than one
  const many = { ...board, positions: Array.from({ length: 30 }, (_, i) => 10 + (i % 5)) };
  expect(new Set(doubtfulSplits(many, draws))).toEqual(new Set([11]));
  expect(new Set(doubtfulCodes({ ...many, value: () => 0 }, draws))).toEqual(new Set([10]));
});

describe("a tiny transformer", () => {
  const engine = openEngine({ device: "cpu" });
  afterAll(() => engine.then((open) => open.close()));
  const { weights } = octgptGraph(TINY);
  const tensors = weights.map(({ source, shape }, n) => {
    const size = sizeOf(shape as number[]);
    const value = (i: number) => Math.sin(12.9898 * (i + 1) + 78.233 * n) * 0.6;
    return [
      source.kind === "weight" ? source.name : "",
      f32(
        shape as number[],
        Array.from({ length: size }, (_, i) => value(i)),
      ),
    ] as const;
  });
  const model = engine.then((open) => openModel(open, OCTGPT, TINY, memoryCheckpoint("tiny", new Map(tensors))));
  const run = async (seed: number, item: number, label = 1) => {
    await using session = await openSession(await model, { kind: "class", label }, { guided: false });
    const draws = bitSampler(TINY, { seed, firstItem: item, temperature: 1 });
    for await (const event of decode(session, unmaskOctrees(1, TINY, seed, item), draws))
      if (event.type === "decode-end") return event.values[0]!;
    throw new Error("it ends");
  };

  test("makes whole octrees, the same for the same seed and number", async () => {
    const line = await run(3, 0);
    const known = Object.keys(line).map(Number);
    const split = fullPositions(TINY).filter((position) => line[position] === 1);
    expect(known).toEqual([
      ...fullPositions(TINY),
      ...childPositions(TINY, 1, fullPositions(TINY), (at) => split.includes(at)),
    ]);
    expect(known.slice(8).every((position) => line[position]! >= 0 && line[position]! < 8)).toBe(true);
    expect(await run(3, 0)).toEqual(line);
    expect(await run(3, 1)).not.toEqual(line);
  });

  test("refuses what it was not made for", async () => {
    const open = (
      start: Parameters<typeof openSession<typeof TINY, Parameters<typeof OCTGPT.feed>[1], number>>[1],
      guided = false,
    ) => model.then((ready) => openSession(ready, start, { guided }));
    await expect(open({ kind: "class", label: 2 })).rejects.toThrow(ArgumentError);
    await expect(open({ kind: "context", rows: f32([1, 4], [1, 2, 3, 4]) })).rejects.toThrow(ArgumentError);
    await expect(open({ kind: "class", label: 0 }, true)).rejects.toThrow(/guided/);
    await using session = await open({ kind: "class", label: 0 });
    const step = (feed: number[], fill: number[]) =>
      session.forward({ keep: 0, feed, values: [feed.map(() => 1)], sight: "block", fill });
    await expect(step([], [8])).rejects.toThrow(/step.feed/);
    await expect(step([0, 1, 2, 3, 4, 5, 6, 7], [80])).rejects.toThrow(ArgumentError);
    const { conditional } = await step([0, 1, 2, 3, 4, 5, 6, 7], [8, 71]);
    expect(conditional.shape).toEqual([1, 2, 8]);
    await using other = await open({ kind: "class", label: 1 });
    const values = [[1, 1, 1, 1, 1, 1, 1, 1]];
    const told = await other.forward({
      keep: 0,
      feed: [0, 1, 2, 3, 4, 5, 6, 7],
      values,
      sight: "block",
      fill: [8, 71],
    });
    expect(told.conditional.data).not.toEqual(conditional.data);
  });
});

test("configurations are checked", () => {
  const json = (change: object) => parseOctgptConfig({ ...TINY, ...change });
  expect(json({})).toEqual(TINY);
  for (const change of [{ window: 3 }, { width: 10, heads: 4 }, { codeDepth: 5 }, { unmasking: [] }, { surplus: 1 }])
    expect(() => json(change)).toThrow(ArgumentError);
  for (const config of Object.values(OCTGPT_CONFIGS)) expect(parseOctgptConfig(config)).toEqual(config);
});
