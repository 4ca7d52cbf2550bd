import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { checkpointFormats } from "../../golden/systems/checkpoint-formats.js";

const FIXTURES = join(import.meta.dirname, "../../fixtures/checkpoint-formats");

const all = async (folder: string) => {
  const results = [];
  for await (const result of checkpointFormats(folder)) results.push(result);
  return results;
};

it("does with every file what its case demands", async () => {
  const results = await all(FIXTURES);
  expect(results.filter(({ pass }) => !pass)).toEqual([]);
  expect(results).toHaveLength(38);
});

it("would notice: the same files fail a case that demands the opposite", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tessera-formats-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(FIXTURES, folder, { recursive: true });
  const golden = JSON.parse(readFileSync(join(folder, "case.json"), "utf8"));
  golden.files = {
    "legacy.pth": { expect: "reject" },
    "evil_reduce.pth": { expect: "load" },
    "short_storage.pth": { expect: "reject", error: "truncated" },
    "protocol4.pth": {
      ...golden.files["protocol4.pth"],
      expected: 'expected.safetensors, keys "dtypes.pth|<tensor name>"',
    },
    "wrapped.pth": { ...golden.files["wrapped.pth"], metadata: { epoch: 18 } },
    "dtypes.pth": { ...golden.files["dtypes.pth"], float32_values: "ok.safetensors holds other things" },
  };
  writeFileSync(join(folder, "case.json"), JSON.stringify(golden));
  expect((await all(folder)).map(({ name, pass }) => [name, pass])).toEqual(
    Object.keys(golden.files).map((name) => [name, false]),
  );
});
