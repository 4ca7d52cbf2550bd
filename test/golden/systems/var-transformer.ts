/** VAR's transformer against its golden cases: teacher forcing, the greedy loop, mixtures of codes, editing. */
import path from "node:path";
import { decode } from "../../../src/core/decode/loop.js";
import { type Given, keeping } from "../../../src/core/decode/keeping.js";
import { type Cell, nextScale, type Noise } from "../../../src/core/decode/next-scale.js";
import { rowOf, sampler, type TokenSampler } from "../../../src/core/decode/sampler.js";
import { type Forward, idOf, type Prediction, type Strategy } from "../../../src/core/decode/step.js";
import { guide, scaleAt, varGuidance } from "../../../src/core/sampling/guidance.js";
import { scaleStarts } from "../../../src/core/grid.js";
import { openSession } from "../../../src/core/session.js";
import { parseScaleConfig, type ScaleConfig } from "../../../src/core/var/config.js";
import { openModel } from "../../../src/core/model.js";
import { type ScaleTransformer, VAR } from "../../../src/core/var/architecture.js";
import type { Paint } from "../../../src/core/var/feeder.js";
import type { Engine, Program } from "../../../src/engine/engine.js";
import { type FloatTensor, i32, type Tensor, tensor } from "../../../src/engine/tensor.js";
import { openCheckpoint } from "../../../src/engine/weights/open.js";
import type { Box } from "../../../src/base/plane.js";
import { boxMask, keptCells } from "../../../src/tokenizers/image/kept-cells.js";
import {
  type MultiScaleTokenizer,
  openMultiScaleTokenizer,
} from "../../../src/tokenizers/image/multi-scale-tokenizer.js";
import { type GoldenCase, openWeights, readTensors } from "../case.js";
import { type Comparison, type Numbers, Unsupported } from "../compare.js";
import { first, judge } from "../judge.js";
import { varSampling } from "./var-parts.js";
import { joined, painted, stacked, vaeConfig } from "./var-vae.js";

const INPUTS = ["labels", "tf.ids", "smooth.exponential"];

export async function* varTransformer(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  const config = configOf(golden);
  const L = scaleStarts(config.sides).at(-1)!;
  await using weights = await openWeights(folder);
  await using vaeWeights = await openCheckpoint(path.join(folder, "vae_weights.safetensors"));
  const vae = vaeConfig(golden.config.vae as GoldenCase["config"]);
  await using tokenizer = await openMultiScaleTokenizer(engine, vae, vaeWeights);
  const taps = new Map([...io.keys()].flatMap((name) => tapOf(name)));
  await using opened = await openModel(engine, VAR, config, weights, { taps: [...taps.values()] });
  let inside: Readonly<Record<string, Tensor>>[] = []; // of each scale
  const decoder: Program = {
    graph: opened.decoder.graph,
    allocate: (sizes) => opened.decoder.allocate(sizes),
    run: async (...args) => {
      const outputs = await opened.decoder.run(...args);
      inside.push(outputs);
      return outputs;
    },
    close: () => opened.decoder.close(),
    [Symbol.asyncDispose]: () => opened.decoder.close(),
  };
  const model: ScaleTransformer = { ...opened, decoder };

  const answers = new Map<string, Numbers>();
  const labels = [...io.get("labels")!.data];
  const forcedIds = io.get("tf.ids") as Tensor;
  const { next } = await painted(tokenizer, forcedIds);
  answers.set("tf.input", next);
  inside = [];
  answers.set("tf.logits", (await forced(model, tokenizer, labels, forcedIds)).conditional);
  for (const [name, tap] of taps)
    answers.set(name, first(joined(inside.map((outputs) => outputs[tap] as FloatTensor))));

  const settings = golden.config as unknown as Settings;
  const plain = () => nextScale(labels.length, config.sides);
  const greedy = await generated(model, tokenizer, labels, settings, plain());
  for (const [name, value] of Object.entries(greedy)) answers.set(`gen.${name}`, value);

  const smooth = golden.config.smooth as Settings | undefined;
  if (smooth) {
    const exponential = io.get("smooth.exponential") as FloatTensor;
    const noise: Noise = (item, position, id) =>
      -Math.log(exponential.data[(item * L + position) * config.vocabulary + id]!);
    const found = await generated(model, tokenizer, labels, smooth, nextScale(labels.length, config.sides, { noise }));
    for (const [name, value] of Object.entries(found)) answers.set(`smooth.${name}`, value);
  }

  const edit = golden.config.edit as (Settings & { readonly box: Box; readonly inpainting: boolean }) | undefined;
  if (edit) {
    const mask = boxMask(edit.box, tokenizer.scales.at(-1)!, edit.inpainting ? "in" : "out");
    const keep = keptCells(mask, tokenizer.scales);
    const given: Given = { ids: labels.map((_, item) => forcedIds.data.subarray(item * L, (item + 1) * L)), keep };
    const found = await generated(model, tokenizer, labels, edit, keeping(plain(), given));
    for (const [name, value] of Object.entries(found)) answers.set(`edit.${name}`, value);
    answers.set("edit.mask", { shape: [mask.height, mask.width], data: Uint8Array.from(mask.data) });
    answers.set("edit.keep", { shape: [L], data: keep });
  }

  yield* judge(golden, io, INPUTS, (name) => answers.get(name));
}

/** What a run of a case is done with. */
interface Settings {
  readonly cfg: number;
  readonly top_k: number;
  readonly top_p?: number;
}

function configOf({ config }: GoldenCase): ScaleConfig {
  if (config.attn_l2_norm === false) throw new Unsupported("queries and keys that are not normalised");
  const width = config.width as number;
  return parseScaleConfig({
    layers: config.depth,
    heads: config.heads,
    width,
    hidden: Math.round(width * ((config.mlp_ratio as number | undefined) ?? 4)),
    vocabulary: config.vocab,
    codeDim: config.code_dim,
    sides: config.patch_nums,
    condition: { kind: "class", classes: config.classes },
    modulation: config.shared_adaln ? "shared" : "own",
    normEpsilon: config.norm_eps,
  });
}

/** Our name of an intermediate value of the teacher-forced run. */
function tapOf(name: string): readonly (readonly [string, string])[] {
  const [, block, branch] = /^tf\.block(\d+)(?:_(\w+))?$/.exec(name) ?? [];
  if (block) return [[name, branch ? `layer${block}.${branch}` : `layer${block}`]];
  if (name === "tf.embedded") return [[name, "embedded"]];
  return name === "tf.head_norm" ? [[name, "normed"]] : [];
}

const paintWith =
  (tokenizer: MultiScaleTokenizer): Paint =>
  (...args) =>
    tokenizer.paint(...args);

/** All ids given, all scales in one pass. */
async function forced(model: ScaleTransformer, tokenizer: MultiScaleTokenizer, labels: readonly number[], ids: Tensor) {
  const condition = { kind: "class", classes: labels } as const;
  await using session = await openSession(model, { condition, paint: paintWith(tokenizer) }, { guided: false });
  const [B, L] = ids.shape as [number, number];
  const lines = Array.from({ length: B }, (_, item) => ids.data.subarray(item * L, (item + 1) * L));
  const all = [...Array(L).keys()];
  const feed = all.slice(0, -(model.config.sides.at(-1)! ** 2));
  return await session.forward({ keep: 0, feed, values: lines, sight: "block", fill: all });
}

/** The whole loop as a pipeline runs it; what passes by is kept. */
async function generated(
  model: ScaleTransformer,
  tokenizer: MultiScaleTokenizer,
  labels: readonly number[],
  { cfg, ...filters }: Settings,
  strategy: Strategy<Cell>,
): Promise<Readonly<Record<string, Numbers>>> {
  const { sides, vocabulary: V } = model.config;
  const starts = scaleStarts(sides);
  const [B, L] = [labels.length, starts.at(-1)!];
  const guidance = varGuidance(cfg, starts.slice(1, -1));
  const condition = { kind: "class", classes: labels } as const;
  await using session = await openSession(model, { condition, paint: paintWith(tokenizer) }, { guided: true });

  const passes: Prediction[] = [];
  const watched: Forward<Cell> = {
    items: B,
    async forward(step) {
      passes.push(await session.forward(step));
      return passes.at(-1)!;
    },
  };
  const drawn = new Int32Array(B * L);
  const kept = new Uint8Array(B * L * V);
  const chooser = sampler({ seed: 0, sampling: varSampling(filters as Settings), guidance });
  const choosing: TokenSampler = {
    guided: chooser.guided,
    draws(step, prediction, context) {
      const draws = chooser.draws(step, prediction, context);
      for (let item = 0; item < B; item++)
        step.fill.forEach((position, k) => {
          drawn[item * L + position] = draws.value(item, k);
          for (const id of draws.distribution(item, k).ids) kept[(item * L + position) * V + id] = 1;
        });
      return draws;
    },
  };

  const canvases: FloatTensor[] = [];
  const inputs: FloatTensor[] = [];
  const ids = new Int32Array(B * L);
  for await (const event of decode(watched, strategy, choosing)) {
    if (event.type === "decode-end") event.values.forEach((line, item) => ids.set(line.map(idOf), item * L));
    else {
      const cells = event.accepted.map(({ values }) => values);
      const { canvas, next } = await tokenizer.paint(canvases.at(-1) ?? null, canvases.length, cells);
      canvases.push(canvas);
      if (next) inputs.push(next);
    }
  }

  const logits = (
    row: (prediction: Prediction, item: number, k: number, position: number) => Float32Array,
  ): Numbers => {
    const data = new Float32Array(B * L * V);
    sides.forEach((side, scale) => {
      for (let item = 0; item < B; item++)
        for (let k = 0; k < side ** 2; k++) {
          const position = starts[scale]! + k;
          data.set(row(passes[scale]!, item, k, position), (item * L + position) * V);
        }
    });
    return tensor([B, L, V], data);
  };
  const image = await tokenizer.render(canvases.at(-1)!);
  return {
    ids: i32([B, L], ids),
    ids_drawn: i32([B, L], drawn),
    kept: { shape: [B, L, V], data: kept },
    logits_cond: logits(({ conditional }, item, k) => rowOf(conditional, item, k)),
    logits_uncond: logits(({ unconditional }, item, k) => rowOf(unconditional!, item, k)),
    logits_guided: logits(({ conditional, unconditional }, item, k, position) =>
      guide(rowOf(conditional, item, k), rowOf(unconditional!, item, k), scaleAt(guidance, position)),
    ),
    next_input: joined(inputs),
    fhat: canvases.at(-1)!,
    fhat_per_scale: stacked(canvases),
    image: tensor(
      image.shape,
      image.data.map((x) => (x + 1) / 2),
    ),
  };
}
