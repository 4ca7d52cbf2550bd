/** TiTok's generator: pictures of a class by iterative unmasking. */
import type { Architecture, Model } from "../architecture.js";
import { type ImageBertConfig, imageBertObjective } from "./config.js";
import { feedClasses, type ImageBertStart } from "./feeder.js";
import { imageBertGraph } from "./graph.js";

export type ImageBert = Model<ImageBertConfig, ImageBertStart, number>;

export const IMAGE_BERT: Architecture<ImageBertConfig, ImageBertStart, number> = {
  name: "image-bert",
  objective: imageBertObjective,
  conditionGraph: () => null,
  decoderGraph: imageBertGraph,
  predicts: "logits",
  reducesCondition: false,
  dropped: [/^model\.embeddings\.position_ids$/],
  feed: feedClasses,
};
