/** Shapes of the octree tokenizer: one id after the other under its grammar, so that every stream is a solid. */
import { ending } from "../../core/decode/ending.js";
import { decode } from "../../core/decode/loop.js";
import { sampler } from "../../core/decode/sampler.js";
import type { Accepted } from "../../core/decode/step.js";
import { openModel } from "../../core/model.js";
import { OCTREE, type OctreeTransformer } from "../../core/octree/architecture.js";
import { type OctreeConfig, octreeObjective } from "../../core/octree/config.js";
import { decodedApart, strategyOf } from "../../core/orders.js";
import { guidance } from "../../core/sampling/guidance.js";
import { type Candidates, type DrawPoint, keepCandidates } from "../../core/sampling/sampling.js";
import { openSession } from "../../core/session.js";
import { ArgumentError } from "../../base/errors.js";
import type { Engine, Precision } from "../../engine/engine.js";
import type { Checkpoint } from "../../engine/weights/checkpoint.js";
import { APART, stateBytes } from "../../media/batches.js";
import { type Decodable, tokenPasses } from "../../media/token-passes.js";
import { encodeMesh } from "../../tokenizers/octree/encode-mesh.js";
import { decodeSurface, readIds } from "../../tokenizers/octree/octree-tokenizer.js";
import { StreamGuesser } from "../../tokenizers/octree/guesses.js";
import { CONTEXT_SIZE, PLACE_KINDS, PLACE_ROWS, PlaceReader } from "../../tokenizers/octree/places.js";
import { FIRST, SHAPE_VOCABULARY } from "../../tokenizers/octree/vocabulary.js";
import { OctreeWalk } from "../../tokenizers/octree/walk.js";
import type { ShapeLevel, ShapeNetwork, ShapeWork, Shaping } from "./network.js";

/** Opens the transformer. Throws WeightsError; ArgumentError for a configuration of another tokenizer. */
export async function openOctreeNetwork(
  engine: Engine,
  config: OctreeConfig,
  weights: Checkpoint,
  precision: Precision,
): Promise<ShapeNetwork> {
  checkTokenizer(config);
  const transformer = await openModel(engine, OCTREE, config, weights, { precision });
  const rowBytes = stateBytes(transformer.decoder.graph, { B: 1, S: config.captionSlots + 1 + config.most });
  return {
    itemBytes: ({ guidance }, decoding) => (decodedApart(decoding) ? APART : (guidance > 1 ? 2 : 1) * rowBytes),
    begin: (work) => begin(transformer, work),
    async encode(mesh, depth) {
      const { ids, frame } = encodeMesh(mesh, { depth });
      return { ids, frame };
    },
    decode: async (ids) => decodeSurface(readIds(ids)),
    close: () => transformer.close(),
  };
}

function checkTokenizer(config: OctreeConfig): void {
  const sizes = { vocabulary: SHAPE_VOCABULARY, kinds: PLACE_KINDS, axisRows: PLACE_ROWS, contextSize: CONTEXT_SIZE };
  for (const [name, size] of Object.entries(sizes) as [keyof typeof sizes, number][])
    if (config[name] !== size)
      throw new ArgumentError(`config.${name}`, `${size}, as the octree tokenizer has it`, config[name]);
}

async function begin(transformer: OctreeTransformer, work: ShapeWork): Promise<Shaping> {
  const { subject, items, depth, decoding, seed, firstItem } = work;
  const { guidance: scale, guidanceUntil, ...sampling } = work.sampling;
  const { most } = transformer.config;
  const captions = Array.from({ length: items }, () => subject.ids);
  const objective = { ...octreeObjective(transformer.config), runs: () => new StreamGuesser() };
  const strategy = ending(strategyOf(items, objective, decoding, { seed, firstItem }), (id) => id === FIRST.end);
  const walks = Array.from({ length: items }, () => new OctreeWalk());
  const draws = sampler({
    seed,
    sampling,
    guidance: guidance(scale, guidanceUntil * most),
    firstItem,
    stages: { first: [grammarOf(walks, firstItem, depth)] },
  });
  const session = await openSession(transformer, { captions, places: () => new PlaceReader() }, { guided: scale > 1 });
  const told = walks.map(() => FIRST_LEVEL - 1);
  let lines: readonly (readonly number[])[] = [];
  const accept = (accepted: readonly Accepted[]) => {
    for (const [item, { values }] of accepted.entries()) for (const id of values) walks[item]!.accept(id);
  };
  const shapes: Decodable<number> = { decode: (options) => decode(session, strategy, draws, options) };
  return {
    passes: (signal) => tokenPasses(shapes, { accept, end: (all) => (lines = all) }, signal),
    level(item): ShapeLevel | null {
      const walk = walks[item]!;
      const level = walk.known;
      if (level <= told[item]! || level === depth) return null;
      told[item] = level;
      return { level, mesh: decodeSurface(walk) };
    },
    async finish(item) {
      const ids = Int32Array.from(lines[item]!);
      const walk = readIds(ids);
      return { ids, mesh: decodeSurface(walk), depth: walk.known };
    },
    close: () => session.close(),
  };
}

/** Coarser levels show nothing. */
const FIRST_LEVEL = 3;

/**
 * A stage that keeps what the grammar allows, for shapes of that depth and of profile "shell". The walks know the ids that are final; those that are
 * drafted behind these are of the same kind as the first of them, and so is what is allowed.
 */
function grammarOf(walks: readonly OctreeWalk[], firstItem: number, depth: number) {
  const header = [FIRST.depth + depth - 1, FIRST.profile];
  return (candidates: Candidates, { item, position }: DrawPoint): Candidates => {
    if (position < header.length) return keepCandidates(candidates, (_, i) => candidates.ids[i] === header[position]);
    const walk = walks[item - firstItem]!;
    return keepCandidates(candidates, (_, i) => walk.allows(candidates.ids[i]!));
  };
}
