import { expect, it } from "vitest";
import { openCheckpoint } from "../../../src/engine/weights/open.js";
import { bytes, floats, le, pickle, scratch, tensor, torchEntries, type ZipSpec, zip } from "./craft.js";

const { write } = scratch();

const object = { w: tensor({ shape: [7], strides: [1] }), tail: tensor({ offset: 5, shape: [2], strides: [1] }) };
const [PICKLE, STORAGE] = torchEntries(object) as readonly [ZipSpec, ZipSpec];

async function values(file: Uint8Array, name = "w") {
  await using checkpoint = await openCheckpoint(write(file));
  return [...(await checkpoint.floats(name))];
}

it.each([
  ["stored", zip([PICKLE, STORAGE])],
  [
    "deflated",
    zip([
      { ...PICKLE, deflate: true },
      { ...STORAGE, deflate: true },
    ]),
  ],
  [
    "64-bit",
    zip(
      [
        { ...PICKLE, wide: true },
        { ...STORAGE, wide: true },
      ],
      { wide: true },
    ),
  ],
  [
    "64-bit entries alone",
    zip([
      { ...PICKLE, wide: true },
      { ...STORAGE, wide: true },
    ]),
  ],
  ["in another order", zip([STORAGE, PICKLE])],
  [
    "in a folder of another script",
    zip([
      { ...PICKLE, name: "модель/data.pkl" },
      { ...STORAGE, name: "модель/data/0" },
    ]),
  ],
])("reads an archive that is %s", async (_, file) => {
  expect(await values(file)).toEqual([2, 3, 5, 7, 11, 13, 17]);
  expect(await values(file, "tail")).toEqual([13, 17]);
});

it("reads an archive behind a comment, even one that looks like an end record", async () => {
  const file = zip([PICKLE, STORAGE]);
  const comment = bytes("PK\x05\x06", Buffer.alloc(26, 1));
  expect(await values(bytes(file.subarray(0, -2), le(comment.length, 2), comment))).toHaveLength(7);
});

it("offers extents of what is stored, and none of what is deflated", async () => {
  await using stored = await openCheckpoint(write(zip([PICKLE, STORAGE])));
  await using deflated = await openCheckpoint(write(zip([PICKLE, { ...STORAGE, deflate: true }])));
  expect(stored.extent("tail")).toMatchObject({ bytes: 8 });
  expect(deflated.extent("tail")).toBeNull();
});

it("compares checksums, also when only a part is read, and every time", async () => {
  for (const deflate of [false, true]) {
    const file = zip([PICKLE, { ...STORAGE, deflate, lies: { crc: 3 } }]);
    await using checkpoint = await openCheckpoint(write(file));
    for (const name of ["w", "tail", "tail"]) {
      await expect(checkpoint.bytes(name)).rejects.toMatchObject({ fault: "checksum" });
    }
  }
  await expect(values(zip([{ ...PICKLE, lies: { crc: 3 } }, STORAGE]))).rejects.toMatchObject({ fault: "checksum" });
});

const bomb = { ...STORAGE, content: Buffer.alloc(2 ** 20), deflate: true };
const plain = zip([PICKLE, STORAGE]);

it.each<[string, Buffer, string]>([
  ["the same name twice", zip([PICKLE, STORAGE, STORAGE]), "damaged-archive"],
  ["two pickles", zip([PICKLE, STORAGE, { ...PICKLE, name: "b/data.pkl" }]), "damaged-archive"],
  ["no pickle", zip([STORAGE]), "unknown-format"],
  ["nothing", zip([]), "unknown-format"],
  [
    "entries over each other",
    zip([PICKLE, { ...STORAGE, name: "archive/data/1", lies: { begin: 0 } }, STORAGE]),
    "damaged-archive",
  ],
  [
    "an entry over the directory",
    zip([PICKLE, { ...STORAGE, lies: { size: 2 ** 20, packed: 2 ** 20 } }]),
    "damaged-archive",
  ],
  ["an entry behind the end", zip([PICKLE, { ...STORAGE, lies: { begin: 2 ** 31 } }]), "damaged-archive"],
  [
    "an entry of 2^60 bytes",
    zip([PICKLE, { ...STORAGE, wide: true, lies: { size: 2 ** 60, packed: 2 ** 60 } }]),
    "damaged-archive",
  ],
  ["a stored entry of two sizes", zip([PICKLE, { ...STORAGE, lies: { size: 2 ** 20 } }]), "damaged-archive"],
  [
    "a deflated entry that says more than deflate can",
    zip([PICKLE, { ...STORAGE, deflate: true, lies: { size: 2 ** 20 } }]),
    "damaged-archive",
  ],
  [
    "a deflated entry that unpacks to more than it says",
    zip([PICKLE, { ...bomb, lies: { size: 28 } }]),
    "damaged-archive",
  ],
  [
    "a deflated entry that unpacks to less than it says",
    zip([PICKLE, { ...STORAGE, deflate: true, lies: { size: 29 } }]),
    "damaged-archive",
  ],
  [
    "noise instead of deflate",
    zip([PICKLE, { ...STORAGE, content: floats(1, 2, 3, 4, 5, 6, 7), lies: { method: 8 } }]),
    "damaged-archive",
  ],
  ["another method", zip([PICKLE, { ...STORAGE, lies: { method: 12 } }]), "damaged-archive"],
  ["encryption", zip([PICKLE, { ...STORAGE, lies: { flags: 1 } }]), "damaged-archive"],
  ["another name in the local header", zip([PICKLE, { ...STORAGE, localName: "archive/data/9" }]), "damaged-archive"],
  [
    "a 64-bit directory of more entries than it has",
    zip([PICKLE, STORAGE], { wide: true, wideCount: 2 ** 50 }),
    "damaged-archive",
  ],
  [
    "a 64-bit directory of fewer entries than it has",
    zip([PICKLE, STORAGE], { wide: true, wideCount: 1 }),
    "damaged-archive",
  ],
  ["bytes before the archive", bytes("PK\x03\x04", plain), "damaged-archive"],
  ["bytes behind the archive", bytes(plain, "x"), "damaged-archive"],
])("refuses an archive with %s", async (_, file, fault) => {
  await expect(values(file)).rejects.toMatchObject({ code: "checkpoint", fault });
});

it("refuses a 32-bit end record that tells of another directory than the 64-bit one", async () => {
  const file = zip([PICKLE, STORAGE], { wide: true });
  file.writeUInt16LE(1, file.length - 12);
  await expect(values(file)).rejects.toThrow("two different directories");
});

it("does not look for a storage outside its folder", async () => {
  const climbing = pickle({ w: tensor({ key: "../../etc/0", shape: [1], strides: [1] }) });
  await expect(values(zip([{ ...PICKLE, content: climbing }, STORAGE]))).rejects.toMatchObject({
    fault: "missing-storage",
  });
});
