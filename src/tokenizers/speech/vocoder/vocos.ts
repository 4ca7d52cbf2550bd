/**
 * Vocos (arXiv 2306.00814): features to a waveform by a convolutional net at the rate of the frames and one inverse Fourier
 * transform. Weight names are those of the files.
 */
import type { Engine } from "../../../engine/engine.js";
import { type Graph, GraphBuilder, type Value } from "../../../engine/graph.js";
import { opsOf } from "../../../engine/ops/index.js";
import { type FloatTensor, i32 } from "../../../engine/tensor.js";
import type { Checkpoint } from "../../../engine/weights/checkpoint.js";
import { settle } from "../../../engine/weights/settle.js";
import { compiledOnce } from "../../lazy-program.js";
import { type Tap, untapped } from "../../tap.js";
import { weightedLayers } from "../../../engine/blocks/layers.js";
import { type Placement, waveform } from "./fourier-layers.js";

export interface VocosConfig {
  /** Channels of the features: mel bins, or the width of a codec. */
  readonly features: number;
  readonly width: number;
  /** Width inside the blocks. */
  readonly hidden: number;
  readonly layers: number;
  /** Samples of a frame of the inverse transform, and from one to the next. */
  readonly fftSize: number;
  readonly hop: number;
  readonly placement: Placement;
  /** How many conditions norms choose their scale and shift by, such as bandwidths of a codec; null for ordinary norms. */
  readonly conditions: number | null;
}

/** The published vocoders. */
export const VOCOS_CONFIGS = {
  "vocos-mel-24khz": {
    ...{ features: 100, width: 512, hidden: 1536, layers: 8, fftSize: 1024, hop: 256 },
    ...{ placement: "center", conditions: null },
  },
  "vocos-encodec-24khz": {
    ...{ features: 128, width: 384, hidden: 1152, layers: 8, fftSize: 1280, hop: 320 },
    ...{ placement: "same", conditions: 4 },
  },
} as const satisfies Readonly<Record<string, VocosConfig>>;

const EPSILON = 1e-6;
/** Louder bins are cut, which keeps an untrained or disturbed net from blowing up. */
const LOUDEST = 100;

/** Features [B, C, T] and by need the condition [1] to samples [B, 1, L]. */
export function vocosWaveform(
  g: GraphBuilder,
  config: VocosConfig,
  features: Value,
  condition: Value | null,
  tap: Tap = untapped,
): Value {
  const o = opsOf(g);
  const { conv, linear, norm, swapped } = weightedLayers(g);
  const { width, conditions } = config;

  const normed = (path: string, x: Value): Value => {
    if (conditions === null) return norm(path, x, EPSILON);
    const chosen = (name: string) => o.embedding(condition!, g.weight(`${path}.${name}.weight`, [conditions, width]));
    return o.add(o.mul(o.layerNorm(x, null, null, { epsilon: EPSILON }), chosen("scale")), chosen("shift"));
  };

  const around = { pads: [3, 3] } as const;
  let x = normed("backbone.norm", swapped(conv("backbone.embed", features, width, 7, around)));
  for (let i = 0; i < config.layers; i++) {
    const path = `backbone.convnext.${i}`;
    const map = conv(`${path}.dwconv`, swapped(x), width, 7, { ...around, groups: width });
    const inner = linear(`${path}.pwconv1`, normed(`${path}.norm`, swapped(map)), config.hidden);
    const y = linear(`${path}.pwconv2`, o.gelu(inner, { approximation: "none" }), width);
    x = o.add(x, o.mul(y, g.weight(`${path}.gamma`, [width])));
    tap(path, x);
  }
  x = tap("hidden", norm("backbone.final_layer_norm", x, EPSILON));
  const bins = config.fftSize / 2 + 1;
  const y = swapped(linear("head.out", x, 2 * bins));
  const magnitude = tap("magnitude", o.clamp(o.exp(o.slice(y, { axis: 1, start: 0, end: bins })), { max: LOUDEST }));
  const phase = tap("phase", o.slice(y, { axis: 1, start: bins, end: 2 * bins }));
  const parts = { real: o.mul(magnitude, o.cos(phase)), imaginary: o.mul(magnitude, o.sin(phase)) };
  return waveform(g, parts, { size: config.fftSize, hop: config.hop }, config.placement);
}

export function vocosGraph(config: VocosConfig, tap: Tap = untapped): Graph {
  const g = new GraphBuilder("vocos");
  const features = g.input("features", ["B", config.features, "T"]);
  const condition = config.conditions === null ? null : g.input("condition", [1], "i32");
  return g.build({ samples: vocosWaveform(g, config, features, condition, tap) });
}

export interface Vocos extends AsyncDisposable {
  /** Features [B, C, T] to samples [B, 1, L]; `condition` where the config has conditions. */
  synthesise(features: FloatTensor, condition?: number): Promise<FloatTensor>;
  close(): Promise<void>;
}

/** Of the files: the window of the transform, and the front end that makes the features. */
const COMPUTED = [/^head\.istft\.window$/, /^feature_extractor\./];

/** @throws WeightsError listing all weights that are missing, misshapen or unused. */
export function openVocos(engine: Engine, config: VocosConfig, checkpoint: Checkpoint): Vocos {
  const graph = vocosGraph(config);
  settle(checkpoint, [graph], { ignore: COMPUTED });
  const program = compiledOnce(engine, graph, checkpoint);
  return {
    async synthesise(features, condition = 0) {
      const given = config.conditions === null ? {} : { condition: i32([1], [condition]) };
      return (await (await program.get()).run({ features, ...given })).samples as FloatTensor;
    },
    close: () => program.close(),
    [Symbol.asyncDispose]: () => program.close(),
  };
}
