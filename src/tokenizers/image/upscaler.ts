/**
 * A small network that draws a picture at several times its side: convolutions at the small size, then sub-pixels (ESPCN, Shi et al. 2016,
 * arXiv 1609.05158; residual blocks without normalisation: EDSR, Lim et al. 2017, arXiv 1707.02921 §3.1). It corrects the picture with
 * every pixel repeated.
 */
import { isIntegerIn } from "../../base/check.js";
import type { Fields } from "../../base/fields.js";
import type { Engine } from "../../engine/engine.js";
import { type Graph, GraphBuilder } from "../../engine/graph.js";
import { opsOf } from "../../engine/ops/index.js";
import type { FloatTensor } from "../../engine/tensor.js";
import type { Checkpoint } from "../../engine/weights/checkpoint.js";
import { settle } from "../../engine/weights/settle.js";
import { compiledOnce } from "../lazy-program.js";
import { codecBlocks } from "./codec-blocks.js";
import { parseWidth } from "./codec-config.js";
import { type Channels, type Picture, picturesOf, pixelsOf } from "./pixels.js";

export interface UpscalerConfig {
  /** 3 = RGB, 4 = premultiplied RGBA. */
  readonly channels: Channels;
  readonly width: number;
  /** Residual convolutions of that width. */
  readonly blocks: number;
  /** How many times the side. */
  readonly factor: number;
}

export interface Upscaler extends AsyncDisposable {
  readonly factor: number;
  /** The picture at `factor` times its width and height. Faint alpha is cleared, as everywhere. */
  enlarged(picture: Picture): Promise<Picture>;
  close(): Promise<void>;
}

/** A configuration out of its fields in a config.json. Throws ArgumentError. */
export function parseUpscalerConfig(of: Fields): UpscalerConfig {
  const config: UpscalerConfig = {
    channels: of.number("channels", "3 or 4", (value) => value === 3 || value === 4) as Channels,
    width: parseWidth(of, "width"),
    blocks: of.number("blocks", "an integer from 0 to 64", isIntegerIn(0, 64)),
    factor: of.number("factor", "an integer from 2 to 8", isIntegerIn(2, 8)),
  };
  of.finish();
  return config;
}

/** Input `pixels` [B, C, Y, X]; output `enlarged` [B, C, Y * factor, X * factor]. Both about [-1, 1]. */
export function upscalerGraph({ channels, width, blocks, factor }: UpscalerConfig): Graph {
  const g = new GraphBuilder("upscaler");
  const o = opsOf(g);
  const { conv } = codecBlocks(g, { groups: 1, projections: "qkv" });
  const pixels = g.input("pixels", ["B", channels, "Y", "X"]);
  let x = conv("conv_in", pixels, width, 3);
  for (let i = 0; i < blocks; i++) x = o.add(x, conv(`blocks.${i}`, o.silu(x), width, 3));
  const correction = o.depthToSpace(conv("conv_out", o.silu(x), channels * factor ** 2, 3), { size: factor });
  return g.build({ enlarged: o.add(o.resizeNearest(pixels, { factor }), correction) });
}

/**
 * Opens the upscaler with the weights of a checkpoint, which stays open until it is closed: the network is compiled at its first use.
 *
 * @throws WeightsError for weights that are missing, misshapen or left over.
 */
export function openUpscaler(engine: Engine, config: UpscalerConfig, checkpoint: Checkpoint): Upscaler {
  const graph = upscalerGraph(config);
  settle(checkpoint, [graph]);
  const program = compiledOnce(engine, graph, checkpoint);
  const close = () => program.close();
  return {
    factor: config.factor,
    async enlarged(picture) {
      const { enlarged } = await (await program.get()).run({ pixels: pixelsOf([picture], config.channels) });
      return picturesOf(enlarged as FloatTensor)[0]!;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
