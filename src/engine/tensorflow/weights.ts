/** The weights of a graph on a tfjs backend, uploaded once. */
import type { Precision } from "../engine.js";
import { nameOf } from "../feeds.js";
import type { Graph } from "../graph.js";
import type { Tfjs, TfTensor } from "../op.js";
import { isMatrix, matrixWeights, rounded } from "../precision.js";
import type { Checkpoint } from "../weights/checkpoint.js";

/** Weights by the id of their value. A weight that is both a matrix of `linear` and used otherwise is there twice. */
export interface HeldWeights {
  /** As they are in the checkpoint. */
  readonly exact: ReadonlyMap<number, TfTensor>;
  /** Those that are the matrix of a `linear`, rounded to the precision of the program. */
  readonly matrices: ReadonlyMap<number, TfTensor>;
}

/** Uploads what the nodes of the graph read. */
export async function holdWeights(
  tf: Tfjs,
  graph: Graph,
  checkpoint: Checkpoint,
  precision: Precision,
): Promise<HeldWeights> {
  const asMatrix = matrixWeights(graph);
  const otherwise = usedOtherwise(graph);
  const exact = new Map<number, TfTensor>();
  const matrices = new Map<number, TfTensor>();
  for (const { id, shape, source } of graph.weights) {
    const sizes = shape as number[];
    const floats = await checkpoint.floats(nameOf(source));
    if (asMatrix.has(nameOf(source))) matrices.set(id, tf.tensor(rounded(floats, sizes, precision), sizes, "float32"));
    if (otherwise.has(id)) exact.set(id, tf.tensor(floats, sizes, "float32"));
  }
  return { exact, matrices };
}

/** Ids of the values that are read other than as the matrix of a `linear`. */
function usedOtherwise(graph: Graph): ReadonlySet<number> {
  const ids = new Set(Object.values(graph.outputs).map(({ id }) => id));
  for (const { source } of graph.nodes) {
    if (source.kind !== "node") continue;
    for (const [i, input] of source.node.inputs.entries()) {
      if (input && !isMatrix(source.node, i)) ids.add(input.id);
    }
  }
  return ids;
}
