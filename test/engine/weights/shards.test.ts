import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { f32 } from "../../../src/engine/tensor.js";
import { openCheckpoint } from "../../../src/engine/weights/open.js";
import { writeSafetensors } from "../../../src/engine/weights/safetensors-write.js";
import { bytes, scratch, torchZip, tensor } from "./craft.js";

const { folder, write } = scratch();

beforeAll(async () => {
  await writeSafetensors(join(folder, "one.safetensors"), [["a", f32([3], [2, 3, 5])]]);
  await writeSafetensors(join(folder, "two.safetensors"), [
    ["b", f32([1], [7])],
    ["c", f32([1], [11])],
  ]);
});

const index = (weight_map: unknown, metadata?: unknown) => write(Buffer.from(JSON.stringify({ metadata, weight_map })));

it("joins the files of an index", async () => {
  const path = index({ a: "one.safetensors", b: "two.safetensors", c: "two.safetensors" }, { total_size: 20 });
  await using checkpoint = await openCheckpoint(path);
  expect(checkpoint.metadata).toEqual({ total_size: 20 });
  expect(await checkpoint.floats("a")).toEqual(Float32Array.of(2, 3, 5));
  expect(await checkpoint.floats("c")).toEqual(Float32Array.of(11));
  expect(checkpoint.extent("a")?.path).toBe(join(folder, "one.safetensors"));
});

it.each([
  [
    "a tensor that its file does not have",
    { a: "one.safetensors", x: "one.safetensors" },
    "bad-header",
    "does not hold it",
  ],
  ["a tensor in another file", { a: "two.safetensors", b: "one.safetensors" }, "bad-header", "does not hold it"],
  ["a file that is not there", { a: "three.safetensors" }, "unreadable", "no such file"],
  ["a way up", { a: "../one.safetensors" }, "bad-header", "plain name"],
  ["a way up for Windows", { a: "..\\one.safetensors" }, "bad-header", "plain name"],
  ["the folder above", { a: ".." }, "bad-header", "plain name"],
  ["a number", { a: 3 }, "bad-header", "plain name"],
  ["a list", ["one.safetensors"], "bad-header", "weight_map"],
])("refuses an index with %s", async (_, map, fault, message) => {
  const opening = openCheckpoint(index(map));
  await expect(opening).rejects.toMatchObject({ fault });
  await expect(opening).rejects.toThrow(message);
});

it("leaves out what the index places nowhere", async () => {
  await using checkpoint = await openCheckpoint(index({ b: "two.safetensors" }));
  expect([...checkpoint.entries.keys()]).toEqual(["b"]);
});

it("joins files of torch.save, and takes an index with a byte order mark", async () => {
  const shard = torchZip({ d: tensor({ shape: [7], strides: [1] }) });
  write(shard, "three.bin");
  const text = JSON.stringify({ weight_map: { a: "one.safetensors", d: "three.bin" } });
  await using checkpoint = await openCheckpoint(write(bytes("\xef\xbb\xbf", text)));
  expect((await checkpoint.floats("d"))[6]).toBe(17);
  expect(await checkpoint.floats("a")).toEqual(Float32Array.of(2, 3, 5));
});

it("refuses an index among the files of an index", async () => {
  write(Buffer.from("{}"), "nested.json");
  await expect(openCheckpoint(index({ a: "nested.json" }))).rejects.toMatchObject({ fault: "unknown-format" });
});
