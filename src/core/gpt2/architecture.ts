/** GPT-2. Its checkpoint is to be turned first: see graph.ts. */
import type { Architecture } from "../architecture.js";
import { lineLayout } from "../decode/layout.js";
import { feedPrompts, type Prompts } from "../prompt/feeder.js";
import type { Gpt2Config } from "./config.js";
import { GPT2_DROPPED, gpt2Graph, gpt2Inputs } from "./graph.js";

export const GPT2: Architecture<Gpt2Config, Prompts, number> = {
  name: "gpt2",
  objective: ({ contextLength, vocabulary }) => ({
    kind: "next-token",
    positions: contextLength,
    layout: lineLayout(vocabulary),
    prompt: [],
  }),
  conditionGraph: () => null,
  decoderGraph: gpt2Graph,
  predicts: "logits",
  reducesCondition: false,
  dropped: [...GPT2_DROPPED, /^lm_head\.weight$/],
  feed: async ({ config }, prompts, guided) => feedPrompts(prompts, guided, config, gpt2Inputs),
};
