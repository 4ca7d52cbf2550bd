/** VAR's parts that stand alone against their golden cases: resampling, the convolutions phi, the filters before a draw. */
import { distributionOf, samplingSettings } from "../../../src/core/sampling/sampling.js";
import type { Engine } from "../../../src/engine/engine.js";
import { GraphBuilder } from "../../../src/engine/graph.js";
import { type FloatTensor, i32, type Tensor } from "../../../src/engine/tensor.js";
import { memoryCheckpoint } from "../../../src/engine/weights/stored.js";
import { type Grid, phiOf } from "../../../src/tokenizers/image/multi-scale-config.js";
import { phi } from "../../../src/tokenizers/image/multi-scale-graphs.js";
import { area, bicubic, bilinear, resampled, turned } from "../../../src/tokenizers/image/resample.js";
import { type GoldenCase, openWeights, readTensors } from "../case.js";
import type { Comparison, Numbers } from "../compare.js";
import { judge } from "../judge.js";

const KERNELS = { area, bicubic, bilinear };

/** Every output is the resampled input of which its name tells. */
export async function* varResample(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  const g = new GraphBuilder("golden");
  const rows = g.input("rows", ["p", "h"]);
  const columns = g.input("columns", ["w", "q"]);
  const output = resampled(g, g.input("x", ["B", "C", "h", "w"]), rows, columns);
  await using weights = memoryCheckpoint("none", []);
  await using program = await engine.compile(g.build({ output }), weights);

  const isInput = (name: string) => /\.in(\d*|_.+)$/.test(name);
  const answers = new Map<string, Numbers>();
  for (const [name, { shape }] of io) {
    if (isInput(name)) continue;
    const kernel = KERNELS[/area|bicubic|bilinear/.exec(name)?.[0] as keyof typeof KERNELS];
    const own = name.replace("out_", "in_");
    const source = [own, name.replace(/\.(\d+)to\d+$/, ".in$1"), name.replace(/\.\d+to\d+$/, ".in")]
      .filter(isInput)
      .map((input) => io.get(input))
      .find((input) => input !== undefined) as FloatTensor | undefined;
    if (!kernel || !source) continue;
    const [, , h, w] = source.shape as [number, number, number, number];
    const [, , p, q] = shape as [number, number, number, number];
    const inputs = { x: source, rows: kernel(h, p), columns: turned(kernel(w, q)) };
    answers.set(name, (await program.run(inputs)).output!);
  }
  const inputs = [...io.keys()].filter(isInput);
  yield* judge(golden, io, inputs, (name) => answers.get(name));
}

/** Each convolution, and which of them serves which scale. */
export async function* varPhi(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  await using weights = await openWeights(folder);
  const codeDim = golden.config.channels as number;
  const ratio = golden.config.phi_ratio as number;
  const names = [...weights.entries.keys()].filter((name) => name.endsWith(".weight"));
  const count = names.length;
  const share = names.some((name) => name.includes("qresi")) ? count : 0; // else one a scale

  const g = new GraphBuilder("golden");
  const config = { codeDim, phi: { share, ratio }, scales: Array<Grid>(count).fill([1, 1]) };
  const output = phi(g, config, g.input("h", ["B", codeDim, "h", "w"]), g.input("which", [1], "i32"), "quant_resi");
  await using program = await engine.compile(g.build({ output }), weights);
  const outputs = new Map<string, Tensor>();
  for (let j = 0; j < count; j++) {
    const { output } = await program.run({ h: io.get("in") as FloatTensor, which: i32([1], [j]) });
    outputs.set(`out.${j}`, output!);
  }
  yield* judge(golden, io, ["in"], (name) => {
    const [, n, K] = /^map\.share(\d+)\.K(\d+)$/.exec(name) ?? [];
    if (!n || !K) return outputs.get(name);
    const table = Array.from({ length: +K }, (_, s) => phiOf({ share: +n, ratio }, s, +K));
    return i32([+K], table);
  });
}

/** Top-k, then top-p from the small end: survivors and their probabilities under each setting. */
export async function* varPick(folder: string, golden: GoldenCase, _engine: Engine): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  const { shape, data } = io.get("logits") as FloatTensor;
  const V = shape.at(-1)!;
  const settings = golden.config.settings as { top_k: number; top_p: number }[];
  yield* judge(golden, io, ["logits"], (name) => {
    const [, kind, index] = /^(kept|probs)\.(\d+)$/.exec(name) ?? [];
    const setting = settings[Number(index)];
    if (!kind || !setting) return undefined;
    const out = kind === "kept" ? new Uint8Array(data.length) : new Float32Array(data.length);
    for (let row = 0; row < data.length; row += V) {
      const distribution = distributionOf(data.subarray(row, row + V), varSampling(setting));
      distribution.ids.forEach((id, i) => {
        out[row + id] = kind === "kept" ? 1 : distribution.probabilities[i]!;
      });
    }
    return { shape, data: out };
  });
}

/** VAR's names for the filters; its 0 switches top-p off. */
export const varSampling = ({ top_k, top_p = 0 }: { readonly top_k: number; readonly top_p?: number }) =>
  samplingSettings({ topK: top_k, topP: top_p === 0 ? 1 : top_p, topPOrder: "ascending" });
