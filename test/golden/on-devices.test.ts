/** The authors' numbers on more devices than the reference. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { openEngine } from "../../src/engine/open.js";
import { COMPARED_DEVICES, NETWORKS } from "./on-devices.js";
import { runCases } from "./run.js";

const FIXTURES = join(import.meta.dirname, "../fixtures");

test.each(COMPARED_DEVICES)("%s", async (device) => {
  await using engine = await openEngine({ device });
  const folders = Object.values(NETWORKS).map((name) => join(FIXTURES, name));
  const outcomes = [];
  for await (const { name, verdict, note } of runCases(folders, engine)) outcomes.push({ name, verdict, note });
  expect(outcomes.filter(({ verdict }) => verdict !== "PASS")).toEqual([]);
  expect(outcomes).toHaveLength(folders.length);
});
