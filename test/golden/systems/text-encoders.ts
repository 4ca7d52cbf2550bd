/** Text encoders of the hub against their golden cases: all outputs, with and without the padding mask, and the insides of T5. */
import { openTextEncoder } from "../../../src/core/text-encoder.js";
import { bucketOf, bucketTable } from "../../../src/core/t5/distances.js";
import type { T5Config } from "../../../src/core/t5/config.js";
import type { Engine } from "../../../src/engine/engine.js";
import { type FloatTensor, i32, type Tensor, tensor } from "../../../src/engine/tensor.js";
import { textEncoderNetwork } from "../../../src/models/text-encoder-config.js";
import { type GoldenCase, openWeights, readTensors } from "../case.js";
import type { Comparison, Numbers } from "../compare.js";
import { judge } from "../judge.js";

/** Of the case's names those whose values are taps of the graph of T5. */
const TAPS = new Map([
  ["out.position_bias", "positionBias"],
  ["out.layer0.attn", "layer0.attention"],
  ["out.layer0.ff", "layer0.feedForward"],
  ["out.hidden.layer0", "layer0"],
]);

export async function* textEncoders(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  await using weights = await openWeights(folder);
  const { architecture, config } = textEncoderNetwork(golden.config, weights);
  const taps = ["embedded", ...[...TAPS].flatMap(([name, tap]) => (io.has(name) ? [tap] : []))];
  await using network = await openTextEncoder(engine, architecture, config, weights, { taps });

  const [ids, mask] = [integers(io.get("in.ids")!), integers(io.get("in.mask")!)];
  const isT5 = architecture.name === "t5";
  const open = isT5 ? null : await network.run({ ids, mask: null });
  const masked = await network.run({ ids, mask });
  const plain = open ?? masked;
  const [B, T] = ids.shape as [number, number];

  yield* judge(golden, io, ["in.ids", "in.mask"], (name) => {
    const tap = TAPS.get(name);
    if (name === "out.position_bias") return masked[tap!];
    if (tap) return shownBy(masked[tap] as FloatTensor, mask);
    switch (name) {
      case "out.hidden.embed":
        return isT5 ? shownBy(plain.embedded as FloatTensor, mask) : plain.embedded;
      case "out.hidden.penultimate":
        return plain.penultimate;
      case "out.last":
        return isT5 ? shownBy(masked.last, mask) : plain.last;
      case "out.last_masked":
        return shownBy(masked.last, mask);
      case "out.pooled":
        return flat(plain.pooled!, B);
      case "out.text_embeds":
        return flat(plain.projected!, B);
      case "out.text_embeds_masked":
        return flat(masked.projected!, B);
      case "out.buckets":
        return tensor([T, T], bucketTable(T, (config as T5Config).distances).data as Int32Array);
      case "out.buckets_default":
        return i32(
          [601],
          [...Array(601).keys()].map((i) => bucketOf(i - 300, { buckets: 32, most: 128 })),
        );
      default:
        return undefined;
    }
  });
}

const integers = ({ shape, data }: Numbers): Tensor => tensor(shape, Int32Array.from(data));

const flat = ({ data }: FloatTensor, B: number): FloatTensor => tensor([B, data.length / B], data);

/** Rows [B, T, C] with those at padding zero, as the case stores them. */
function shownBy({ shape, data }: FloatTensor, mask: Tensor): FloatTensor {
  const size = data.length / mask.data.length;
  return tensor(
    shape,
    data.map((value, i) => value * mask.data[Math.floor(i / size)]!),
  );
}
