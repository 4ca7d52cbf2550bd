/** Whole runs of speculative Jacobi decoding against their golden cases, by the strategy and the loop that generation uses. */
import { parseTransformerConfig } from "../../../src/core/llamagen/config.js";
import { type Draft, RULES, type Verdict } from "../../../src/core/decode/jacobi/acceptance.js";
import { type JacobiSettings, jacobi, speculative } from "../../../src/core/decode/jacobi/jacobi.js";
import { rasterLayout } from "../../../src/core/decode/layout.js";
import { decode } from "../../../src/core/decode/loop.js";
import { nextToken } from "../../../src/core/decode/next-token.js";
import { rowOf, sampler } from "../../../src/core/decode/sampler.js";
import type {
  DrawContext,
  Forward,
  Prediction,
  Sampler,
  Step,
  Strategy,
  Token,
  TokenDraws,
} from "../../../src/core/decode/step.js";
import { guide, guidance, llamagenGuidance, scaleAt, UNGUIDED } from "../../../src/core/sampling/guidance.js";
import { LLAMAGEN } from "../../../src/core/llamagen/architecture.js";
import { openModel } from "../../../src/core/model.js";
import { draw, type Distribution } from "../../../src/core/sampling/sampling.js";
import { openSession } from "../../../src/core/session.js";
import type { Engine } from "../../../src/engine/engine.js";
import { chiSquarePooled, limitOf } from "../../core/chi-square.js";
import { type Table, tableModel } from "../../core/table-model.js";
import { type GoldenCase, openWeights, readTensors } from "../case.js";
import { type Comparison, compare, type Numbers } from "../compare.js";
import { conditionOf } from "./llamagen-gpt.js";
import { rowAt, zeros } from "./rows.js";
import { sizesOf } from "./runs.js";

type Tensors = ReadonlyMap<string, Numbers>;

/** One pass of a replayed run. */
interface Pass {
  readonly drafts: readonly Draft[];
  readonly distributions: readonly Distribution[];
  readonly verdict: Verdict;
  /** Positions that were final before it. */
  readonly start: number;
}

/** The strategy of the paper for one item, whose windows `window(pass)` gives: their sizes and what fills new slots. */
function replayed(total: number, widest: number, window: (pass: number) => ArrayLike<number>) {
  const passes: Pass[] = [];
  let done = 0;
  const strategy = speculative(1, total, widest, () => ({
    rule(drafts, draws) {
      const verdict = RULES["ratio-redraw"](drafts, draws);
      const distributions = [...drafts, null].map((_, j) => draws.distribution(j));
      passes.push({ drafts, distributions, verdict, start: done });
      done += verdict.gained.length;
      return verdict;
    },
    inputs: ({ passes: next }) => Array.from(window(next)).filter((id) => id >= 0).length,
    fill: ({ position }) => window(passes.length)[position - done + 1]!,
  }));
  return { strategy, passes };
}

interface TraceRun {
  readonly cfg: number;
  readonly top_k: number;
  readonly prompt: readonly number[];
}

/** Loops on table models with given uniforms: windows, distributions, draws and accepted lengths of every pass. */
export async function* sjdTrace(folder: string, golden: GoldenCase): AsyncIterable<Comparison> {
  const all = await readTensors(folder);
  for (const [c, run] of (golden.config.runs as TraceRun[]).entries()) {
    const prefix = `run${c}.`;
    const names = [...all.keys()].filter((name) => name.startsWith(prefix));
    const io: Tensors = new Map(names.map((name) => [name.slice(prefix.length), all.get(name)!]));
    for (const [name, actual] of Object.entries(await traced(run, io)))
      yield compare(prefix + name, actual, io.get(name)!, golden.tolerance);
  }
}

async function traced(run: TraceRun, io: Tensors): Promise<Readonly<Record<string, Numbers>>> {
  const [I, W, V] = io.get("p")!.shape as [number, number, number];
  const total = io.get("tokens")!.shape[0]!;
  const beyond = total + W; // windows of the reference may reach beyond the end
  const table =
    (name: string): Table =>
    (line) => [...rowAt(io, name, line.at(-2) ?? V, line.at(-1) ?? V)];
  const uncond = io.has("logits_table_uncond") ? table("logits_table_uncond") : undefined;
  const { strategy, passes } = replayed(beyond, W, (pass) => (pass < I ? rowAt(io, "window", pass) : []));
  const coins = sampler({
    seed: 0,
    sampling: { topK: run.top_k },
    guidance: run.cfg > 1 ? guidance(run.cfg) : UNGUIDED,
  });
  const steps: Step[] = [];
  const given: Sampler<number, Prediction, TokenDraws> = {
    guided: coins.guided,
    draws(step, prediction, context) {
      const at = steps.push(step) - 1;
      const coin: TokenDraws["coin"] = (_, position, purpose) => {
        const j = position - step.fill[0]!;
        if (purpose === "token") return rowAt(io, "u_y", at)[j]!;
        return purpose === "acceptance" ? rowAt(io, "u_accept", at)[j + 1]! : io.get("u_residual")!.data[at]!;
      };
      return { ...coins.draws(step, prediction, context as DrawContext<Token>), coin };
    },
  };
  const ended: Strategy = { ...strategy, plan: () => (steps.length < I ? strategy.plan() : null) };
  const [ids] = await idsOf(tableModel(1, table("logits_table"), uncond), ended, given);
  const tokens = ids!.slice(0, total);

  const rows = (of: (pass: Pass, i: number) => readonly number[]): Numbers => {
    const out = zeros("i32", [I, W], -1);
    passes.forEach((pass, i) => out.data.set(of(pass, i), i * W));
    return out;
  };
  const column = (of: (pass: Pass, i: number) => number): Numbers => ({
    shape: [I],
    data: Int32Array.from({ length: I }, (_, i) => (passes[i] ? of(passes[i], i) : -1)),
  });
  const distributions = (of: (pass: Pass) => readonly (Distribution | null)[]): Numbers => {
    const out = zeros("f32", [I, W, V]);
    passes.forEach((pass, i) =>
      of(pass).forEach((distribution, j) =>
        distribution?.ids.forEach((id, n) => (out.data[(i * W + j) * V + id] = distribution.probabilities[n]!)),
      ),
    );
    return out;
  };
  const lastBefore = ({ start }: Pass) => (start === 0 ? run.prompt.at(-1)! : tokens[start - 1]!);
  const certain = (id: number): Distribution => ({ ids: Int32Array.of(id), probabilities: Float64Array.of(1) });
  return {
    L: column(({ distributions }) => distributions.length),
    matched: column(({ verdict }) => verdict.gained.length),
    total: column(({ start, verdict }) => start + verdict.gained.length),
    cache_before_truncation: column((_, i) => run.prompt.length + (steps[i]!.keep as number) + steps[i]!.feed.length),
    window: rows((pass) => [lastBefore(pass), ...pass.drafts.map(({ id }) => id)]),
    y: rows(({ distributions }, i) =>
      distributions.map((distribution, j) => draw(distribution, rowAt(io, "u_y", i)[j]!)),
    ),
    out: rows(({ verdict }) => verdict.gained),
    next_drafts: rows(({ verdict }) => verdict.drafts.map(({ id }) => id)),
    p: distributions((pass) => pass.distributions),
    q: distributions(({ drafts }) => [null, ...drafts.map(({ id, distribution }) => distribution ?? certain(id))]),
    tokens: { shape: [total], data: Int32Array.from(tokens) },
  };
}

async function idsOf(
  model: Forward,
  strategy: Strategy,
  coins: Sampler<number, Prediction, TokenDraws>,
): Promise<readonly (readonly number[])[]> {
  let ids: readonly (readonly number[])[] = [];
  for await (const event of decode(model, strategy, coins)) if (event.type === "decode-end") ids = event.values;
  return ids;
}

/** A transformer, greedily: next-token decoding, then the same ids through the windows of the file and through our own. */
export async function* sjdGreedy(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const { config } = golden;
  const io = await readTensors(folder);
  await using weights = await openWeights(folder);
  const row = parseTransformerConfig({
    ...sizesOf(config),
    grid: config.grid,
    condition: io.has("labels")
      ? { kind: "class", classes: config.classes }
      : { kind: "features", slots: config.cond_tokens, size: config.caption_dim },
    conditionRotation: "zero",
    ropeBase: config.rope_base,
  });
  await using model = await openModel(engine, LLAMAGEN, row, weights);
  const total = config.image_tokens as number;
  const scale = llamagenGuidance(config.cfg as number);
  const coins = sampler({ seed: 0, sampling: { topK: config.top_k as number }, guidance: scale });
  const logits = zeros("f32", [total, row.vocabulary]);
  const run = async (strategy: Strategy, watch?: boolean): Promise<readonly number[]> => {
    await using session = await openSession(model, conditionOf(io), { guided: scale.scale > 1 });
    const watched: Forward = {
      items: 1,
      async forward(step) {
        const made = await session.forward(step);
        const c = rowOf(made.conditional, 0, 0);
        const at = step.fill[0]!;
        const guided = made.unconditional ? guide(c, rowOf(made.unconditional, 0, 0), scaleAt(scale, at)) : c;
        if (watch) logits.data.set(guided, at * row.vocabulary);
        return made;
      },
    };
    return (await idsOf(watched, strategy, coins))[0]!;
  };
  const ids = await run(nextToken(1, total), true);
  const vector = (data: ArrayLike<number>): Numbers => ({ shape: [data.length], data: Int32Array.from(data) });
  yield compare("greedy.ids", vector(ids), io.get("greedy.ids")!, golden.tolerance);
  yield compare("greedy.logits_guided", logits, io.get("greedy.logits_guided")!, golden.tolerance);

  for (const { window: W } of config.runs as { window: number }[]) {
    const name = (part: string) => `sjd.W${W}.${part}`;
    const [I] = io.get(name("window"))!.shape as [number, number];
    // The first pass, over the condition alone, is not in the file.
    const { strategy, passes } = replayed(total, W, (pass) => (pass <= I ? rowAt(io, name("window"), pass - 1) : []));
    const mine = await run(strategy);
    const window = zeros("i32", [I, W], -1);
    passes.slice(1).forEach(({ start, drafts }, i) => {
      window.data.set([mine[start - 1]!, ...drafts.map(({ id }) => id)], i * W);
    });
    yield compare(name("ids"), vector(mine), io.get(name("ids"))!, golden.tolerance);
    yield compare(name("window"), window, io.get(name("window"))!, golden.tolerance);
    const gained = passes.slice(1).map(({ verdict }) => verdict.gained.length);
    yield compare(name("matched"), vector(gained), io.get(name("matched"))!, golden.tolerance);
    for (const rule of ["coupled", "ratio"] as const) {
      const own = await run(jacobi(1, total, rasterLayout(row.grid, row.vocabulary), { rule, window: W }));
      yield compare(`${name("ids")} ${rule}`, vector(own), io.get("greedy.ids")!, golden.tolerance);
    }
  }
}

/** The distribution of what the strategy makes of a table model, against the enumerated one. */
export async function* sjdStatistics(folder: string, golden: GoldenCase): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  const { vocab: V, length: N } = golden.config as unknown as { vocab: number; length: number };
  const next = (line: readonly number[]) => Array.from(rowAt(io, `table.t${line.length}`, ...line));
  const logits = new Map<string, readonly number[]>();
  const table: Table = (line) => {
    const key = line.join();
    const found = logits.get(key) ?? next(line).map(Math.log);
    logits.set(key, found);
    return found;
  };
  const walk = (line: readonly number[], probability: number): number[] =>
    line.length === N ? [probability] : next(line).flatMap((p, id) => walk([...line, id], probability * p));
  const joint = walk([], 1);
  for (const [name, { shape }] of io) {
    if (name.startsWith("table.")) continue;
    const [, kind, place] = /^(joint|marginal|pair)(?:\.t(\d+))?$/.exec(name) ?? [];
    const kept = { joint: N, marginal: 1, pair: 2 }[kind as "joint"];
    const out = zeros("f32", shape);
    const sums = new Float64Array(out.data.length);
    const behind = V ** (N - Number(place ?? 0) - kept); // sequences that agree in what comes behind the places kept
    joint.forEach((p, index) => (sums[Math.floor(index / behind) % sums.length]! += p));
    out.data.set(sums);
    yield compare(name, out, io.get(name)!, golden.tolerance);
  }
  for (const { batch, ...settings } of statisticsSettings(N)) {
    const counts = new Int32Array(joint.length);
    const layout = rasterLayout(2, V);
    for (let first = 0; first < SEQUENCES; first += batch) {
      const model = tableModel(batch, table);
      const coins = sampler({ seed: 1, firstItem: first });
      for (const ids of await idsOf(model, jacobi(batch, N, layout, settings), coins))
        counts[ids.reduce((index, id) => index * V + id, 0)]!++;
    }
    const { chi2, df } = chiSquarePooled(counts, joint);
    const name = `chi2 ${settings.rule} W${settings.window as number} B${batch} ${settings.initialiser}`;
    yield {
      name,
      maxAbs: 0,
      maxRel: 0,
      pass: chi2 < limitOf(df, 0.001),
      note: `${chi2.toFixed(1)} of ${limitOf(df, 0.001).toFixed(1)}`,
    };
  }
}

const SEQUENCES = 40_000;

const statisticsSettings = (N: number): readonly (JacobiSettings & { readonly batch: number })[] => [
  { rule: "coupled", window: 1, initialiser: "random", batch: 8 },
  { rule: "ratio", window: 2, initialiser: "repeat-horizontal", batch: 4 },
  { rule: "ratio-redraw", window: 3, initialiser: "sample-horizontal", batch: 8 },
  { rule: "ratio", window: N, initialiser: "repeat-vertical", batch: 8 },
  { rule: "ratio", window: N + 3, initialiser: "random", batch: 5 },
];
