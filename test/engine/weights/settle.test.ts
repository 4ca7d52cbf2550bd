import { expect, it } from "vitest";
import { ClosedError, UnknownNameError, WeightsError } from "../../../src/base/errors.js";
import { GraphBuilder } from "../../../src/engine/graph.js";
import { f32 } from "../../../src/engine/tensor.js";
import { settle } from "../../../src/engine/weights/settle.js";
import { memoryCheckpoint } from "../../../src/engine/weights/stored.js";
import { renamed, subset } from "../../../src/engine/weights/views.js";

function graph(weights: Readonly<Record<string, readonly number[]>>) {
  const g = new GraphBuilder("test");
  for (const [name, shape] of Object.entries(weights)) g.weight(name, shape);
  return g.build({});
}

const zeros = (...shape: number[]) => f32(shape, new Float32Array(shape.reduce((a, b) => a * b, 1)));

const faults = (run: () => unknown): readonly string[] => {
  try {
    run();
  } catch (error) {
    if (error instanceof WeightsError) return error.faults;
    throw error;
  }
  return [];
};

it("accepts what is used up exactly, by several graphs together", () => {
  const checkpoint = memoryCheckpoint("memory", [
    ["a", zeros(2, 3)],
    ["b", zeros(5)],
    ["scale", zeros()],
  ]);
  expect(faults(() => settle(checkpoint, [graph({ a: [2, 3], b: [5] }), graph({ b: [5], scale: [] })]))).toEqual([]);
});

it("lists everything missing, misshapen and unused at once, and each once", () => {
  const checkpoint = memoryCheckpoint("memory", [
    ["a", zeros(3, 2)],
    ["x", zeros(7)],
    ["freqs_cis", zeros(11)],
  ]);
  const graphs = [graph({ a: [2, 3], b: [5] }), graph({ a: [2, 3] })];
  expect(faults(() => settle(checkpoint, graphs, { ignore: [/^freqs_cis$/g, /never/] }))).toEqual([
    "misshapen  a: needs [2,3], file has [3,2]",
    "missing    b [5]",
    "unused     x",
  ]);
});

it("views: a part under a prefix, other names by a table", async () => {
  const checkpoint = memoryCheckpoint("memory", [
    ["vae.0.wq", f32([1], [2])],
    ["vae.1.wq", f32([1], [3])],
    ["gpt.head", f32([1], [5])],
  ]);
  await using part = subset(checkpoint, "vae.");
  const table = [[/^(\d)\.wq$/, "block.$1.query"]] as const;
  const view = renamed(part, table);
  expect([...view.entries.keys()]).toEqual(["block.0.query", "block.1.query"]);
  expect(await view.floats("block.1.query")).toEqual(Float32Array.of(3));
  expect([
    ...renamed(checkpoint, [
      [/^vae\./, ""],
      [/^gpt/, null],
    ]).entries.keys(),
  ]).toEqual(["0.wq", "1.wq"]);
  expect(faults(() => subset(checkpoint, "text."))).toEqual(["missing    text.*"]);
  expect(
    faults(() =>
      renamed(checkpoint, [
        [/wq/, "q"],
        [/^vae\.1/, "x"],
      ]),
    ),
  ).toEqual(["unnamed    vae.1.wq: 2 rows of the table match", "unnamed    gpt.head: 0 rows of the table match"]);
  expect(faults(() => renamed(part, [[/.*/, "same"]]))).toEqual(["repeated   same: from 0.wq and from 1.wq"]);
});

it("memory: gives copies, knows its names, and is closed when it is closed", async () => {
  const source = f32([2], [2, 3]);
  const checkpoint = memoryCheckpoint("memory", [["a", source]]);
  (await checkpoint.floats("a"))[0] = 9;
  expect(source.data[0]).toBe(2);
  expect(checkpoint.extent("a")).toBeNull();
  await expect(checkpoint.floats("b")).rejects.toThrow(UnknownNameError);
  expect(() =>
    memoryCheckpoint("memory", [
      ["a", source],
      ["a", source],
    ]),
  ).toThrow("distinct names");
  await checkpoint.close();
  await checkpoint.close();
  await expect(checkpoint.bytes("a")).rejects.toThrow(ClosedError);
});
