/** The public names are repeated in test/surface, one a line: adding or losing one is a decision, not an accident. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as mesh from "../src/3d/index.js";
import * as aiSdk from "../src/ai-sdk/index.js";
import * as audio from "../src/audio/index.js";
import * as core from "../src/core/index.js";
import * as engine from "../src/engine/index.js";
import * as image from "../src/image/index.js";
import * as root from "../src/index.js";
import * as mask from "../src/mask/index.js";
import * as media from "../src/media/index.js";
import * as models from "../src/models/index.js";
import * as pipeline from "../src/pipeline/index.js";
import * as serve from "../src/serve/index.js";
import * as testing from "../src/testing/index.js";
import * as text from "../src/text/index.js";
import * as tokenizers from "../src/tokenizers/index.js";

/** What `tessera-sdk` takes from each folder, and what the other entries of the package offer. */
const FOLDERS = { "3d": mesh, audio, image, mask, media, models, text };
const ENTRIES = { "ai-sdk": aiSdk, core, engine, pipeline, serve, testing, tokenizers };

const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

const namesOf = (entry: object): readonly string[] => Object.keys(entry).sort();

const listed = (name: string): readonly string[] =>
  readFileSync(new URL(`surface/${name}.txt`, import.meta.url), "utf8")
    .trimEnd()
    .split("\n");

describe("values, and no others, are exported as listed", () => {
  test.each(Object.entries({ ...FOLDERS, ...ENTRIES }))("by src/%s", (name, entry) => {
    expect(namesOf(entry)).toEqual(listed(name));
  });

  test("by tessera-sdk: those of the media and base.txt", () => {
    expect(namesOf(root)).toEqual(["base", ...Object.keys(FOLDERS)].flatMap(listed).sort());
  });
});

test("no name stands in two entries", () => {
  const all = [root, ...Object.values(ENTRIES)].flatMap(namesOf);
  expect(all.filter((name, i) => all.indexOf(name) !== i)).toEqual([]);
});

test("package.json offers these entries, with types for every way of finding modules", () => {
  const folders = ["engine", "core", "tokenizers", "serve", "testing", "pipeline", "ai-sdk"];
  const { exports, main, types, typesVersions } = manifest;
  const files = (folder: string) => {
    const path = folder === "." ? "./dist/index" : `./dist/${folder}/index`;
    return { types: `${path}.d.ts`, default: `${path}.js` };
  };
  expect(exports).toEqual({
    ".": files("."),
    ...Object.fromEntries(folders.map((folder) => [`./${folder}`, files(folder)])),
    "./schemas/assets.schema.json": "./schemas/assets.schema.json",
    "./package.json": "./package.json",
  });
  expect({ main, types }).toEqual({ main: files(".").default, types: files(".").types });
  expect(typesVersions["*"]).toEqual(Object.fromEntries(folders.map((folder) => [folder, [files(folder).types]])));
});
