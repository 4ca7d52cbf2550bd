/** Golden cases of TiTok's generator: logits with and without the class, and a run of the decode loop with given noise. */
import { decode } from "../../../src/core/decode/loop.js";
import { rowOf, sampler } from "../../../src/core/decode/sampler.js";
import type { Forward, Prediction, Sampler, Step, Strategy, TokenDraws } from "../../../src/core/decode/step.js";
import { standingBefore, titokSettings } from "../../../src/core/decode/masked/settings.js";
import { IMAGE_BERT, type ImageBert } from "../../../src/core/image-bert/architecture.js";
import { imageBertObjective, maskId, parseImageBertConfig } from "../../../src/core/image-bert/config.js";
import { openModel } from "../../../src/core/model.js";
import { strategyOf } from "../../../src/core/orders.js";
import { type Guidance, titokGuidance } from "../../../src/core/sampling/guidance.js";
import { openSession } from "../../../src/core/session.js";
import type { Engine } from "../../../src/engine/engine.js";
import { tensor } from "../../../src/engine/tensor.js";
import { type GoldenCase, openWeights, readTensors } from "../case.js";
import { type Comparison, type Numbers, Unsupported } from "../compare.js";
import { judge } from "../judge.js";
import { counted, linesOf } from "./runs.js";

type Io = ReadonlyMap<string, Numbers>;

export async function* titokGenerator(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const { config } = golden;
  if (config.decay !== "linear") throw new Unsupported(`guidance that grows by the rule ${config.decay}`);
  const io = await readTensors(folder);
  await using weights = await openWeights(folder);
  const parsed = parseImageBertConfig({
    ...{ layers: config.L, heads: config.H, width: config.W, hidden: config.ff },
    ...{ vocabulary: config.cb, classes: config.classes, positions: config.N, normEpsilon: 1e-12 },
  });
  await using model = await openModel(engine, IMAGE_BERT, parsed, weights);
  const probe = await probed(model, io);
  const settings = titokSettings(config.steps as number, config.temp as number);
  const standing = standingBefore(parsed.positions, settings);
  const run = await replayed(model, io, titokGuidance(config.cfg as number, standing, parsed.positions), () =>
    strategyOf(classesOf(io).length, imageBertObjective(parsed), { kind: "masked", ...settings }),
  );
  const inputs = ["in.condition", "in.ids_probe", "in.u_token", "in.u_conf"];
  yield* judge(golden, io, inputs, (name) => {
    if (name === "out.logits_cond") return probe.conditional;
    if (name === "out.logits_uncond") return probe.unconditional!;
    if (name === "out.ids") return run.ids;
    if (name === "out.ids_before_step") return run.before;
    return undefined;
  });
}

const classesOf = (io: Io): number[] => Array.from(io.get("in.condition")!.data);

/** The logits of all positions, some of which are masked. */
async function probed(model: ImageBert, io: Io): Promise<Prediction> {
  const lines = linesOf(io.get("in.ids_probe")!);
  const feed = counted(model.config.positions);
  const absent = lines.map((line) => Uint8Array.from(line, (id) => (id === maskId(model.config) ? 1 : 0)));
  await using session = await openSession(model, classesOf(io), { guided: true });
  return await session.forward({ keep: 0, feed, values: lines, absent, sight: "block", fill: feed });
}

/** The decode loop, with the uniform numbers of the case in place of coins. */
async function replayed(model: ImageBert, io: Io, guidance: Guidance, strategy: () => Strategy) {
  const N = model.config.positions;
  await using session = await openSession(model, classesOf(io), { guided: guidance.scale !== 1 });
  const fed: Int32Array[] = [];
  const watched: Forward = {
    items: session.items,
    forward(step, guided) {
      fed.push(idsBefore(step, session.items, N, maskId(model.config)));
      return session.forward(step, guided);
    },
  };
  let lines: readonly (readonly number[])[] = [];
  for await (const event of decode(watched, strategy(), givenNoise(io, guidance)))
    if (event.type === "decode-end") lines = event.values;
  const before = Int32Array.from(fed.flatMap((ids) => [...ids]));
  return {
    ids: tensor([lines.length, N], Int32Array.from(lines.flat())),
    before: tensor([fed.length, lines.length, N], before),
  };
}

/** What a step shows the network, [B · N]. */
function idsBefore({ feed, values, absent }: Step, items: number, N: number, mask: number): Int32Array {
  const ids = new Int32Array(items * N).fill(mask);
  for (let item = 0; item < items; item++) {
    feed.forEach((position, i) => {
      if (!absent?.[item]![i]) ids[item * N + position] = values[item]![i]!;
    });
  }
  return ids;
}

/**
 * The sampler of the library, but for its coins: token noise -log(-log u) times the temperature of the pass is added to guided
 * logits (which is a draw at that temperature), and confidences get the coins of the case.
 */
function givenNoise(io: Io, guidance: Guidance): Sampler<number, Prediction, TokenDraws> {
  const own = sampler({ seed: 0, guidance });
  const tokens = io.get("in.u_token")!;
  const confidences = io.get("in.u_conf")!.data;
  const [, B, N, V] = tokens.shape as [number, number, number, number];
  const noise = (u: number) => -Math.log(Math.max(-Math.log(Math.max(u, 1e-20)), 1e-20));
  return {
    guided: (step, context) => own.guided(step, context),
    draws(step, prediction, context) {
      const draws = own.draws(step, prediction, context);
      return {
        ...draws,
        value(item, k) {
          const { temperature, attempt } = step.drawings![item]!;
          const at = ((attempt * B + item) * N + step.fill[k]!) * V;
          const scores = Array.from(rowOf(prediction.conditional, item, k), (_, id) => {
            return draws.logit(item, k, id) + temperature * noise(tokens.data[at + id]!);
          });
          return scores.indexOf(Math.max(...scores));
        },
        // A coin c gives the Gumbel number -log(-log(1 - c)).
        coin: (item, position, _, pass) => 1 - confidences[(pass * B + item) * N + position]!,
      };
    },
  };
}
