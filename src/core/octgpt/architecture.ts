/** OctGPT: octrees with binary codes by iterative unmasking. */
import type { Architecture, Model } from "../architecture.js";
import type { OctgptConfig } from "./config.js";
import { feedOctgpt, type OctgptStart } from "./feeder.js";
import { octgptGraph } from "./graph.js";

export type Octgpt = Model<OctgptConfig, OctgptStart, number>;

export const OCTGPT: Architecture<OctgptConfig, OctgptStart, number> = {
  name: "octgpt",
  objective: (config) => ({ kind: "masked-octree", config }),
  conditionGraph: () => null,
  decoderGraph: (config, taps) => octgptGraph(config, taps),
  predicts: "logits",
  reducesCondition: false,
  dropped: [/^class_emb\.weight$/], // of models that read a context
  feed: feedOctgpt,
};
