/** Meshes from words. */
import type { Options } from "../base/check.js";
import type { Batch } from "../media/batches.js";
import type { RunEvent, RunResult } from "../media/events.js";
import { generate, type Making, type Run } from "../media/generate.js";
import { markingOf } from "../media/marking.js";
import { type RunOptions, resultOf, running } from "../media/run.js";
import { other, type Warning, warnOnce } from "../media/warnings.js";
import { boundsOf, type Mesh } from "../tokenizers/octree/mesh.js";
import { MESH_ENCODINGS } from "./encode.js";
import { factsOf } from "./facts.js";
import { type GeneratedMesh, generatedMesh } from "./generated-mesh.js";
import { meshManifest } from "./manifest.js";
import { MESH_MODELS, type MeshModel } from "./model.js";
import type { Shape, Shaping } from "./networks/network.js";
import { type MeshRequest, type MeshSettings, requestOf } from "./request.js";
import { simplify } from "./simplify.js";
import type { MeshSubject } from "./subject.js";

export type GenerateMeshOptions = MeshSubject & Options<MeshSettings> & RunOptions<MeshModel>;

/** The shape as far as it is known: whole, and coarser. */
export interface MeshPreview {
  readonly type: "mesh-preview";
  readonly index: number;
  /** The level that is complete: the grid has 2^level voxels per axis. */
  readonly level: number;
  readonly mesh: Mesh;
}

export interface MeshEnd {
  readonly type: "mesh-end";
  readonly mesh: GeneratedMesh;
}

export interface MeshResult extends RunResult {
  readonly meshes: readonly GeneratedMesh[];
}

export type MeshEvent = RunEvent<MeshPreview | MeshEnd, MeshResult, null>;

/**
 * Makes meshes and answers them with warnings, usage and manifests. Every mesh of an octree model is closed, manifold and oriented; of OctGPT,
 * every mesh is closed, and empty where the model says nothing closed. The same model, device, precision and seed give the same meshes,
 * however many are made at once.
 *
 * @throws ArgumentError, UnknownNameError for options and for a prompt that names nothing which the model can make; what loadMeshModel
 *   throws; ExecutionError; the reason of `signal`.
 * @example
 * const { meshes } = await generateMesh({ prompt: "red car with black wheels", seed: 7 });
 * await meshes[0].save("car.glb");
 */
export async function generateMesh(options: GenerateMeshOptions): Promise<MeshResult> {
  return resultOf(streamMesh(options));
}

/**
 * The same as a stream of events: progress after every pass, a preview for each level of the octree where `previews` is "levels",
 * each mesh when it is done, the result at the end. Leaving the loop early stops the work.
 */
export function streamMesh({ model, signal, ...rest }: GenerateMeshOptions): AsyncGenerator<MeshEvent, void, void> {
  return running({ model, signal }, MESH_MODELS, (model) => shapeMeshes(model, requestOf(model, rest), signal));
}

function shapeMeshes(
  model: MeshModel,
  request: MeshRequest,
  signal: AbortSignal | undefined,
): AsyncGenerator<MeshEvent, void, void> {
  const { subject, depth, sampling, decoding, seed, route, n } = request;
  const { ids, context, encoded } = subject;
  const warnings = [...subject.warnings];
  const inputTokens = n * (encoded?.rows ?? context?.shape[0] ?? ids.length);
  const run: Run<MeshPreview | MeshEnd, GeneratedMesh, MeshResult, null> = {
    ...{ model, settings: request, itemTokens: null, inputTokens, warnings },
    async open() {
      const network = await route.network();
      return {
        itemBytes: network.itemBytes(sampling, decoding),
        async begin({ items, first }, signal) {
          const shown = encoded ? { ...subject, context: await encoded.context() } : subject;
          const shaping = await network.begin({
            subject: shown,
            items,
            firstItem: first,
            depth,
            sampling,
            decoding,
            seed,
          });
          return shaped({ model, request, warnings }, { items, first }, shaping, signal);
        },
      };
    },
    completed: (mesh) => ({ type: "mesh-end", mesh }),
    result: (meshes, facts) => ({ meshes, ...facts }),
  };
  return generate(run, signal);
}

interface Job {
  readonly model: MeshModel;
  readonly request: MeshRequest;
  readonly warnings: Warning[];
}

/** Shapes in the making. */
function shaped(
  job: Job,
  { first, items }: Batch,
  shaping: Shaping,
  signal: AbortSignal | undefined,
): Making<MeshPreview | MeshEnd, GeneratedMesh> {
  const { previews, size } = job.request;
  return {
    passes: () => shaping.passes(signal),
    async *shown() {
      if (previews === "none") return;
      for (let item = 0; item < items; item++) {
        const shown = shaping.level(item);
        if (!shown) continue;
        const { level, mesh } = shown;
        yield { type: "mesh-preview", index: first + item, level, mesh: placed(mesh, size) };
      }
    },
    finish: async (item) => finish(job, first + item, await shaping.finish(item)),
    close: () => shaping.close(),
  };
}

async function finish({ model, request, warnings }: Job, index: number, shape: Shape): Promise<GeneratedMesh> {
  const { seed, size, faces, format, prompt, depth } = request;
  const { ids } = shape;
  if (shape.depth < depth)
    warnOnce(
      warnings,
      other(`A shape has more parts than the model can hold; it was made at depth ${shape.depth} instead of ${depth}.`),
    );
  const whole = placed(shape.mesh, size);
  if (whole.faces.length === 0)
    warnOnce(warnings, other("A shape came out empty: the model generated nothing closed."));
  const mesh = faces === null ? whole : (await simplify(whole, faces)).mesh;
  if (mesh.colours && !MESH_ENCODINGS[format].colours)
    warnOnce(warnings, other(`${format.toUpperCase()} files have no colours.`));
  const marking = markingOf({ model: `${model.name} ${model.revision}`, prompt, seed, index });
  const bytes = await MESH_ENCODINGS[format].encode(mesh, marking);
  const manifest = meshManifest(model, request, { index, ids, mesh });
  return generatedMesh({ bytes, format, mesh, facts: factsOf(mesh), ids, seed, index, manifest });
}

/** A mesh of the cube [0, 1]³ in a cube of `size` metres, its middle above the origin, its lowest point at height 0. */
function placed(mesh: Mesh, size: number): Mesh {
  const ground = boundsOf(mesh).least[1];
  return { ...mesh, positions: mesh.positions.map((p, i) => (p - (i % 3 === 1 ? ground : 0.5)) * size) };
}
