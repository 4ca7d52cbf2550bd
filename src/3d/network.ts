/** What makes shapes: a transformer over octrees and the grammar of their ids, introduced to each other. */
import { ending } from "../core/decode/ending.js";
import { type DecodeEvent, type DecodeOptions, decode } from "../core/decode/loop.js";
import { nextToken } from "../core/decode/next-token.js";
import { sampler } from "../core/decode/sampler.js";
import { lineLayout } from "../core/decode/layout.js";
import { openModel } from "../core/model.js";
import { OCTREE, type OctreeTransformer } from "../core/octree/architecture.js";
import type { OctreeConfig } from "../core/octree/config.js";
import { guidance } from "../core/sampling/guidance.js";
import { type Candidates, type DrawPoint, keepCandidates } from "../core/sampling/sampling.js";
import type { TokenSampling } from "../core/sampling/ranges.js";
import { openSession } from "../core/session.js";
import { ArgumentError } from "../base/errors.js";
import type { Engine, Precision } from "../engine/engine.js";
import type { Checkpoint } from "../engine/weights/checkpoint.js";
import { stateBytes } from "../media/batches.js";
import type { Closable } from "../media/parts.js";
import type { Decodable } from "../media/token-passes.js";
import { CONTEXT_SIZE, PLACE_KINDS, PLACE_ROWS, PlaceReader } from "../tokenizers/octree/places.js";
import { FIRST, SHAPE_VOCABULARY } from "../tokenizers/octree/vocabulary.js";
import { OctreeWalk } from "../tokenizers/octree/walk.js";

/** Shapes to be made together. */
export interface ShapeWork {
  /** Ids of the words of each. */
  readonly captions: readonly (readonly number[])[];
  readonly depth: number;
  readonly sampling: TokenSampling;
  readonly seed: number;
  /** Number of the first shape among those of the seed. */
  readonly firstItem: number;
}

/** Shapes in the making: their ids come to be one by one. */
export type Shaping = Decodable<number> & Closable;

export interface ShapeNetwork extends Closable {
  /** Bytes of the states of one row of a batch; guidance needs two rows for a shape. */
  readonly rowBytes: number;
  begin(work: ShapeWork): Promise<Shaping>;
}

/** Opens the transformer. Throws WeightsError; ArgumentError for a configuration of another tokenizer. */
export async function openShapeNetwork(
  engine: Engine,
  config: OctreeConfig,
  weights: Checkpoint,
  precision: Precision,
): Promise<ShapeNetwork> {
  checkTokenizer(config);
  const transformer = await openModel(engine, OCTREE, config, weights, { precision });
  return {
    rowBytes: stateBytes(transformer.decoder.graph, { B: 1, S: config.captionSlots + 1 + config.most }),
    begin: (work) => begin(transformer, work),
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
  const { captions, depth, seed, firstItem } = work;
  const { guidance: scale, guidanceUntil, ...sampling } = work.sampling;
  const { most, vocabulary } = transformer.config;
  const strategy = ending(nextToken(captions.length, most, lineLayout(vocabulary)), (id) => id === FIRST.end);
  const grammar = grammarOf(captions.length, firstItem, depth);
  const draws = sampler({
    seed,
    sampling,
    guidance: guidance(scale, guidanceUntil * most),
    firstItem,
    stages: { first: [grammar] },
  });
  const session = await openSession(transformer, { captions, places: () => new PlaceReader() }, { guided: scale > 1 });
  return {
    decode: (options: DecodeOptions): AsyncIterable<DecodeEvent<number>> => decode(session, strategy, draws, options),
    close: () => session.close(),
  };
}

/** A stage that keeps what the grammar allows, for shapes of that depth and of profile "shell". */
function grammarOf(items: number, firstItem: number, depth: number) {
  const walks = Array.from({ length: items }, () => new OctreeWalk());
  const header = [FIRST.depth + depth - 1, FIRST.profile];
  return (candidates: Candidates, { item, position, history }: DrawPoint): Candidates => {
    if (position < header.length) return keepCandidates(candidates, (_, i) => candidates.ids[i] === header[position]);
    const walk = walks[item - firstItem]!;
    for (const id of history().slice(walk.length)) walk.accept(id);
    return keepCandidates(candidates, (_, i) => walk.allows(candidates.ids[i]!));
  };
}
