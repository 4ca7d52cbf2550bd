import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { EMBEDDED_MODELS, type EmbeddedModel, PUBLISHED_IMAGE_MODELS } from "../../src/models/known.js";

/** What the row of a model repeats of its config.json, by kind. */
const REPEATED = {
  image: (config: { styles: string[] }) => ({ styles: config.styles }),
  speech: (config: { voices: { name: string }[] }) => ({ voices: config.voices.map(({ name }) => name) }),
  mesh: () => ({}),
  mask: () => ({}),
};

test.each(Object.entries<EmbeddedModel>(EMBEDDED_MODELS))(
  "%s is as its config.json says",
  async (name, { about, ...row }) => {
    const file = new URL(`../../models/${name}/config.json`, import.meta.url);
    const config = JSON.parse(await readFile(file, "utf8"));
    const { kind, licence } = config;
    expect(row).toEqual({ kind, licence, ...REPEATED[row.kind](config) });
    expect(about).not.toBe("");
  },
);

test("every published checkpoint says where it comes from and under which licence", () => {
  for (const { origin, licence } of Object.values(PUBLISHED_IMAGE_MODELS)) {
    expect(origin).toMatch(/^huggingface\.co\//);
    expect(licence).not.toBe("");
  }
});
