import { expect, it } from "vitest";
import { GraphBuilder } from "../../../src/engine/graph.js";
import { referenceEngine } from "../../../src/engine/reference.js";
import { f32, type Tensor } from "../../../src/engine/tensor.js";
import { memoryCheckpoint } from "../../../src/engine/weights/stored.js";
import { type BlockRules, codecBlocks } from "../../../src/tokenizers/image/codec-blocks.js";

const C = 6;
/** Numbers that look random and differ everywhere. */
const wave = (shape: readonly number[], phase: number): Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  return f32(
    shape,
    Array.from({ length: size }, (_, i) => Math.sin(i * 1.7 + phase)),
  );
};

async function attend(projections: BlockRules["projections"], weights: Readonly<Record<string, Tensor>>) {
  const g = new GraphBuilder("attention");
  const x = g.input("x", ["B", C, "Y", "X"]);
  const graph = g.build({ y: codecBlocks(g, { groups: 3, projections }).attention("a", x) });
  const program = await referenceEngine().compile(graph, memoryCheckpoint("memory", new Map(Object.entries(weights))));
  return (await program.run({ x: wave([2, C, 3, 5], 0) })).y!;
}

it("attends alike whether q, k, v are three convolutions or one", async () => {
  const rest = {
    "a.norm.weight": wave([C], 1),
    "a.norm.bias": wave([C], 2),
    "a.proj_out.weight": wave([C, C, 1, 1], 3),
    "a.proj_out.bias": wave([C], 4),
  };
  const parts = { q: 5, k: 6, v: 7 };
  const separate = Object.entries(parts).flatMap(([part, phase]) => [
    [`a.${part}.weight`, wave([C, C, 1, 1], phase)] as const,
    [`a.${part}.bias`, wave([C], phase + 10)] as const,
  ]);
  const joined = (kind: string, shape: readonly number[]) =>
    f32(
      shape,
      separate.flatMap(([name, { data }]) => (name.endsWith(kind) ? [...data] : [])),
    );
  const fused = { "a.qkv.weight": joined("weight", [3 * C, C, 1, 1]), "a.qkv.bias": joined("bias", [3 * C]) };
  const three = await attend("q k v", { ...rest, ...Object.fromEntries(separate) });
  expect(await attend("qkv", { ...rest, ...fused })).toEqual(three);
  expect(three.shape).toEqual([2, C, 3, 5]);
});
