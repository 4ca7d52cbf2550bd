/** Segmenters: words and a picture to mask tokens. */
import type { Architecture, Model } from "../architecture.js";
import { type SegmenterConfig, segmenterObjective } from "./config.js";
import { feedSegmenter, type SegmenterStart } from "./feeder.js";
import { picturesGraph, segmenterGraph } from "./graph.js";

export type Segmenter = Model<SegmenterConfig, SegmenterStart, number>;

export const SEGMENTER: Architecture<SegmenterConfig, SegmenterStart, number> = {
  name: "segmenter",
  objective: segmenterObjective,
  conditionGraph: picturesGraph,
  decoderGraph: segmenterGraph,
  predicts: "logits",
  reducesCondition: false,
  dropped: [],
  feed: feedSegmenter,
};
