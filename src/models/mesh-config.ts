/** What the config.json of a mesh model says, checked field by field before any of it is used. */
import { isIntegerIn } from "../base/check.js";
import { isSha256 } from "../base/digest.js";
import { fields } from "../base/fields.js";
import { type OctreeConfig, parseOctreeConfig } from "../core/octree/config.js";
import { parseSampling, TOKEN_SAMPLING, type TokenSampling } from "../core/sampling/ranges.js";
import type { Precision } from "../engine/engine.js";
import { PRECISIONS } from "../engine/engine.js";
import { fileName, type Weighted } from "./network-config.js";

export interface MeshModelConfig {
  readonly name: string;
  readonly revision: string;
  readonly kind: "mesh";
  readonly licence: string;
  readonly transformer: Weighted<OctreeConfig>;
  readonly precision: Precision;
  readonly sampling: TokenSampling;
  /** A JSON list of the words of captions; word i has id firstWord + i, and word 0 stands for all that are not in it. */
  readonly words: { readonly file: string; readonly firstWord: number };
  /** What it can make, as its captions call it. */
  readonly categories: readonly string[];
  /** The depth of a mesh where the caller says nothing, and the deepest that it was trained for. */
  readonly depths: { readonly usual: number; readonly most: number };
  /** Of every file named above, in hexadecimal. */
  readonly sha256: Readonly<Record<string, string>>;
}

/** A checked configuration out of parsed JSON. `where` names the file. Throws ArgumentError for a field that is missing, wrong or unknown. */
export function parseMeshModelConfig(json: unknown, where: string): MeshModelConfig {
  const of = fields(json, where);
  const name = of.text("name");
  const revision = of.text("revision");
  const kind = of.word("kind", ["mesh"]);
  const licence = of.text("licence");
  const transformer = of.object("transformer");
  const weights = fileName(transformer, "weights");
  const config = parseOctreeConfig(transformer.take("config"), `${where}.transformer.config`);
  transformer.finish();
  const precision = of.word("precision", PRECISIONS);
  const sampling = parseSampling(of.object("sampling"), TOKEN_SAMPLING);
  const list = of.object("words");
  const words = {
    file: fileName(list, "file"),
    firstWord: list.number(
      "firstWord",
      `an id from ${config.vocabulary} to ${config.rows - 1}`,
      isIntegerIn(config.vocabulary, config.rows - 1),
    ),
  };
  list.finish();
  const categories = of.value("categories", "a list of at least one name", (names): names is string[] => {
    return Array.isArray(names) && names.length > 0 && names.every((name) => typeof name === "string" && name !== "");
  });
  const range = of.object("depths");
  const most = range.number("most", "a depth from 1 to 8", isIntegerIn(1, 8));
  const depths = { most, usual: range.number("usual", `a depth from 1 to ${most}`, isIntegerIn(1, most)) };
  range.finish();
  const digests = of.object("sha256");
  const sha256 = Object.fromEntries(
    [weights, words.file].map((file) => [file, digests.value(file, "64 hexadecimal digits", isSha256)]),
  );
  digests.finish();
  of.finish();
  const row = { name, revision, kind, licence, transformer: { weights, config }, precision, sampling } as const;
  return { ...row, words, categories, depths, sha256 };
}
