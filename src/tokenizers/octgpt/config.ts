/**
 * The sizes of OctGPT's autoencoder of shapes (arXiv 2504.09975 §3.2): an octree is encoded into binary codes at a coarser depth, and
 * the codes are decoded into a finer octree with a distance field.
 */
import { check, isIntegerIn, isNumberIn } from "../../base/check.js";
import { type Fields, fields } from "../../base/fields.js";

/** A tower of stages, one per depth: channels and residual blocks of each. */
export interface Tower {
  readonly channels: readonly number[];
  readonly blocks: readonly number[];
}

export interface ShapeCodecConfig {
  /** The finest depth: 2^depth cells per axis of [-1, 1]³. */
  readonly depth: number;
  /** Bits of the code of a node. */
  readonly bits: number;
  /** Residual blocks compute in channels / bottleneck. */
  readonly bottleneck: number;
  /** From the finest depth to that of the codes. */
  readonly encoder: Tower;
  /** On dual graphs: from the depth of the codes to the depth that is always full, and from there to the finest. */
  readonly graphEncoder: Tower;
  readonly graphDecoder: Tower;
  /** Width of the one-hot depth of a node in the graph of the codes; one less for each depth above, one more for each below. */
  readonly nodeTypes: number;
  /** Width inside the heads. */
  readonly headWidth: number;
  /** A coordinate of a file is one of [-1, 1] times this. */
  readonly pointsScale: number;
}

/** The depth whose nodes have codes. */
export const codeDepthOf = ({ depth, encoder }: ShapeCodecConfig): number => depth - encoder.channels.length + 1;

/** The depth down to which every node is split. */
export const fullDepthOf = (config: ShapeCodecConfig): number =>
  codeDepthOf(config) - config.graphEncoder.channels.length + 1;

/** Width of the one-hot depth of a node in the dual graph of a depth. */
export const typesAt = (config: ShapeCodecConfig, depth: number): number =>
  config.nodeTypes + depth - codeDepthOf(config);

/** Reads a row of config.json. Throws ArgumentError naming the field. */
export function parseShapeCodecConfig(json: unknown, where = "shape codec"): ShapeCodecConfig {
  const of = fields(json, where);
  const whole = (name: string, low: number, high: number) =>
    of.number(name, `a whole number from ${low} to ${high}`, isIntegerIn(low, high));
  const config: ShapeCodecConfig = {
    depth: whole("depth", 2, 8),
    bits: whole("bits", 1, 32),
    bottleneck: whole("bottleneck", 1, 64),
    encoder: towerOf(of, "encoder"),
    graphEncoder: towerOf(of, "graphEncoder"),
    graphDecoder: towerOf(of, "graphDecoder"),
    nodeTypes: whole("nodeTypes", 1, 64),
    headWidth: whole("headWidth", 4, 2 ** 16),
    pointsScale: of.number("pointsScale", "a number above 0", isNumberIn(Number.MIN_VALUE, 1e6)),
  };
  of.finish();
  const { encoder, graphEncoder, graphDecoder } = config;
  const stages = encoder.channels.length + graphEncoder.channels.length - 1;
  check(`${where}.graphDecoder`, `${stages} stages`, graphDecoder.channels.length, (count) => count === stages);
  check(`${where}.depth`, "deeper than its towers are long", fullDepthOf(config), isIntegerIn(0, 8));
  check(`${where}.nodeTypes`, "one for each depth of the graph", typesAt(config, fullDepthOf(config)), (n) => n >= 1);
  return config;
}

function towerOf(of: Fields, name: string): Tower {
  const tower = of.object(name);
  const counts = (field: string, what: string, fits: (n: number) => boolean) =>
    tower.value(field, what, (list): list is number[] => {
      return Array.isArray(list) && list.length > 0 && list.every((n) => isIntegerIn(1, 2 ** 16)(n) && fits(n));
    });
  const channels = counts("channels", "multiples of 4", (n) => n % 4 === 0);
  const blocks = counts("blocks", "whole numbers of at least 1", () => true);
  tower.finish();
  check(`${name}.blocks`, `${channels.length} numbers`, blocks.length, (count) => count === channels.length);
  return { channels, blocks };
}

const twos = (count: number): number[] => new Array<number>(count).fill(2);

const PUBLISHED = { depth: 8, bits: 32, nodeTypes: 7, headWidth: 64, pointsScale: 1 } as const;

/** The rows of the authors' code; "large" and "huge" have published weights. */
export const SHAPE_CODECS = {
  big: {
    ...PUBLISHED,
    bottleneck: 1,
    encoder: { channels: [32, 32, 64], blocks: twos(3) },
    graphEncoder: { channels: [32, 64, 128, 256], blocks: [2, 4, 4, 2] },
    graphDecoder: { channels: [256, 128, 64, 32, 32, 32], blocks: [2, 4, 4, 2, 2, 2] },
  },
  large: {
    ...PUBLISHED,
    bottleneck: 1,
    encoder: { channels: [32, 32, 64], blocks: twos(3) },
    graphEncoder: { channels: [64, 128, 256, 512], blocks: [2, 4, 8, 2] },
    graphDecoder: { channels: [512, 256, 128, 64, 32, 32], blocks: [2, 4, 8, 2, 2, 2] },
  },
  huge: {
    ...PUBLISHED,
    bottleneck: 1,
    encoder: { channels: [32, 64, 128, 256], blocks: twos(4) },
    graphEncoder: { channels: [256, 256, 512, 1024], blocks: [2, 4, 4, 4] },
    graphDecoder: { channels: [1024, 512, 256, 256, 128, 64, 32], blocks: [4, 4, 4, 2, 2, 2, 2] },
  },
} as const satisfies Record<string, ShapeCodecConfig>;
