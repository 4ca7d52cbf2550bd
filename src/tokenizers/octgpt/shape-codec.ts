/**
 * OctGPT's autoencoder of shapes: points with normals become an octree with a binary code at each of its nodes, and these become a
 * finer octree with a distance field, hence a mesh.
 */
import { check, isIntegerIn } from "../../base/check.js";
import { ArgumentError, ClosedError } from "../../base/errors.js";
import type { Engine } from "../../engine/engine.js";
import { type FloatTensor, tensor } from "../../engine/tensor.js";
import type { Checkpoint } from "../../engine/weights/checkpoint.js";
import { settle } from "../../engine/weights/settle.js";
import { compiledOnce, type LazyProgram } from "../lazy-program.js";
import { cutAt, grown } from "../octree/grow.js";
import type { Mesh } from "../octree/mesh.js";
import { type PointCloud, type PointOctree, pointFeatures, pointOctree } from "../octree/point-octree.js";
import { codeDepthOf, fullDepthOf, type ShapeCodecConfig, typesAt } from "./config.js";
import { codeFeeds, countsOf, graphFeeds, mergeFeeds, sparseFeeds, splitFeeds } from "./feeds.js";
import { shapeCodecGraphs } from "./graphs.js";
import { closedParts } from "./closed-parts.js";
import { marchingCubes } from "./marching-cubes.js";
import { NeuralMpu } from "./neural-mpu.js";

/** Powers of two of the file's own, which nothing needs. */
const DERIVED = [/^quantizer\.basis$/];

/** A shape as binary codes. */
export interface ShapeCode {
  /** Down to the depth of the codes. */
  readonly octree: PointOctree;
  /** [n, bits] 0 or 1, of each node of that depth. */
  readonly bits: Uint8Array;
}

/** What the decoder says of a depth. */
export interface DecodedDepth {
  /** Down to this depth. */
  readonly octree: PointOctree;
  /** [n, 2] of each node of this depth: logits of staying whole and of being split. */
  readonly split: FloatTensor;
  /** [N, 4] of each node of the dual graph: a plane. */
  readonly signals: FloatTensor;
}

/** Points of a grid per axis, and the level of the field that is the surface: those of the authors. */
export interface SurfaceOptions {
  readonly points: number;
  readonly level: number;
}

export const SURFACE_DEFAULTS: SurfaceOptions = Object.freeze({ points: 256, level: 0.002 });

/** The grid of a surface spans this part of each axis, without its end. */
const REACH = 0.9;

export interface ShapeCodec extends AsyncDisposable {
  readonly config: ShapeCodecConfig;
  /** The code of points of one shape in [-1, 1], with normals of length 1. Throws ArgumentError for points outside. */
  encode(points: Float32Array, normals: Float32Array): Promise<ShapeCode>;
  /**
   * Decodes depth by depth, from that of the codes to the finest. The octree grows as the decoder says, or is `known`.
   *
   * @throws ArgumentError for bits that are not as many as the nodes have.
   */
  decode(code: ShapeCode, known?: PointOctree): AsyncGenerator<DecodedDepth, void, void>;
  /** The mesh of a code: closed parts of the surface, in the units of the file; without a face where there are none. */
  mesh(code: ShapeCode, options?: SurfaceOptions): Promise<Mesh>;
  close(): Promise<void>;
}

/**
 * Opens an autoencoder. The checkpoint stays the caller's and must stay open until the codec is closed.
 *
 * @throws WeightsError listing all weights that are missing, misshapen or unused.
 */
export async function openShapeCodec(
  engine: Engine,
  config: ShapeCodecConfig,
  checkpoint: Checkpoint,
): Promise<ShapeCodec> {
  return new OctgptShapeCodec(engine, config, checkpoint);
}

class OctgptShapeCodec implements ShapeCodec {
  private readonly encoder: LazyProgram;
  private readonly trunk: LazyProgram;
  private readonly stages: readonly LazyProgram[];
  private closed = false;

  constructor(
    engine: Engine,
    readonly config: ShapeCodecConfig,
    checkpoint: Checkpoint,
  ) {
    const { encoder, trunk, stages } = shapeCodecGraphs(config);
    settle(checkpoint, [encoder, trunk, ...stages], { ignore: DERIVED });
    this.encoder = compiledOnce(engine, encoder, checkpoint);
    this.trunk = compiledOnce(engine, trunk, checkpoint);
    this.stages = stages.map((stage) => compiledOnce(engine, stage, checkpoint));
  }

  async encode(points: Float32Array, normals: Float32Array): Promise<ShapeCode> {
    this.checkOpen();
    check("points", "three numbers for each of at least one point", points.length, (n) => n > 0 && n % 3 === 0);
    check("normals", `${points.length} numbers, as there are points`, normals.length, (n) => n === points.length);
    const { config } = this;
    const cloud: PointCloud = { points, normals, shapes: new Uint8Array(points.length / 3) };
    const octree = pointOctree(cloud, config.depth, fullDepthOf(config));
    const { features } = pointFeatures(cloud, octree);
    const program = await this.encoder.get();
    const { codes } = await program.run({
      features: tensor([features.length / 4, 4], features),
      ...sparseFeeds(octree, codeDepthOf(config)),
    });
    const bits = Uint8Array.from(codes!.data, (z) => (z > 0 ? 1 : 0));
    return { octree: cutAt(octree, codeDepthOf(config)), bits };
  }

  async *decode({ octree: coarse, bits }: ShapeCode, known?: PointOctree): AsyncGenerator<DecodedDepth, void, void> {
    this.checkOpen();
    const { config } = this;
    const codeDepth = codeDepthOf(config);
    if (coarse.depth !== codeDepth || coarse.fullDepth !== fullDepthOf(config))
      throw new ArgumentError("code.octree", `depths ${fullDepthOf(config)} to ${codeDepth}`, coarse.depth);
    const n = coarse.keys[codeDepth]!.length;
    check("code.bits", `${n} codes of ${config.bits} bits`, bits.length, (count) => count === n * config.bits);
    let octree = coarse;
    const feeds: Record<string, ReturnType<typeof tensor>> = {
      codes: tensor(
        [n, config.bits],
        Float32Array.from(bits, (bit) => (2 * bit - 1) / Math.sqrt(config.bits)),
      ),
      ...codeFeeds(octree, codeDepth),
    };
    for (let d = octree.fullDepth; d <= codeDepth; d++) {
      Object.assign(feeds, graphFeeds(octree, d, typesAt(config, d)));
      if (d > octree.fullDepth) Object.assign(feeds, mergeFeeds(octree, d), splitFeeds(octree, d - 1));
    }
    let said = await (await this.trunk.get()).run(feeds);
    for (let depth = codeDepth; ; depth++) {
      const { coarser, nodes } = countsOf(octree, depth);
      const { data } = said.split as FloatTensor;
      const split = tensor([nodes, 2], data.slice(2 * coarser));
      yield { octree, split, signals: said.signals as FloatTensor };
      if (depth === config.depth) return;
      octree = known ? cutAt(known, depth + 1) : grown(octree, splitBits(split));
      const inputs = {
        above: said.x!,
        ...splitFeeds(octree, depth),
        ...graphFeeds(octree, depth + 1, typesAt(config, depth + 1)),
      };
      said = await (await this.stages[depth - codeDepth]!.get()).run(inputs);
    }
  }

  async mesh(code: ShapeCode, { points, level }: SurfaceOptions = SURFACE_DEFAULTS): Promise<Mesh> {
    check("points", "points of a grid per axis, 8 to 1024", points, isIntegerIn(8, 1024));
    let finest: DecodedDepth | null = null;
    for await (const depth of this.decode(code)) finest = depth;
    const step = (2 * REACH) / points;
    const field = new NeuralMpu(finest!.octree, finest!.signals).grid({ points, least: -REACH, step });
    const surface = closedParts(marchingCubes(field, points, level));
    const scale = this.config.pointsScale;
    return { ...surface, positions: surface.positions.map((p) => (p * step - REACH) * scale) };
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([this.encoder, this.trunk, ...this.stages].map((program) => program.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private checkOpen(): void {
    if (this.closed) throw new ClosedError("shape codec");
  }
}

/** The likelier of the two for each node; not split where they are equal. */
export const splitBits = ({ data }: FloatTensor): Uint8Array =>
  Uint8Array.from({ length: data.length / 2 }, (_, i) => (data[2 * i + 1]! > data[2 * i]! ? 1 : 0));
