/** Meshes from words. */
import type { Options } from "../base/check.js";
import type { Batch } from "../media/batches.js";
import type { RunEvent, RunResult } from "../media/events.js";
import { generate, type Making, type Run } from "../media/generate.js";
import { markingOf } from "../media/marking.js";
import { type RunOptions, resultOf, running } from "../media/run.js";
import { tokenPasses } from "../media/token-passes.js";
import { other, type Warning, warnOnce } from "../media/warnings.js";
import type { Accepted } from "../core/decode/step.js";
import { boundsOf, type Mesh } from "../tokenizers/octree/mesh.js";
import { decodeSurface, readIds } from "../tokenizers/octree/octree-tokenizer.js";
import { OctreeWalk } from "../tokenizers/octree/walk.js";
import { MESH_ENCODINGS } from "./encode.js";
import { factsOf } from "./facts.js";
import { type GeneratedMesh, generatedMesh } from "./generated-mesh.js";
import { meshManifest } from "./manifest.js";
import { MESH_MODELS, type MeshModel } from "./model.js";
import type { Shaping } from "./network.js";
import { type MeshRequest, type MeshSettings, type MeshSubject, requestOf } from "./request.js";
import { simplify } from "./simplify.js";

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
 * Makes meshes and answers them with warnings, usage and manifests. Every mesh is closed, manifold and oriented. The same model, device,
 * precision and seed give the same meshes, however many are made at once.
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
  const { prompt, depth, sampling, seed, route } = request;
  const caption = model.words.read(prompt, model.captionSlots);
  const warnings = [...caption.warnings];
  const run: Run<MeshPreview | MeshEnd, GeneratedMesh, MeshResult, null> = {
    ...{ model, settings: request, itemTokens: null, inputTokens: request.n * caption.ids.length, warnings },
    async open() {
      const network = await route.network();
      return {
        itemBytes: (sampling.guidance > 1 ? 2 : 1) * network.rowBytes,
        async begin(batch, signal) {
          const captions = Array.from({ length: batch.items }, () => caption.ids);
          const shaping = await network.begin({ captions, depth, sampling, seed, firstItem: batch.first });
          return shaped({ model, request, warnings }, batch, shaping, signal);
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
  const walks = Array.from({ length: items }, () => new OctreeWalk());
  const shown = walks.map(() => 0);
  let ids: readonly Int32Array[] = [];
  const take = (accepted: readonly Accepted[]) => {
    for (const [item, { values }] of accepted.entries()) for (const id of values) walks[item]!.accept(id);
  };
  const followed = {
    async *decode(options: Parameters<Shaping["decode"]>[0]) {
      for await (const event of shaping.decode(options)) {
        if (event.type === "tokens-accept") take(event.accepted);
        yield event;
      }
    },
  };
  return {
    passes: () => tokenPasses(followed, (all) => (ids = all.map((line) => Int32Array.from(line))), signal),
    async *shown() {
      if (job.request.previews === "none") return;
      for (const [item, walk] of walks.entries()) {
        if (walk.known <= Math.max(2, shown[item]!) || walk.known === job.request.depth) continue;
        shown[item] = walk.known;
        yield { type: "mesh-preview", index: first + item, level: walk.known, mesh: placed(walk, job.request.size) };
      }
    },
    finish: (item) => finish(job, first + item, ids[item]!),
    close: () => shaping.close(),
  };
}

async function finish(job: Job, index: number, ids: Int32Array): Promise<GeneratedMesh> {
  const { model, request, warnings } = job;
  const { seed, size, faces, format, prompt, depth } = request;
  const walk = readIds(ids);
  if (walk.known < depth)
    warnOnce(
      warnings,
      other(`A shape has more parts than the model can hold; it was made at depth ${walk.known} instead of ${depth}.`),
    );
  const whole = placed(walk, size);
  const mesh = faces === null ? whole : (await simplify(whole, faces)).mesh;
  if (mesh.colours && !MESH_ENCODINGS[format].colours)
    warnOnce(warnings, other(`${format.toUpperCase()} files have no colours.`));
  const marking = markingOf({ model: `${model.name} ${model.revision}`, prompt, seed, index });
  const bytes = await MESH_ENCODINGS[format].encode(mesh, marking);
  const manifest = meshManifest(model, request, { index, ids, mesh });
  return generatedMesh({ bytes, format, mesh, facts: factsOf(mesh), ids, seed, index, manifest });
}

/** The mesh of a walk in a cube of `size` metres, its middle above the origin, its lowest point at height 0. */
function placed(walk: OctreeWalk, size: number): Mesh {
  const mesh = decodeSurface(walk);
  const ground = boundsOf(mesh).least[1];
  return { ...mesh, positions: mesh.positions.map((p, i) => (p - (i % 3 === 1 ? ground : 0.5)) * size) };
}
