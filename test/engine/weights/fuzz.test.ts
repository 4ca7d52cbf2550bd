/** Good files with bytes changed or cut: each opens to the end or is refused by a typed error, soon, and without much memory. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { TesseraError } from "../../../src/base/errors.js";
import { philox } from "../../../src/base/random.js";
import { openCheckpoint } from "../../../src/engine/weights/open.js";
import { safetensors, scratch } from "./craft.js";

const { write } = scratch();
const FIXTURES = join(import.meta.dirname, "../../fixtures/checkpoint-formats");

async function outcome(content: Uint8Array): Promise<"loaded" | "refused"> {
  try {
    await using checkpoint = await openCheckpoint(write(content, "mutant"), { prefix: null });
    for (const name of checkpoint.entries.keys()) await checkpoint.floats(name);
    return "loaded";
  } catch (error) {
    if (error instanceof TesseraError) return "refused";
    throw error;
  }
}

const FILES = [
  "ok.safetensors",
  "shared_strided.pth",
  "shared_strided_legacy.pth",
  "wrapped.pth",
  "protocol4.pth",
  "reordered.zip.pth",
];

it.each(FILES)("%s with a byte changed", async (name) => {
  const good = readFileSync(join(FIXTURES, name));
  expect(await outcome(good)).toBe("loaded");
  const count = { loaded: 0, refused: 0 };
  for (let trial = 0; trial < 150; trial++) {
    const [at, value] = philox(trial, good.length, 0, 0, 3, 5);
    const mutant = Buffer.from(good);
    mutant[at % good.length]! ^= (value % 255) + 1;
    count[await outcome(mutant)]++;
  }
  expect(count.refused).toBeGreaterThan(20);
});

it.each(FILES)("%s cut short", async (name) => {
  const good = readFileSync(join(FIXTURES, name));
  for (let trial = 0; trial < 60; trial++) {
    const [at] = philox(trial, good.length, 1, 0, 3, 5);
    expect(await outcome(good.subarray(0, at % good.length))).toBe("refused");
  }
});

it("allocates nothing for a header that claims 2^60 elements", async () => {
  const header = { a: { dtype: "F64", shape: [2 ** 57], data_offsets: [0, 2 ** 60] } };
  const before = process.memoryUsage().arrayBuffers;
  for (let trial = 0; trial < 10; trial++) expect(await outcome(safetensors(header, Buffer.alloc(8)))).toBe("refused");
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
});
