import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { EMBEDDED_MODELS, PUBLISHED_IMAGE_MODELS } from "../../src/models/known.js";

test.each(Object.entries(EMBEDDED_MODELS))(
  "%s has the styles and the licence of its config.json",
  async (name, row) => {
    const file = new URL(`../../models/${name}/config.json`, import.meta.url);
    const { styles, licence, kind } = JSON.parse(await readFile(file, "utf8"));
    expect({ styles: row.styles, licence: row.licence, kind: row.kind }).toEqual({ styles, licence, kind });
  },
);

test("every published checkpoint says where it comes from and under which licence", () => {
  for (const { origin, licence } of Object.values(PUBLISHED_IMAGE_MODELS)) {
    expect(origin).toMatch(/^huggingface\.co\//);
    expect(licence).not.toBe("");
  }
});
