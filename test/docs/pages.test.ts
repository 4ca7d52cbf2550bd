/** Pages of docs/ that are made from the code are those that it makes now. `npm run pages` writes them anew. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { compatibility } from "./compatibility.js";
import { staircase } from "./staircase.js";

const DOCS = join(import.meta.dirname, "../../docs");

test.each([
  ["compatibility.md", compatibility],
  ["staircase.svg", staircase],
])("%s", async (file, made) => {
  await expect(made()).toMatchFileSnapshot(join(DOCS, file));
});
