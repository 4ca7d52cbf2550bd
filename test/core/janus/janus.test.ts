/** Janus' transformer and codec against its reference's numbers in both layouts, what every session keeps, and what it refuses. */
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ArgumentError, WeightsError } from "../../../src/base/errors.js";
import type { Model } from "../../../src/core/architecture.js";
import type { Condition } from "../../../src/core/condition.js";
import { JANUS } from "../../../src/core/janus/architecture.js";
import { type JanusConfig, withoutText } from "../../../src/core/janus/config.js";
import { openModel } from "../../../src/core/model.js";
import { openSession } from "../../../src/core/session.js";
import { openEngine } from "../../../src/engine/open.js";
import { referenceEngine } from "../../../src/engine/reference.js";
import { memoryCheckpoint } from "../../../src/engine/weights/stored.js";
import { tensor } from "../../../src/engine/tensor.js";
import { janusCodec, janusTransformer, readJanusConfig } from "../../../src/models/janus.js";
import { type GoldenCase, openWeights, readCase } from "../../golden/case.js";
import type { Comparison } from "../../golden/compare.js";
import { janus } from "../../golden/systems/janus.js";
import { conformSession } from "../conform-session.js";

const folderOf = (name: string) => path.join(import.meta.dirname, "../../fixtures/janus", name);
const CASES = ["generate", "generate-original-layout"] as const;
const COMPARED = { generate: 16, "generate-original-layout": 9 };

const reference = referenceEngine();
let model: Model<JanusConfig, Condition, number>;
beforeAll(async () => {
  const golden = await readCase(folderOf("generate"));
  await using weights = await openWeights(folderOf("generate"));
  model = await openModel(reference, JANUS, readJanusConfig(golden.config).transformer, janusTransformer(weights));
});
afterAll(async () => {
  await model.close();
  await reference.close();
});

async function failures(
  name: (typeof CASES)[number],
  engine = reference,
  change: (golden: GoldenCase) => object = () => ({}),
) {
  const golden = await readCase(folderOf(name));
  const changed = { ...golden, config: { ...golden.config, ...change(golden) } };
  const comparisons: Comparison[] = [];
  for await (const each of janus(folderOf(name), changed, engine)) comparisons.push(each);
  expect(comparisons).toHaveLength(COMPARED[name]);
  return comparisons.filter(({ pass }) => !pass).map((each) => each.name);
}

test.each(CASES)("%s", async (name) => {
  expect(await failures(name)).toEqual([]);
});

test.each(CASES)("%s on cpu", async (name) => {
  await using engine = await openEngine({ device: "cpu", threads: 1 });
  expect(await failures(name, engine)).toEqual([]);
});

test("a wrong number in the configuration shows where it acts", async () => {
  const theta = await failures("generate", reference, ({ config }) => ({
    text_config: { ...(config.text_config as object), rope_theta: 9000 },
  }));
  expect(theta).toContain("out.gen.logits_cond");
  expect(theta).not.toContain("out.fed_embeddings");
  const pad = await failures("generate-original-layout", reference, ({ config }) => ({
    _generation: { ...(config._generation as object), pad_id: 3 },
  }));
  expect(pad).toEqual(expect.arrayContaining(["out.tokens", "out.gen.logits_uncond"]));
  expect(pad).not.toContain("out.vq.ids");
});

const PROMPTS = [
  [0, 5, 9, 60, 96],
  [0, 7, 96],
  [0, 41, 3, 8, 11, 80, 12, 96],
];
const condition = (items: readonly number[]): Condition => {
  const prompts = items.map((item) => PROMPTS[item]!);
  return { kind: "prompt", prompts, unconditional: prompts.map((ids) => withoutText(ids, 2)) };
};
const LINES = [
  [3, 70, 0, 12, 44, 9, 31, 2, 5],
  [8, 8, 61, 7, 1, 0, 25, 66, 40],
  [17, 4, 33, 50, 6, 29, 70, 13, 1],
];
const POSITIONS = [...Array(9).keys()];

conformSession("janus", {
  open: (items, guided) => openSession(model, condition(items), { guided }),
  lines: LINES,
  groups: POSITIONS.map((position) => [position]),
  whole: (values) => ({
    keep: 0,
    feed: POSITIONS.slice(0, -1),
    values: values.map((line) => line.slice(0, -1)),
    sight: "causal",
    fill: POSITIONS,
  }),
});

test("what is no prompt of this model is refused", async () => {
  const opened = (condition: Condition) => openSession(model, condition, { guided: true });
  await expect(opened({ kind: "class", classes: [1] })).rejects.toThrow(/"prompt"/);
  await expect(opened({ kind: "prompt", prompts: [[0, 101, 96]], unconditional: [[0, 2, 96]] })).rejects.toThrow(
    "0 to 100",
  );
  await expect(opened({ kind: "prompt", prompts: [[0, 5, 96]], unconditional: [[0, 96]] })).rejects.toThrow(
    ArgumentError,
  );
  const long = [0, ...Array<number>(300).fill(5), 96];
  await expect(opened({ kind: "prompt", prompts: [long], unconditional: [withoutText(long, 2)] })).rejects.toThrow(
    "at most 247 ids",
  );
});

test("configurations that cannot be are refused, by the place", async () => {
  const { config } = await readCase(folderOf("generate"));
  const changed = (part: string, fields: object) => ({ ...config, [part]: { ...(config[part] as object), ...fields } });
  expect(() => readJanusConfig({ ...config, model_type: "janus_flow" })).toThrow("multi_modality, janus");
  expect(() => readJanusConfig({ ...config, vq_config: null })).toThrow("config.json.vq_config");
  expect(() => readJanusConfig(changed("vq_config", { double_latent: true }))).toThrow("double_latent");
  expect(() => readJanusConfig(changed("vq_config", { num_patches: 40 }))).toThrow("max_position_embeddings");
  expect(() => readJanusConfig(changed("text_config", { num_attention_heads: 5, num_key_value_heads: 3 }))).toThrow(
    "num_key_value_heads",
  );
});

test("the authors' files of Janus-Pro-7B state little: the rest is what their code states", () => {
  const { transformer, tokenizer } = readJanusConfig({
    model_type: "multi_modality",
    language_config: {
      model_type: "llama",
      max_position_embeddings: 16_384,
      num_hidden_layers: 30,
      vocab_size: 102_400,
    },
    gen_head_config: { params: { image_token_embed: 4096, image_token_size: 16_384, n_embed: 4096 } },
    gen_vision_config: { cls: "VQ-16", params: { image_token_size: 16_384, n_embed: 8 } },
    gen_aligner_config: { params: { depth: 2, input_dim: 8, n_embed: 4096, projector_type: "mlp_gelu" } },
  });
  const { width, hidden, heads, layers, normEpsilon } = transformer.body;
  expect({ width, hidden, heads, layers: layers.length, normEpsilon }).toEqual({
    ...{ width: 4096, hidden: 11_008, heads: 32, layers: 30, normEpsilon: 1e-6 },
  });
  expect(transformer).toMatchObject({ vocabulary: 16_384, codeDim: 8, headWidth: 4096, grid: 24 });
  expect(tokenizer).toMatchObject({ ch: 128, multipliers: [1, 1, 2, 2, 4], zChannels: 256, vocab: 16_384 });
});

test("a tensor that neither layout knows is an error, and so is a file of neither", async () => {
  const one = tensor([1], Float32Array.of(1));
  const stray = memoryCheckpoint("stray", [
    ["gen_embed.weight", one],
    ["gen_vision_model.quant_conv.bias", one],
    ["vision_gen_enc_model.bias", one],
  ]);
  expect(() => janusTransformer(stray)).toThrow(/vision_gen_enc_model\.bias/);
  expect(() => janusCodec(memoryCheckpoint("other", [["tok_embeddings.weight", one]]))).toThrow(WeightsError);
});
