import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { ArgumentError, OutputError } from "../../../src/base/errors.js";
import { f32, i32 } from "../../../src/engine/tensor.js";
import { ELEMENT_BYTES, type Element } from "../../../src/engine/weights/checkpoint.js";
import { openCheckpoint } from "../../../src/engine/weights/open.js";
import { writeSafetensors } from "../../../src/engine/weights/safetensors-write.js";
import { safetensors, scratch } from "./craft.js";

const { folder, write } = scratch();

it("reads back what it wrote, in every element type, a scalar and an empty tensor too", async () => {
  const path = join(folder, "all.safetensors");
  const elements = Object.keys(ELEMENT_BYTES) as Element[];
  const raw = elements.map((element, i) => {
    const shape = [3, 5];
    return [
      `t.${element}`,
      { element, shape, bytes: new Uint8Array(15 * ELEMENT_BYTES[element]).fill(i + 1) },
    ] as const;
  });
  const tensors = [
    ...raw,
    ["scalar", f32([], [-7])],
    ["none", i32([2, 0, 3], [])],
    ["__proto__", i32([1], [11])],
  ] as const;
  await writeSafetensors(path, tensors, { format: "pt" });
  await using checkpoint = await openCheckpoint(path);
  expect(checkpoint.metadata).toEqual({ format: "pt" });
  expect([...checkpoint.entries.keys()].sort()).toEqual(tensors.map(([name]) => name as string).sort());
  const file = readFileSync(path);
  for (const [name, { element, shape, bytes }] of raw) {
    expect(checkpoint.entries.get(name)).toMatchObject({ element, shape });
    expect(Buffer.compare(await checkpoint.bytes(name), bytes)).toBe(0);
    const extent = checkpoint.extent(name)!;
    expect(extent.offset % ELEMENT_BYTES[element]).toBe(0);
    expect(Buffer.compare(file.subarray(extent.offset, extent.offset + extent.bytes), bytes)).toBe(0);
  }
  expect(await checkpoint.floats("scalar")).toEqual(Float32Array.of(-7));
  expect(await checkpoint.floats("none")).toEqual(new Float32Array(0));
  expect(await checkpoint.floats("__proto__")).toEqual(Float32Array.of(11));
});

it("writes equal bytes for equal content, whatever its order", async () => {
  const rows = [
    ["b", f32([2], [1, 2])],
    ["a", i32([3], [1, 2, 3])],
  ] as const;
  await writeSafetensors(join(folder, "one"), rows);
  await writeSafetensors(join(folder, "two"), rows.toReversed());
  expect(readFileSync(join(folder, "one")).equals(readFileSync(join(folder, "two")))).toBe(true);
});

it("leaves nothing behind where it cannot write, and refuses names and sizes that no reader would take", async () => {
  const before = readdirSync(folder);
  await expect(writeSafetensors(join(fileURLToPath(import.meta.url), "such"), [])).rejects.toThrow(OutputError); // a file is no folder
  const twice = [
    ["a", f32([1], [1])],
    ["a", f32([1], [2])],
  ] as const;
  await expect(writeSafetensors(join(folder, "x"), twice)).rejects.toThrow(ArgumentError);
  await expect(writeSafetensors(join(folder, "x"), [["__metadata__", f32([1], [1])]])).rejects.toThrow(ArgumentError);
  const short = { element: "f64", shape: [2], bytes: new Uint8Array(8) } as const;
  await expect(writeSafetensors(join(folder, "x"), [["a", short]])).rejects.toThrow("16 bytes for f64 [2]");
  expect(readdirSync(folder)).toEqual(before);
});

const row = (dtype: string, shape: unknown, begin: unknown, end: unknown) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

it.each([
  ["F8 by name", { a: row("F8_E4M3", [2], 0, 2) }, 2, "bad-header", 'dtype "F8_E4M3", which is not loaded'],
  ["a dtype of another case", { a: row("f32", [1], 0, 4) }, 4, "bad-header", "does not exist"],
  ["a dtype from the prototype of objects", { a: row("constructor", [1], 0, 4) }, 4, "bad-header", "does not exist"],
  ["2^60 elements", { a: row("F32", [2 ** 60], 0, 2 ** 62) }, 4, "bad-offsets", "the data has 4 bytes"],
  ["2^60 elements in four bytes", { a: row("F32", [2 ** 60], 0, 4) }, 4, "bad-size", "needs"],
  ["a fraction as size", { a: row("U8", [1.5, 2], 0, 3) }, 3, "bad-header", "not a list of sizes"],
  ["text as size", { a: row("U8", ["3"], 0, 3) }, 3, "bad-header", "not a list of sizes"],
  ["minus zero", '{"a":{"dtype":"U8","shape":[-0],"data_offsets":[0,0]}}', 0, "bad-header", "not a list of sizes"],
  ["three offsets", { a: { dtype: "U8", shape: [3], data_offsets: [0, 3, 3] } }, 3, "bad-header", "byte counts"],
  ["no object", { a: [1] }, 0, "bad-header", "not described"],
  ["bytes behind the last tensor", { a: row("U8", [3], 0, 3) }, 5, "bad-offsets", "end at 3"],
  ["a hole before the first", { a: row("U8", [3], 2, 5) }, 5, "bad-offsets", "bytes 0 to 2"],
  ["two names for one range", { a: row("U8", [3], 0, 3), b: row("U8", [3], 0, 3) }, 3, "bad-offsets", "inside"],
  ["data and no tensor", {}, 3, "bad-offsets", "end at 0"],
  [
    "one name twice for one range",
    `{"a":${JSON.stringify(row("U8", [3], 0, 3))},"\\u0061":${JSON.stringify(row("U8", [3], 0, 3))}}`,
    3,
    "bad-header",
    "twice",
  ],
  ["numbers as metadata", { __metadata__: { epoch: 3 } }, 0, "bad-header", "__metadata__"],
  ["a list", " []", 0, "bad-header", "does not begin with {"],
  ["a control character in a name", { "\x1b[31m": 3 }, 0, "bad-header", "\\u001b"],
])("refuses %s", async (_, header, bytes, fault, message) => {
  const opening = openCheckpoint(write(safetensors(header, Buffer.alloc(bytes))));
  await expect(opening).rejects.toMatchObject({ code: "checkpoint", fault });
  await expect(opening).rejects.toThrow(message);
});

it("takes an empty file of no tensors, and tensors of no bytes between others", async () => {
  await using none = await openCheckpoint(write(safetensors({})));
  expect(none.entries.size).toBe(0);
  const header = { a: row("U8", [3], 0, 3), z: row("F32", [0, 2 ** 40], 3, 3), b: row("I8", [1], 3, 4) };
  await using some = await openCheckpoint(write(safetensors(header, Buffer.of(1, 2, 3, 255))));
  expect(await some.floats("b")).toEqual(Float32Array.of(-1));
  expect(await some.floats("z")).toEqual(new Float32Array(0));
});

it("takes a header that is the magic of a zip or a pickle by chance of its length", async () => {
  for (const length of [0x0280, 0x7b]) {
    const header = JSON.stringify({ a: row("U8", [1], 0, 1) }).padEnd(length);
    await using checkpoint = await openCheckpoint(write(safetensors(header, Buffer.of(3))));
    expect(await checkpoint.floats("a")).toEqual(Float32Array.of(3));
  }
});

it.each([
  ["GGUF____________", "unknown-format", "GGUF"],
  ["version https://git-lfs.github.com/spec/v1\n", "unknown-format", "Git LFS pointer"],
  ["PK\x03\x04________________________", "damaged-archive", "cut short"],
  ["\x80\x02}q\x00.________________________", "unknown-format", "torch.save did not write it"],
])("says what else %j is", async (content, fault, message) => {
  const opening = openCheckpoint(write(Buffer.from(content, "latin1")));
  await expect(opening).rejects.toMatchObject({ fault });
  await expect(opening).rejects.toThrow(message);
});

it("says what it cannot open", async () => {
  await expect(openCheckpoint(join(folder, "nowhere"))).rejects.toMatchObject({ fault: "unreadable" });
  await expect(openCheckpoint(folder)).rejects.toMatchObject({ fault: "unreadable" });
  await expect(openCheckpoint("")).rejects.toThrow(ArgumentError);
  const path = write(safetensors({}));
  await expect(openCheckpoint(path, { prefix: "model" })).rejects.toThrow(ArgumentError);
  await expect(openCheckpoint(path, { prefixes: "model" } as object)).rejects.toThrow(ArgumentError);
});

it("strips a common beginning, and refuses one that nothing has or that makes names equal", async () => {
  const path = join(folder, "compiled");
  await writeSafetensors(path, [
    ["_orig_mod.a", f32([1], [2])],
    ["b", f32([1], [3])],
  ]);
  await using checkpoint = await openCheckpoint(path, { strip: "_orig_mod." });
  expect([...checkpoint.entries.keys()]).toEqual(["a", "b"]);
  expect(await checkpoint.floats("a")).toEqual(Float32Array.of(2));
  await expect(openCheckpoint(path, { strip: "module." })).rejects.toThrow(ArgumentError);
  await writeSafetensors(path, [
    ["x.a", f32([1], [2])],
    ["a", f32([1], [3])],
  ]);
  await expect(openCheckpoint(path, { strip: "x." })).rejects.toThrow(ArgumentError);
});
