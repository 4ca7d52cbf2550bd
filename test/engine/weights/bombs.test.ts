/** Files of weights that are made to cost more than they weigh: each ends soon, in a typed error or a result. */
import { expect, it } from "vitest";
import { openCheckpoint } from "../../../src/engine/weights/open.js";
import {
  bytes,
  deflatedZeros,
  global,
  type Piece,
  pickle,
  safetensors,
  scratch,
  tensor,
  torchZip,
  tuple,
  zip,
} from "./craft.js";
import { openedApart } from "../../support/opened-apart.js";

const { write } = scratch();

const MIB = 2 ** 20;

/** `count` times the same bytes, without a list of them. */
const repeated = (piece: Buffer, count: number) => Buffer.alloc(piece.length * count, piece);

/** The opcode before each of `count` numbers that lie far apart. */
function numbered(opcode: string, count: number): Buffer {
  const out = Buffer.alloc(5 * count, opcode);
  for (let i = 0; i < count; i++) out.writeUInt32LE((i * 1021) % 2 ** 31, 5 * i + 1);
  return out;
}

/** A PyTorch file whose pickle is these opcodes. */
const opcodes = (...parts: readonly (Uint8Array | string)[]) =>
  zip([{ name: "archive/data.pkl", content: bytes("\x80\x04", ...parts, ".") }]);

const named = (count: number, make: () => Piece): Piece =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`w${i}`, make()]));

/** A storage of a gigabyte of zeros, deflated to a megabyte, and as many tensors that lie in it. */
function deflatedGigabyte(tensors: number): Buffer {
  const size = 1024 * MIB;
  const views = named(tensors, () => tensor({ shape: [size / 4], strides: [1], count: size / 4 }));
  return zip([
    { name: "archive/data.pkl", content: pickle(views) },
    { name: "archive/data/0", content: Buffer.alloc(0), deflated: deflatedZeros(1024), lies: { size } },
  ]);
}

const emptyTensors = (count: number) =>
  `{${Array.from({ length: count }, (_, i) => `"${i}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`).join()}}`;
const shapeOfOnes = (count: number) => `{"a":{"dtype":"F32","shape":[${"1,".repeat(count)}1],"data_offsets":[0,8]}}`;
const manyAxes = bytes("(", repeated(bytes("K\x01"), 100_000), "t");

const BOMBS: readonly [what: string, fault: string, file: () => Buffer][] = [
  ["a header of nested lists", "bad-header", () => safetensors(`{"a":${"[".repeat(95 * MIB)}`)],
  ["a header of nested objects", "bad-header", () => safetensors('{"a":'.repeat(19 * MIB))],
  ["a header of a million empty tensors", "bad-header", () => safetensors(emptyTensors(1_000_000))],
  ["a header of one string that does not end", "bad-header", () => safetensors(`{"${'\\"'.repeat(47 * MIB)}`)],
  ["a shape of forty million ones", "bad-header", () => safetensors(shapeOfOnes(40_000_000))],
  ["a shape of a thousand ones", "bad-header", () => safetensors(shapeOfOnes(1000), Buffer.alloc(8))],
  ["a storage that unpacks to a gigabyte", "bad-size", () => deflatedGigabyte(1)],
  ["the same for twenty tensors", "bad-size", () => deflatedGigabyte(20)],
  [
    "ten views of one number, of a gigabyte each",
    "bad-size",
    () =>
      torchZip(named(10, () => tensor({ storage: "LongStorage", count: 3, shape: [128 * MIB, 1], strides: [0, 0] }))),
  ],
  ["millions of opcodes", "unsupported-pickle", () => opcodes("N", repeated(bytes("\x94"), 60 * MIB))],
  ["millions of memories at scattered places", "unsupported-pickle", () => opcodes("N", numbered("r", 12 * MIB))],
  ["millions of marks", "unsupported-pickle", () => opcodes(repeated(bytes("("), 60 * MIB))],
  ["millions of numbers in a tuple", "unsupported-pickle", () => opcodes("(", numbered("J", 12 * MIB), "t")],
  ["millions of keys in a dict", "unsupported-pickle", () => opcodes("}(", numbered("J", 12 * MIB), "u")],
  ["nested lists", "unsupported-pickle", () => opcodes(repeated(bytes("]"), MIB), repeated(bytes("a"), MIB - 1))],
  ["nested tuples", "unsupported-pickle", () => opcodes(")", repeated(bytes("\x85"), MIB / 4))],
  [
    "lists of the same two lists, sixty deep",
    "unsupported-pickle",
    () =>
      opcodes(
        "}X\x01\0\0\0a",
        "]\x94",
        ...Array.from({ length: 60 }, (_, i) => bytes("]\x94", "h", byte(i), "ah", byte(i), "a")),
        "s",
      ),
  ],
  [
    "a tensor of a hundred thousand axes",
    "unsupported-pickle",
    () => torchZip({ w: bytes(global("torch._utils", "_rebuild_tensor_v2"), tuple(0, 0, manyAxes, manyAxes), "R") }),
  ],
];

function byte(value: number): Buffer {
  return Buffer.of(value);
}

it.each(BOMBS)(
  "%s",
  async (what, fault, file) => {
    const { error } = await openedApart(what, write(file()), { kind: "checkpoint" });
    expect(error).toMatchObject({ code: "checkpoint", fault });
    expect(error!.length).toBeLessThan(2000);
  },
  60_000,
);

it("views within the bound are read, whatever their strides", async () => {
  const views = {
    wide: tensor({ storage: "BoolStorage", count: 28, shape: [MIB, 2], strides: [0, 0] }),
    many: tensor({ storage: "BoolStorage", count: 28, shape: [2, 3, 2, 1, 2], strides: [0, 1, 3, 9, 7] }),
  };
  await using checkpoint = await openCheckpoint(write(torchZip(views)));
  expect((await checkpoint.floats("wide")).length).toBe(2 * MIB);
  expect((await checkpoint.floats("many")).length).toBe(24);
});
