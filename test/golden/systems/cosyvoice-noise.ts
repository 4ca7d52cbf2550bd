/** The fixed start noise of the published decoders against its golden probes. */
import { tensor } from "../../../src/engine/tensor.js";
import { torchNormals } from "../../../src/tokenizers/speech/flow/start-noise.js";
import { type GoldenCase, readTensors } from "../case.js";
import { type Comparison, compare } from "../compare.js";
import { judge } from "../judge.js";

export async function* cosyvoiceNoise(folder: string, golden: GoldenCase): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  const [, C, T] = golden.config.shape as [number, number, number];
  const all = torchNormals(golden.config.generator_seed as number, C * T);
  const index = io.get("in.index")!.data;
  const probes = Float32Array.from({ length: index.length / 2 }, (_, i) => all[index[2 * i]! * T + index[2 * i + 1]!]!);
  const means = Float32Array.from({ length: 16 }, (_, t) => {
    let sum = 0;
    for (let c = 0; c < C; c++) sum += all[c * T + t]!;
    return sum / C;
  });
  const power = (p: number) => all.reduce((sum, value) => sum + value ** p, 0);
  const answers = new Map([
    ["out.values", tensor([probes.length], probes)],
    ["out.head", tensor([48], all.slice(0, 48))],
    ["out.tail", tensor([8], all.slice(-8))],
    ["out.column_means", tensor([16], means)],
  ]);
  yield* judge(golden, io, ["in.index", "out.sums"], (name) => answers.get(name));
  const sums = io.get("out.sums")!.data as Float32Array;
  yield compare("out.sums first", tensor([1], Float32Array.of(power(1))), tensor([1], sums.slice(0, 1)), {
    abs: 0.05,
    rel: 0,
  });
  const rest = tensor([2], Float32Array.of(power(2), power(4)));
  yield compare("out.sums others", rest, tensor([2], sums.slice(1)), { abs: 0, rel: 1e-5 });
}
