import { expect, it } from "vitest";
import { ArgumentError, UnknownNameError } from "../../../src/base/errors.js";
import { openCheckpoint } from "../../../src/engine/weights/open.js";
import {
  bytes,
  call,
  global,
  le,
  type Piece,
  pickle,
  piece,
  SEVEN,
  scratch,
  tensor,
  torchLegacy,
  torchZip,
  tuple,
  zip,
} from "./craft.js";

const { write } = scratch();

const DICT = global("collections", "OrderedDict");
const row = (offset: number, length = 1) => tensor({ offset, shape: [length], strides: [1] });
const names = async (path: string, options = {}) => {
  await using checkpoint = await openCheckpoint(path, options);
  return [...checkpoint.entries.keys()];
};

it("reads views of one storage: steps, transposes, strides of 0, scalars", async () => {
  const views = {
    steps: tensor({ offset: 1, shape: [3], strides: [2] }),
    transposed: tensor({ shape: [3, 2], strides: [1, 3] }),
    repeated: tensor({ offset: 4, shape: [2, 3], strides: [0, 1] }),
    scalar: tensor({ offset: 6, shape: [], strides: [] }),
    one: tensor({ offset: 2, shape: [1, 2], strides: [100, 1] }),
  };
  await using checkpoint = await openCheckpoint(write(torchZip(views)));
  expect([...(await checkpoint.floats("steps"))]).toEqual([3, 7, 13]);
  expect([...(await checkpoint.floats("transposed"))]).toEqual([2, 7, 3, 11, 5, 13]);
  expect([...(await checkpoint.floats("repeated"))]).toEqual([11, 13, 17, 11, 13, 17]);
  expect([...(await checkpoint.floats("scalar"))]).toEqual([17]);
  expect([...(await checkpoint.floats("one"))]).toEqual([5, 7]);
  expect(["steps", "transposed", "repeated"].map((name) => checkpoint.extent(name))).toEqual([null, null, null]);
  expect(checkpoint.extent("one")).toMatchObject({ bytes: 8 });
});

it("gathers elements of eight bytes without touching a bit", async () => {
  const content = Buffer.from("0102030405060708f0f1f2f3f4f5f6ff", "hex"); // the second is a NaN with a payload
  const pair = tensor({ key: "1", storage: "DoubleStorage", count: 2, offset: 1, shape: [2], strides: [0] });
  await using checkpoint = await openCheckpoint(write(torchZip({ pair }, { name: "archive/data/1", content })));
  expect(Buffer.from(await checkpoint.bytes("pair")).toString("hex")).toBe("f0f1f2f3f4f5f6ff".repeat(2));
});

it("turns the numbers of a big-endian archive, and offers no extent of them", async () => {
  const swapped = Buffer.from(SEVEN).swap32();
  const object = { w: row(2, 3), steps: tensor({ offset: 1, shape: [2], strides: [3] }) };
  const path = write(
    zip([
      { name: "m/data.pkl", content: pickle(object) },
      { name: "m/byteorder", content: Buffer.from("big") },
      { name: "m/data/0", content: swapped },
    ]),
  );
  await using checkpoint = await openCheckpoint(path);
  expect([...(await checkpoint.floats("w"))]).toEqual([5, 7, 11]);
  expect([...(await checkpoint.floats("steps"))]).toEqual([3, 11]);
  expect(checkpoint.extent("w")).toBeNull();
  const odd = torchZip(object, { name: "archive/byteorder", content: Buffer.from("middle") });
  await expect(openCheckpoint(write(odd))).rejects.toMatchObject({ fault: "bad-header" });
});

it("takes the part that leaves no choice, else the one that is named", async () => {
  const weights = { a: row(0) };
  expect(await names(write(torchZip({ model: weights, step: 3 })))).toEqual(["a"]);
  expect(await names(write(torchZip({ net: weights })))).toEqual(["a"]);
  const optimizer = { state: [{ moment: row(1) }] };
  const training = write(torchZip({ state_dict: weights, optimizer, lr: 0.5 }));
  expect(await names(training)).toEqual(["a"]);
  expect(await names(training, { prefix: "optimizer" })).toEqual(["state.0.moment"]);
  expect(await names(training, { prefix: "" })).toEqual(["state_dict.a", "optimizer.state.0.moment"]);
  const nested = write(torchZip({ trainer: { "vae.local": weights, gpt: { b: row(1) } } }));
  expect(await names(nested)).toEqual(["vae.local.a", "gpt.b"]);
  expect(await names(nested, { prefix: "trainer.vae.local" })).toEqual(["a"]);
  const two = write(torchZip({ model: weights, state_dict: weights }));
  await expect(names(two)).rejects.toThrow(ArgumentError);
  await expect(names(two)).rejects.toThrow('"model", "state_dict"');
  await expect(names(two, { prefix: "modle" })).rejects.toThrow(UnknownNameError);
  await expect(names(write(torchZip([weights])))).rejects.toMatchObject({ fault: "unsupported-pickle" });
  const clash = torchZip({ "a.b": row(0), a: { b: row(1) } });
  await expect(names(write(clash))).rejects.toThrow('two tensors have the name "a.b"');
});

it("prefers averaged weights to the last ones, and its messages say so", async () => {
  const trained = write(torchZip({ model: { a: row(0) }, ema: { a: row(1) }, optimizer: { moment: row(0) } }));
  await using checkpoint = await openCheckpoint(trained);
  expect([...(await checkpoint.floats("a"))]).toEqual([3]);
  expect(checkpoint.label).toBe(`${trained} (of its parts, ema)`);
  await using last = await openCheckpoint(trained, { prefix: "model" });
  expect([...(await last.floats("a"))]).toEqual([2]);
  expect(last.label).toBe(trained);
});

it("takes off what wrappers of training put before every name", async () => {
  const of = (...keys: string[]) => write(torchZip({ model: Object.fromEntries(keys.map((key) => [key, row(0)])) }));
  expect(await names(of("module.a", "module.b"))).toEqual(["a", "b"]);
  expect(await names(of("_orig_mod.module.a", "_orig_mod.module.module.b"))).toEqual(["a", "module.b"]);
  expect(await names(of("module.a", "b"))).toEqual(["module.a", "b"]);
  expect(await names(of("module.a"), { strip: "" })).toEqual(["module.a"]);
});

it("takes sizes, types and dicts with a default for what they are", async () => {
  const size = call(global("torch", "Size"), tuple(2, 3));
  const counts = bytes(
    call(global("collections", "defaultdict"), global("builtins", "int")),
    piece("x"),
    piece(3),
    "s",
  );
  const path = write(torchZip({ model: { w: row(0) }, size, counts, dtype: global("torch", "float16") }));
  await using checkpoint = await openCheckpoint(path);
  expect(checkpoint.metadata).toEqual({ size: [2, 3], counts: { x: 3 } });
});

it("keeps plain values as metadata, names of prototypes too, and nothing of objects with tensors", async () => {
  const settings = piece({ ["__proto__"]: { polluted: true }, list: [1, tuple("x", null), 2 ** 40] });
  const path = write(
    torchZip({ model: { w: row(0), version: 7 }, settings, big: bytes("\x8a\x09", le(0, 8), "\x01"), sizes: [row(1)] }),
  );
  await using checkpoint = await openCheckpoint(path);
  expect(checkpoint.metadata).toMatchObject({ version: 7, big: 2n ** 64n });
  expect(Object.keys(checkpoint.metadata).sort()).toEqual(["big", "settings", "version"]);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  expect((checkpoint.metadata.settings as { list: unknown }).list).toEqual([1, ["x", null], 2 ** 40]);
});

it("skips objects of globals that the caller lists, without building them", async () => {
  const namespace = bytes(global("argparse", "Namespace"), ")\x81", piece({ lr: 3 }), "b");
  const path = write(torchZip({ model: { w: row(0) }, args: namespace }));
  await expect(openCheckpoint(path)).rejects.toMatchObject({ fault: "forbidden-global" });
  await using checkpoint = await openCheckpoint(path, { opaque: ["argparse Namespace"] });
  expect([...checkpoint.entries.keys()]).toEqual(["w"]);
  expect(checkpoint.metadata).toEqual({});
});

const evil = global("posix", "system");
const id = (...items: readonly Piece[]) => bytes(tuple(...items), "Q");

it.each<[string, Parameters<typeof torchZip>[0], string]>([
  ["INST", bytes("(", piece("true"), "iposix\nsystem\n"), "forbidden-global"],
  ["OBJ", bytes("(", evil, piece("true"), "o"), "forbidden-global"],
  ["NEWOBJ", bytes(evil, ")\x81"), "forbidden-global"],
  ["text opcodes of protocol 0", bytes("(S'true'\np0\nI3\nL5L\nF1.5\n0000", evil, "t"), "forbidden-global"],
  ["a global as a mere value", { x: evil }, "forbidden-global"],
  ["a global under a prototype's name", global("__proto__", "constructor"), "forbidden-global"],
  ["a dotted path below an allowed module", bytes("\x8c\x05torch\x8c\x0cTensor.apply\x93"), "forbidden-global"],
  ["the registry of extensions", bytes("\x82\x01"), "unsupported-pickle"],
  ["a call of a storage class", call(global("torch", "FloatStorage"), 3), "unsupported-pickle"],
  ["a call of text", bytes(piece("x"), ")R"), "unsupported-pickle"],
  ["a state for a tensor", bytes(row(0), "}b"), "unsupported-pickle"],
  ["a persistent id of another kind", id("module", DICT, "0", "cpu", 3), "unsupported-pickle"],
  ["a storage of a type that is none", id("storage", DICT, "0", "cpu", 3), "unsupported-pickle"],
  [
    "a storage of minus one element",
    id("storage", global("torch", "FloatStorage"), "0", "cpu", -1),
    "unsupported-pickle",
  ],
  [
    "a storage that is a window of another",
    id("storage", global("torch", "FloatStorage"), "0", "cpu", 3, tuple("1", 0, 3)),
    "unsupported-pickle",
  ],
  ["negated values", { w: tensor({ shape: [1], strides: [1], metadata: { neg: true } }) }, "unsupported-pickle"],
  ["a rank without strides", { w: tensor({ shape: [1, 2], strides: [1] }) }, "unsupported-pickle"],
  ["a negative stride", { w: tensor({ offset: 6, shape: [3], strides: [-1] }) }, "unsupported-pickle"],
  [
    "a rebuild within a rebuild",
    call(
      global("torch._tensor", "_rebuild_from_type_v2"),
      global("torch._tensor", "_rebuild_from_type_v2"),
      null,
      tuple(),
      null,
    ),
    "unsupported-pickle",
  ],
  ["sizes that overflow", { w: tensor({ shape: [2 ** 52, 2 ** 52], strides: [2 ** 52, 1] }) }, "out-of-bounds"],
  ["an offset behind the end", { w: tensor({ offset: 7, shape: [1], strides: [1] }) }, "out-of-bounds"],
  ["an offset behind the end of nothing", { w: tensor({ offset: 8, shape: [0], strides: [1] }) }, "out-of-bounds"],
  [
    "a storage that is larger in words than in deed",
    { w: tensor({ count: 2 ** 50, offset: 7, shape: [1], strides: [1] }) },
    "out-of-bounds",
  ],
  [
    "a storage smaller in words than in deed",
    { w: tensor({ count: 2, offset: 2, shape: [1], strides: [1] }) },
    "out-of-bounds",
  ],
  ["one element repeated 2^40 times", { w: tensor({ shape: [2 ** 40], strides: [0] }) }, "bad-size"],
  [
    "a key that climbs out of its folder",
    { w: tensor({ key: "../data.pkl", shape: [1], strides: [1] }) },
    "missing-storage",
  ],
  ["a tensor whose name is a tensor", bytes("}", row(0), row(0), "s"), "unsupported-pickle"],
  ["a list that holds itself", bytes("}", piece("x"), "]q\x00h\x00as"), "unsupported-pickle"],
  [
    "lists of lists of lists, doubling",
    bytes("}", piece("x"), "]", "q\x00(h\x00h\x00l".repeat(40), "s"),
    "unsupported-pickle",
  ],
  ["a hundred thousand levels", bytes("}", piece("x"), "]".repeat(1e5), "a".repeat(99_999), "s"), "unsupported-pickle"],
  ["too many containers", bytes("]".repeat(2 ** 20 + 1)), "unsupported-pickle"],
  ["a memory that was never filled", bytes("h\x07"), "unsupported-pickle"],
  ["an empty stack", bytes("0"), "unsupported-pickle"],
  ["a value from below a mark", bytes("}(", "s"), "unsupported-pickle"],
  ["a key without a value", bytes("}(", piece("a"), "u"), "unsupported-pickle"],
  ["text of four gigabytes", bytes("X\xff\xff\xff\xff"), "truncated"],
  ["an integer of a gigabyte", bytes("\x8b", le(2 ** 30, 4)), "unsupported-pickle"],
  ["text that is not UTF-8", bytes("X\x01\x00\x00\x00\xff"), "unsupported-pickle"],
  ["protocol 9", bytes("\x80\x09"), "unsupported-pickle"],
])("refuses %s", async (_, object, fault) => {
  await expect(openCheckpoint(write(torchZip(object)))).rejects.toMatchObject({ code: "checkpoint", fault });
  // The legacy reader meets the same pickles.
  if (fault === "forbidden-global" || fault === "unsupported-pickle") {
    await expect(openCheckpoint(write(torchLegacy(object, [])))).rejects.toMatchObject({ fault });
  }
});

it("reads the protocols' other ways to write the same plain data", async () => {
  const object = bytes(
    "}(",
    bytes("U\x01a", "I01\n"),
    bytes("V", "b\n", "I-12\n"),
    bytes("\x8d", le(1, 8), "c", "L9007199254740993L\n"),
    bytes("S'd'\n", "F-2.5e3\n"),
    bytes("T\x01\x00\x00\x00e", "(K\x01K\x02l"),
    bytes("\x8c\x01f", "(", piece("k"), "M\x03\x01d"),
    bytes("\x8c\x01g", "K\x05", "20", "(K\x011", "\x85\x94j\x00\x00\x00\x000"),
    "u",
  );
  await using checkpoint = await openCheckpoint(write(torchZip(object)));
  expect(checkpoint.metadata).toEqual({
    a: true,
    b: -12,
    c: 9007199254740993n,
    d: -2500,
    e: [1, 2],
    f: { k: 259 },
    g: [5],
  });
});

it("makes ordered dicts of pairs, and drops what is set on them", async () => {
  const made = bytes(call(DICT, [tuple("w", row(0)), ["v", row(1)]]), piece({ _metadata: {} }), "b");
  expect(await names(write(torchZip(made)))).toEqual(["w", "v"]);
});

it("legacy: holds every storage against the file before anything is read", async () => {
  const object = { w: row(0, 7) };
  await using checkpoint = await openCheckpoint(write(torchLegacy(object, [["0", 7, SEVEN]])));
  expect([...(await checkpoint.floats("w"))]).toEqual([2, 3, 5, 7, 11, 13, 17]);
  expect(checkpoint.extent("w")).toMatchObject({ bytes: 28 });
  const faults: [Parameters<typeof torchLegacy>[1], string][] = [
    [[["0", 8, SEVEN]], "truncated"],
    [[["0", 2n ** 62n, SEVEN]], "truncated"],
    [[["0", -1n, SEVEN]], "bad-size"],
    [[["0", 6, SEVEN]], "out-of-bounds"],
    [[], "missing-storage"],
    [[["1", 7, SEVEN]], "missing-storage"],
    [
      [
        ["0", 0, Buffer.alloc(0)],
        ["0", 7, SEVEN],
      ],
      "missing-storage",
    ],
  ];
  for (const [storages, fault] of faults) {
    await expect(openCheckpoint(write(torchLegacy(object, storages)))).rejects.toMatchObject({ fault });
  }
});

it("legacy: finds pickles that are longer than the first look at the file", async () => {
  const object = { w: row(0, 7), note: "x".repeat(3 * 2 ** 20) };
  await using checkpoint = await openCheckpoint(write(torchLegacy(object, [["0", 7, SEVEN]])));
  expect([...(await checkpoint.floats("w"))]).toEqual([2, 3, 5, 7, 11, 13, 17]);
});
