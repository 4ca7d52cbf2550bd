/** The Llama family: see read-config.ts for its members. */
import type { Architecture } from "../architecture.js";
import { lineLayout } from "../decode/layout.js";
import { feedPrompts, type Prompts } from "../prompt/feeder.js";
import type { LlamaConfig } from "./config.js";
import { LLAMA_PORTS, llamaGraph } from "./graph.js";
import { llamaInputs } from "./inputs.js";

export const LLAMA: Architecture<LlamaConfig, Prompts, number> = {
  name: "llama",
  objective: ({ contextLength, vocabulary }) => ({
    kind: "next-token",
    positions: contextLength,
    layout: lineLayout(vocabulary),
    prompt: [],
  }),
  conditionGraph: () => null,
  decoderGraph: (config, taps) => llamaGraph(config, LLAMA_PORTS, taps),
  predicts: "logits",
  reducesCondition: false,
  // Frequencies that older files carry, and the output matrix beside a table that serves as one.
  dropped: [/\.rotary_emb\.inv_freq$/, /^lm_head\.weight$/],
  feed: async ({ config }, prompts, guided) =>
    feedPrompts(prompts, guided, config, (pass, rows) => llamaInputs(config, pass, rows)),
};
