/** Transformers over octrees of shapes. */
import type { Architecture, Model } from "../architecture.js";
import { type OctreeConfig, octreeObjective } from "./config.js";
import { feedOctrees, type OctreeStart } from "./feeder.js";
import { octreeGraph } from "./graph.js";

/** A transformer whose ids stand in an octree. */
export type OctreeTransformer = Model<OctreeConfig, OctreeStart, number>;

export const OCTREE: Architecture<OctreeConfig, OctreeStart, number> = {
  name: "octree",
  objective: octreeObjective,
  conditionGraph: () => null,
  decoderGraph: octreeGraph,
  predicts: "logits",
  reducesCondition: false,
  dropped: [],
  feed: feedOctrees,
};
