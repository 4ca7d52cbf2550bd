import { expect, it } from "vitest";
import { ArgumentError } from "../../../src/base/errors.js";
import { downsampleOf } from "../../../src/tokenizers/image/codec-config.js";
import { parseVqConfig, VQ_CONFIGS } from "../../../src/tokenizers/image/vq-config.js";

const row = {
  channels: 4,
  patch: 4,
  ch: 64,
  multipliers: [1, 2],
  resBlocks: 1,
  groups: 32,
  zChannels: 128,
  codeDim: 8,
  vocab: 2048,
};

it("knows how many pixels a token is", () => {
  expect(downsampleOf(VQ_CONFIGS["vq-ds16"])).toBe(16);
  expect(downsampleOf(VQ_CONFIGS["vq-ds8"])).toBe(8);
  expect(downsampleOf(parseVqConfig("config.json", JSON.parse(JSON.stringify(row))))).toBe(8);
});

it.each([
  ["no object", null, "config.json"],
  ["an unknown field", { ...row, dropout: 0 }, "dropout"],
  ["an absent field", { ...row, vocab: undefined }, "config.json.vocab"],
  ["a number as text", { ...row, patch: "4" }, "config.json.patch"],
  ["a negative width", { ...row, ch: -64 }, "config.json.ch"],
  ["absurd memory", { ...row, zChannels: 1e12 }, "config.json.zChannels"],
  ["no levels", { ...row, multipliers: [] }, "config.json.multipliers"],
  ["five channels", { ...row, channels: 5 }, "config.json.channels"],
  ["groups that do not divide the width", { ...row, groups: 24 }, "config.json.groups"],
])("refuses %s and says where", (_, json, where) => {
  expect(() => parseVqConfig("config.json", json)).toThrow(ArgumentError);
  expect(() => parseVqConfig("config.json", json)).toThrow(where);
});
