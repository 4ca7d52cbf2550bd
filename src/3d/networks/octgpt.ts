/** OctGPT's shapes (arXiv 2504.09975): octrees with binary codes by unmasking, and the surface that its autoencoder makes of them. */
import { check } from "../../base/check.js";
import { ArgumentError } from "../../base/errors.js";
import type { Accepted } from "../../core/decode/step.js";
import { decode } from "../../core/decode/loop.js";
import { openModel } from "../../core/model.js";
import { OCTGPT, type Octgpt } from "../../core/octgpt/architecture.js";
import type { OctgptConfig } from "../../core/octgpt/config.js";
import type { OctgptStart } from "../../core/octgpt/feeder.js";
import { depthOf, firstPosition } from "../../core/octgpt/octree.js";
import { bitSampler, withPasses } from "../../core/octgpt/unmasking.js";
import { type Decoding, strategyOf } from "../../core/orders.js";
import { TOKEN_SAMPLING, type TokenSampling } from "../../core/sampling/ranges.js";
import { openSession } from "../../core/session.js";
import type { Engine, Precision } from "../../engine/engine.js";
import type { Checkpoint } from "../../engine/weights/checkpoint.js";
import { APART } from "../../media/batches.js";
import type { Parts } from "../../media/parts.js";
import { type Decodable, tokenPasses } from "../../media/token-passes.js";
import { codeOfIds, idsOfCode } from "../../tokenizers/octgpt/ids.js";
import { levelMesh } from "../../tokenizers/octgpt/level-mesh.js";
import { meshPoints } from "../../tokenizers/octgpt/mesh-points.js";
import { openShapeCodec, type ShapeCodec, SURFACE_DEFAULTS } from "../../tokenizers/octgpt/shape-codec.js";
import { type Mesh, smoothNormals } from "../../tokenizers/octree/mesh.js";
import type { ReadSubject } from "../subject.js";
import type { ShapeLevel, ShapeNetwork, ShapeWork, Shaping } from "./network.js";
import type { PublishedShapeModel } from "../../models/octgpt.js";

/** How a model is sampled where the caller says nothing; all but the temperature it was not trained for. */
export const OCTGPT_SAMPLING: TokenSampling = Object.freeze({
  ...{ guidance: 1, guidanceUntil: 1, temperature: 1, topK: 0, topP: 1, minP: 0 },
});

/** The order with the passes of each depth. Throws ArgumentError for sampling that these models do not have. */
export function completed(config: OctgptConfig, decoding: Decoding, sampling: TokenSampling): Decoding {
  for (const name of TOKEN_SAMPLING)
    if (name !== "temperature" && sampling[name] !== OCTGPT_SAMPLING[name])
      throw new ArgumentError(
        name,
        `${OCTGPT_SAMPLING[name]}, for OctGPT draws every bit by itself and without guidance,`,
        sampling[name],
        `Leave ${name} out.`,
      );
  if (decoding.kind !== "masked-octree") return decoding;
  return { ...decoding, passes: withPasses(config, decoding.passes).unmasking.map(({ passes }) => passes) };
}

/** Opens transformer and autoencoder, to be closed with `parts`. Throws WeightsError. */
export async function openOctgptNetwork(
  engine: Engine,
  row: Omit<PublishedShapeModel, "files">,
  weights: { readonly transformer: Checkpoint; readonly codec: Checkpoint },
  precision: Precision,
  parts: Parts,
): Promise<ShapeNetwork> {
  const model = await parts.own(openModel(engine, OCTGPT, row.transformer, weights.transformer, { precision }));
  const codec = await parts.own(openShapeCodec(engine, row.codec, weights.codec));
  return {
    itemBytes: () => APART,
    begin: (work) => begin(model, codec, work),
    async encode(mesh) {
      const { points, normals, frame } = meshPoints(mesh);
      const ids = idsOfCode(codec.config, await codec.encode(points, normals));
      return { ids, frame: { centre: frame.centre, side: 2 * frame.scale } };
    },
    decode: (ids, depth) => surface(codec, ids, depth),
    async close() {
      await Promise.all([model.close(), codec.close()]);
    },
  };
}

async function begin(model: Octgpt, codec: ShapeCodec, work: ShapeWork): Promise<Shaping> {
  const { subject, depth, sampling, decoding, seed, firstItem } = work;
  const { config } = model;
  const strategy = strategyOf(1, { kind: "masked-octree", config }, decoding, { seed, firstItem });
  const draws = bitSampler(config, { seed, firstItem, temperature: sampling.temperature });
  const session = await openSession(model, startOf(config, subject), { guided: false });
  const final = new Map<number, number>();
  let told = config.fullDepth - 1;
  const accept = (accepted: readonly Accepted[]) => {
    for (const { positions, values } of accepted)
      for (const [i, position] of positions.entries()) final.set(position, values[i]!);
  };
  const shapes: Decodable<number> = { decode: (options) => decode(session, strategy, draws, options) };
  return {
    passes: (signal) => tokenPasses(shapes, { accept }, signal),
    level(): ShapeLevel | null {
      // A depth is final all at once.
      const level = Math.max(...Array.from(final.keys(), (position) => depthOf(config, position)));
      if (level <= told || level >= config.codeDepth) return null;
      told = level;
      const first = firstPosition(config, level);
      const keys = [...final].filter(([position, split]) => position >= first && split === 1).map(([at]) => at - first);
      return keys.length === 0 ? null : { level, mesh: levelMesh(keys, level) };
    },
    async finish() {
      // By ascending positions, which is depth by depth; codes as signed numbers of 32 bits.
      const ids = Int32Array.from([...final].sort(([a], [b]) => a - b).map(([, value]) => value));
      return { ids, mesh: await surface(codec, ids, depth), depth };
    },
    close: () => session.close(),
  };
}

function startOf({ condition }: OctgptConfig, { ids, context }: ReadSubject): OctgptStart {
  return condition.kind === "class" ? { kind: "class", label: ids[0]! } : { kind: "context", rows: context! };
}

/** The surface on a grid of 2^depth points per axis, in the cube [0, 1]³. */
async function surface(codec: ShapeCodec, ids: Int32Array, depth: number): Promise<Mesh> {
  const points = 2 ** depth;
  check("depth", `a depth from 3 to ${codec.config.depth}`, depth, (d) => d >= 3 && d <= codec.config.depth);
  const mesh = await codec.mesh(codeOfIds(codec.config, ids), { ...SURFACE_DEFAULTS, points });
  const { pointsScale } = codec.config;
  const positions = mesh.positions.map((p) => (p / pointsScale + 1) / 2);
  return { ...mesh, positions, normals: smoothNormals({ positions, faces: mesh.faces }) };
}
