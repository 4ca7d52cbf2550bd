import { expect, it } from "vitest";
import { ArgumentError } from "../../../src/base/errors.js";
import { gridOf, parseTitokConfig, TITOK_CONFIGS } from "../../../src/tokenizers/mask/titok-config.js";

const row = TITOK_CONFIGS["titok-l-32"];
const { pixelCodes: _codes, ...masks } = { ...row, form: "hierarchical" };

it.each(Object.entries(TITOK_CONFIGS))("reads %s as it is written", (_, config) => {
  expect(parseTitokConfig("config.json", JSON.parse(JSON.stringify(config)))).toEqual(config);
  expect(gridOf(config)).toBe(16);
});

it.each([
  ["no object", null, "config.json"],
  ["an unknown form", { ...row, form: "legacies" }, "config.json.form"],
  ["a field of another form", { ...masks, pixelCodes: 1024 }, "pixelCodes"],
  ["an absent field", { ...row, vocab: undefined }, "config.json.vocab"],
  ["a patch that does not divide the side", { ...row, side: 250 }, "config.json.patch"],
  [
    "heads that do not divide the width",
    { ...row, encoder: { ...row.encoder, heads: 7 } },
    "config.json.encoder.heads",
  ],
  ["absurd memory", { ...row, codeDim: 1e12 }, "config.json.codeDim"],
  [
    "a width outside the groups",
    { ...row, pixelDecoder: { ...row.pixelDecoder, ch: 48 } },
    "config.json.pixelDecoder.ch",
  ],
  [
    "levels that enlarge otherwise",
    { ...row, pixelDecoder: { ...row.pixelDecoder, multipliers: [1, 2] } },
    "multipliers",
  ],
  ["a pixel decoder in the plain form", { ...row, form: "plain" }, "pixelCodes"],
])("refuses %s and says where", (_, json, where) => {
  expect(() => parseTitokConfig("config.json", json)).toThrow(ArgumentError);
  expect(() => parseTitokConfig("config.json", json)).toThrow(where);
});
