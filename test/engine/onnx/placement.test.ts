import { mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { WeightForm, WeightUse } from "../../../src/engine/onnx/lower.js";
import { placeWeights } from "../../../src/engine/onnx/placement.js";
import type { Checkpoint, Element, Extent } from "../../../src/engine/weights/checkpoint.js";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tessera-placement-"));
  await writeFile(join(folder, "a.bin"), "");
  await writeFile(join(folder, "b.bin"), "");
  await symlink(join(folder, "a.bin"), join(folder, "linked.bin"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A table of contents without contents. */
function checkpoint(rows: Record<string, [Element, Extent | null]>): Checkpoint {
  const names = Object.keys(rows);
  return {
    entries: new Map(names.map((name) => [name, { name, element: rows[name]![0], shape: [1] }])),
    extent: (name: string) => rows[name]![1],
  } as Partial<Checkpoint> as Checkpoint;
}

const at = (file: string, offset: number, bytes = 4): Extent => ({ path: join(folder, file), offset, bytes });

const use = (weight: string, form: WeightForm = "f32"): WeightUse => ({
  initializer: weight,
  weight,
  form,
  shape: [1],
  bytes: 4,
});

test("what lies whole and aligned in files of one folder is mapped, the rest is left to be handed over", async () => {
  const rows: Record<string, [Element, Extent | null]> = {
    plain: ["f32", at("a.bin", 8)],
    shard: ["f32", at("b.bin", 16)],
    linked: ["f32", at("linked.bin", 12)],
    half: ["f16", at("a.bin", 10, 2)],
    brain: ["bf16", at("a.bin", 12, 2)],
    strided: ["f32", null],
    unaligned: ["f32", at("a.bin", 9)],
    empty: ["f32", at("a.bin", 8, 0)],
    whole: ["i64", at("a.bin", 8, 8)],
    elsewhere: ["f32", { path: process.execPath, offset: 8, bytes: 4 }],
  };
  const { folder: found, locate } = await placeWeights(Object.keys(rows), checkpoint(rows));
  expect(found).toBe(await realpath(folder));
  const mapped = Object.keys(rows).flatMap((name) => {
    const place = locate(use(name));
    return place ? [[name, place.location, place.offset, place.element]] : [];
  });
  expect(mapped).toEqual([
    ["plain", "a.bin", 8, undefined],
    ["shard", "b.bin", 16, undefined],
    ["linked", "a.bin", 12, undefined],
    ["half", "a.bin", 10, "f16"],
    ["brain", "a.bin", 12, "bf16"],
  ]);
  expect(locate(use("half", "f16"))).toEqual({ location: "a.bin", offset: 10, element: undefined });
  expect(locate(use("plain", "f16"))).toBeNull();
  expect(locate(use("plain", "q8-packed"))).toBeNull();
});

test("nothing mapped, no folder", async () => {
  expect((await placeWeights(["x"], checkpoint({ x: ["f32", null] }))).folder).toBeNull();
});
