/** OctGPT's published shape models (arXiv 2504.09975): shapes of a class, or after the rows of another network; and meshes as its codes. */
import { check, checkName, isIntegerIn, isNumberIn, type Options, withDefaults } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";
import { decode } from "../core/decode/loop.js";
import { openModel } from "../core/model.js";
import { OCTGPT, type Octgpt } from "../core/octgpt/architecture.js";
import type { DepthPasses, OctgptConfig } from "../core/octgpt/config.js";
import type { OctgptStart } from "../core/octgpt/feeder.js";
import { depthOf } from "../core/octgpt/octree.js";
import { bitSampler, unmaskOctree } from "../core/octgpt/unmasking.js";
import { openSession } from "../core/session.js";
import type { DeviceReport, Engine } from "../engine/engine.js";
import type { FloatTensor } from "../engine/tensor.js";
import { type LoadSettings, loaded, loadSettings } from "../media/load.js";
import { openFile, publishedFiles } from "../media/recipe.js";
import type { Closable } from "../media/parts.js";
import {
  PUBLISHED_SHAPE_MODELS,
  type PublishedShapeModel,
  type PublishedShapeName,
  SHAPE_MODEL_ORIGIN,
} from "../models/octgpt.js";
import { codeDepthOf, fullDepthOf } from "../tokenizers/octgpt/config.js";
import { meshPoints, type PointFrame } from "../tokenizers/octgpt/mesh-points.js";
import { openShapeCodec, type ShapeCode, type ShapeCodec, SURFACE_DEFAULTS } from "../tokenizers/octgpt/shape-codec.js";
import { fullOctree, grown } from "../tokenizers/octree/grow.js";
import type { Mesh } from "../tokenizers/octree/mesh.js";
import { factsOf, type MeshFacts } from "./facts.js";

/** A published model by its two files. They may be the PyTorch files of the authors or safetensors. */
export interface OctgptFiles {
  /** Such as "octgpt_chair.pth". */
  readonly transformer: string;
  /** Such as "vqvae_large_uncond_bsq32.pth". */
  readonly codec: string;
  /** The row that the files are read by, or one of the caller's for files that were trained otherwise. */
  readonly config: PublishedShapeName | Omit<PublishedShapeModel, "files">;
}

/** Everything besides the subject that decides about a shape. */
export interface OctgptSettings {
  /** 0 … 2^53 - 1. */
  readonly seed: number;
  /** Its number among the shapes of the seed. */
  readonly index: number;
  /** Multiplies the temperatures of the depths. */
  readonly temperature: number;
  /**
   * Passes at each depth, coarse to fine; null: as the authors have them, 64, 128, 128 and 256. Fewer are faster and draw more nodes
   * that do not know each other.
   */
  readonly passes: readonly number[] | null;
  /** Points per axis of the grid on which the surface is found. */
  readonly points: number;
}

export const OCTGPT_DEFAULTS: OctgptSettings = Object.freeze({
  ...{ seed: 0, index: 0, temperature: 1, passes: null },
  points: SURFACE_DEFAULTS.points,
});

/** What a shape is made after: one of model.categories, or rows [n, width] of the network that the model was trained with. */
export type OctgptSubject = { readonly category: string } | { readonly context: FloatTensor };

export interface OctgptShape {
  /** Closed parts, +Y up; in [-1, 1] times the scale of the model. Without a face where the network says nothing that is closed. */
  readonly mesh: Mesh;
  readonly facts: MeshFacts;
  readonly code: ShapeCode;
  /** Passes through the transformer. */
  readonly passes: number;
}

export interface OctgptModel extends Closable, AsyncDisposable {
  readonly device: DeviceReport;
  readonly categories: readonly string[];
  /**
   * Makes a shape. The same model, device and settings give the same shape.
   *
   * @throws ArgumentError, UnknownNameError for options; ExecutionError; the reason of `signal`.
   */
  make(
    options: OctgptSubject & Options<OctgptSettings> & { readonly signal?: AbortSignal | undefined },
  ): Promise<OctgptShape>;
  /** The code of a mesh, and where the mesh lay. Throws ArgumentError for a mesh without a face that has an area. */
  encode(mesh: Mesh): Promise<ShapeCode & { readonly frame: PointFrame }>;
  /** The mesh of a code. */
  decode(code: ShapeCode, points?: number): Promise<Mesh>;
}

/**
 * Loads a published model from its files.
 *
 * @throws UnknownNameError for a row that does not exist; CheckpointError for files that cannot be read; WeightsError for weights
 *   missing, misshapen or left over; DeviceError; ArgumentError.
 * @example
 * await using model = await loadOctgpt({
 *   transformer: "octgpt_chair.pth",
 *   codec: "vqvae_large_uncond_bsq32.pth",
 *   config: "octgpt-chair",
 * });
 * const { mesh, facts } = await model.make({ category: "chair", seed: 7 });
 * await saveMesh(mesh, "chair.glb");
 */
export async function loadOctgpt(files: OctgptFiles, options: Options<LoadSettings> = {}): Promise<OctgptModel> {
  const settings = loadSettings("loadOctgpt", options);
  const row = rowOf(files);
  const remedy = `Download the two files of the model from ${SHAPE_MODEL_ORIGIN}.`;
  const found = await publishedFiles([files.transformer, files.codec], settings.verify, remedy);
  return loaded(settings, async (opening, parts) => {
    const [transformer, weights] = [
      await openFile(found, files.transformer, parts),
      await openFile(found, files.codec, parts),
    ];
    const engine = await opening;
    const precision = settings.precision ?? "f32";
    const model = await parts.own(openModel(engine, OCTGPT, row.transformer, transformer, { precision }));
    const codec = await parts.own(openShapeCodec(engine, row.codec, weights));
    return octgptModel(engine, row, model, codec);
  });
}

function rowOf({ config }: OctgptFiles): Omit<PublishedShapeModel, "files"> {
  const names = Object.keys(PUBLISHED_SHAPE_MODELS) as PublishedShapeName[];
  const row =
    typeof config === "string" ? PUBLISHED_SHAPE_MODELS[checkName("published shape model", config, names)] : config;
  const { transformer, codec, categories } = row;
  check(
    "config.codec.bits",
    `the ${transformer.bits} bits of the transformer`,
    codec.bits,
    (bits) => bits === transformer.bits,
  );
  const depths = [fullDepthOf(codec), codeDepthOf(codec)].join(" to ");
  const own = `${transformer.fullDepth} to ${transformer.codeDepth}`;
  check("config.codec", `a codec of the transformer's depths ${own}`, depths, (of) => of === own);
  const { condition } = transformer;
  const classes = condition.kind === "class" ? condition.classes : 0;
  check("config.categories", `names of ${classes} classes`, categories.length, (count) => count === classes);
  return row;
}

function octgptModel(
  { device }: Engine,
  { categories }: Omit<PublishedShapeModel, "files">,
  model: Octgpt,
  codec: ShapeCodec,
): Omit<OctgptModel, keyof Closable | keyof AsyncDisposable> {
  const surface = (points: number) => ({ ...SURFACE_DEFAULTS, points });
  return {
    ...{ device, categories },
    async make({ signal, ...options }) {
      const { subject, settings } = requestOf(options);
      const { seed, index, temperature, passes, points } = settings;
      const config = { ...model.config, unmasking: unmaskingOf(model.config, passes) };
      await using session = await openSession(model, startOf(categories, subject), { guided: false });
      const sampler = bitSampler(config, { seed, firstItem: index, temperature });
      let line: readonly number[] = [];
      let count = 0;
      for await (const event of decode(session, unmaskOctree(config, seed, index), sampler, { signal })) {
        count = event.usage.passes;
        if (event.type === "decode-end") line = event.values[0]!;
      }
      const code = codeOf(config, line);
      const mesh = await codec.mesh(code, surface(points));
      return { mesh, facts: factsOf(mesh), code, passes: count };
    },
    async encode(mesh) {
      const { points, normals, frame } = meshPoints(mesh);
      return { ...(await codec.encode(points, normals)), frame };
    },
    decode: (code, points = SURFACE_DEFAULTS.points) => codec.mesh(code, surface(points)),
  };
}

function requestOf({ ...options }: OctgptSubject & Options<OctgptSettings>) {
  const { category, context, ...rest } = options as {
    category?: string;
    context?: FloatTensor;
  } & Options<OctgptSettings>;
  if ((category === undefined) === (context === undefined))
    throw new ArgumentError("the options of make", "either a category or a context", category ?? context);
  const settings = withDefaults("make", OCTGPT_DEFAULTS, rest);
  check("seed", "a whole number from 0 to 2^53 - 1", settings.seed, isIntegerIn(0, Number.MAX_SAFE_INTEGER));
  check("index", "a whole number", settings.index, isIntegerIn(0, 2 ** 31));
  check("temperature", "a number from 0 to 100", settings.temperature, isNumberIn(0, 100));
  return { subject: { category, context }, settings };
}

function startOf(
  categories: readonly string[],
  { category, context }: { readonly category: string | undefined; readonly context: FloatTensor | undefined },
): OctgptStart {
  if (context) return { kind: "context", rows: context };
  return { kind: "class", label: categories.indexOf(checkName("category", category!, categories)) };
}

function unmaskingOf({ unmasking }: OctgptConfig, passes: readonly number[] | null): readonly DepthPasses[] {
  if (passes === null) return unmasking;
  check("passes", `${unmasking.length} whole numbers from 1 to 4096`, passes, (list) => {
    return list.length === unmasking.length && list.every(isIntegerIn(1, 4096));
  });
  return unmasking.map((depth, i) => ({ ...depth, passes: passes[i]! }));
}

/** The code that the values at all positions say. */
function codeOf(config: OctgptConfig, line: readonly number[]): ShapeCode {
  const values = new Map<number, number[]>();
  for (const [position, value] of Object.entries(line)) {
    const depth = depthOf(config, Number(position));
    if (!values.has(depth)) values.set(depth, []);
    values.get(depth)!.push(value);
  }
  let octree = fullOctree(config.fullDepth);
  for (let depth = config.fullDepth; depth < config.codeDepth; depth++) octree = grown(octree, values.get(depth)!);
  const codes = values.get(config.codeDepth)!;
  const bits = Uint8Array.from({ length: codes.length * config.bits }, (_, i) => {
    return (codes[Math.floor(i / config.bits)]! >>> (i % config.bits)) & 1;
  });
  return { octree, bits };
}
