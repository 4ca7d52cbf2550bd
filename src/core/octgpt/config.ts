/** OctGPT's transformer (arXiv 2504.09975 §3.3): which nodes of an octree are split, and the binary codes of the finest, by unmasking. */
import { check, isIntegerIn, isNumberIn } from "../../base/check.js";
import { type Fields, fields } from "../../base/fields.js";

/** What shapes are made after. */
export type ShapeCondition =
  /** One of so many classes; a single one is no condition. */
  | { readonly kind: "class"; readonly classes: number }
  /** Rows of another network, such as CLIP's of a text or a picture: so many at most, so wide. */
  | { readonly kind: "context"; readonly rows: number; readonly width: number };

/** How one depth is unmasked. */
export interface DepthPasses {
  readonly passes: number;
  /** Of the first pass; it falls to zero after the last one. */
  readonly temperature: number;
}

export interface OctgptConfig {
  readonly width: number;
  readonly heads: number;
  /** Blocks of the stack that sees what is known, and of the stack that sees all. */
  readonly encoderBlocks: number;
  readonly decoderBlocks: number;
  /** Rows that see each other in a block, and how far apart they are in every second block. */
  readonly window: number;
  readonly dilation: number;
  /** Rows of the condition in front of the nodes. */
  readonly buffer: number;
  readonly positions: "sinusoidal" | "absolute";
  readonly norm: "layer" | "rms";
  readonly condition: ShapeCondition;
  /** Bits of a code. */
  readonly bits: number;
  /** The depth that is full, from which bits are predicted, and the depth of the codes. */
  readonly fullDepth: number;
  readonly codeDepth: number;
  /** For each of these depths. */
  readonly unmasking: readonly DepthPasses[];
}

/** Steps of the grid of positions per axis, whatever the depths are. */
export const GRID = 128;

/** Depths whose nodes are predicted. */
export const depthCount = ({ fullDepth, codeDepth }: OctgptConfig): number => codeDepth - fullDepth + 1;

/** Rows of the tables of depths, in the files. */
export const DEPTH_ROWS = 4;

/** Reads a row of config.json. Throws ArgumentError naming the field. */
export function parseOctgptConfig(json: unknown, where = "octgpt"): OctgptConfig {
  const of = fields(json, where);
  const whole = (name: string, low: number, high: number) =>
    of.number(name, `a whole number from ${low} to ${high}`, isIntegerIn(low, high));
  const config: OctgptConfig = {
    width: whole("width", 6, 2 ** 16),
    heads: whole("heads", 1, 1024),
    encoderBlocks: whole("encoderBlocks", 1, 1000),
    decoderBlocks: whole("decoderBlocks", 1, 1000),
    window: of.number(
      "window",
      "an even number from 2 to 65536",
      (n) => isIntegerIn(2, 65_536)(n) && (n as number) % 2 === 0,
    ),
    dilation: whole("dilation", 1, 1024),
    buffer: whole("buffer", 1, 65_536),
    positions: of.word("positions", ["sinusoidal", "absolute"]),
    norm: of.word("norm", ["layer", "rms"]),
    condition: conditionOf(of.object("condition")),
    bits: whole("bits", 1, 32),
    fullDepth: whole("fullDepth", 1, 6),
    codeDepth: whole("codeDepth", 1, 6),
    unmasking: unmaskingOf(of, where),
  };
  of.finish();
  check(`${where}.width`, "a multiple of twice the heads", config.width, (C) => C % (2 * config.heads) === 0);
  if (config.positions === "absolute") check(`${where}.width`, "a multiple of 3", config.width, (C) => C % 3 === 0);
  const depths = depthCount(config);
  check(`${where}.codeDepth`, `${config.fullDepth} to ${DEPTH_ROWS - 1} more`, depths, isIntegerIn(1, DEPTH_ROWS));
  check(`${where}.unmasking`, `${depths} depths`, config.unmasking.length, (count) => count === depths);
  const { condition, buffer } = config;
  if (condition.kind === "context")
    check(
      `${where}.buffer`,
      `at least the ${condition.rows} rows of the condition`,
      buffer,
      (n) => n >= condition.rows,
    );
  return config;
}

function conditionOf(of: Fields): ShapeCondition {
  const kind = of.word("kind", ["class", "context"]);
  const whole = (name: string) => of.number(name, "a whole number of at least 1", isIntegerIn(1, 2 ** 20));
  const condition: ShapeCondition =
    kind === "class" ? { kind, classes: whole("classes") } : { kind, rows: whole("rows"), width: whole("width") };
  of.finish();
  return condition;
}

const unmaskingOf = (of: Fields, where: string): DepthPasses[] => {
  const list = of.value("unmasking", "a list", (value): value is unknown[] => Array.isArray(value));
  return list.map((entry, i) => {
    const depth = fields(entry, `${where}.unmasking[${i}]`);
    const passes = depth.number("passes", "a whole number from 1 to 4096", isIntegerIn(1, 4096));
    const temperature = depth.number("temperature", "a number from 0 to 100", isNumberIn(0, 100));
    depth.finish();
    return { passes, temperature };
  });
};

/** The authors' numbers of passes and temperatures. */
const UNMASKING: readonly DepthPasses[] = [
  { passes: 64, temperature: 1 },
  { passes: 128, temperature: 1.2 },
  { passes: 128, temperature: 0.5 },
  { passes: 256, temperature: 0.5 },
];

const BASE = {
  ...{ width: 768, heads: 8, encoderBlocks: 12, decoderBlocks: 12, window: 2048, dilation: 2, buffer: 64 },
  ...{ positions: "sinusoidal", norm: "layer", condition: { kind: "class", classes: 1 } },
  ...{ bits: 32, fullDepth: 3, codeDepth: 6, unmasking: UNMASKING },
} as const satisfies OctgptConfig;

/** The published transformers (huggingface.co/wst2001/OctGPT). */
export const OCTGPT_CONFIGS = {
  /** octgpt_{airplane,car,chair,rifle,table}.pth */
  category: BASE,
  /** octgpt_im5.pth: aeroplane, car, chair, table, rifle. */
  "five-categories": { ...BASE, window: 1024, dilation: 16, condition: { kind: "class", classes: 5 } },
  /** octgpt_objv_text.pth: rows of CLIP ViT-L/14's text encoder. */
  text: {
    ...BASE,
    ...{ width: 1152, window: 1024, dilation: 8, buffer: 77, positions: "absolute", norm: "rms" },
    condition: { kind: "context", rows: 77, width: 768 },
  },
  /** octgpt_room.pth */
  room: { ...BASE, window: 1024, dilation: 4, positions: "absolute", norm: "rms" },
} as const satisfies Record<string, OctgptConfig>;
