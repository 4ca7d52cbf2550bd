/** Janus and Janus-Pro, as far as they draw pictures. */
import { ArgumentError } from "../../base/errors.js";
import type { Architecture } from "../architecture.js";
import { type Condition, checkKind } from "../condition.js";
import { feedPrompts } from "../prompt/feeder.js";
import { type JanusConfig, janusObjective } from "./config.js";
import { janusGraph, janusInputs } from "./graph.js";

export const JANUS: Architecture<JanusConfig, Condition, number> = {
  name: "janus",
  objective: janusObjective,
  conditionGraph: () => null,
  decoderGraph: janusGraph,
  predicts: "logits",
  reducesCondition: false,
  // Frequencies that older files carry.
  dropped: [/\.rotary_emb\.inv_freq$/],
  async feed({ config }, condition, guided) {
    const { prompts, unconditional } = checkKind(condition, "prompt");
    const { body, vocabulary, grid } = config;
    unconditional.forEach(({ length }, item) => {
      const expected = `${prompts[item]?.length} ids for item ${item}, as many as its prompt has`;
      if (length !== prompts[item]?.length) throw new ArgumentError("condition.unconditional", expected, length);
    });
    const sizes = { vocabulary, promptVocabulary: body.vocabulary, contextLength: body.contextLength };
    return feedPrompts({ prompts, unconditional, most: grid ** 2 }, guided, sizes, (pass, rows) =>
      janusInputs(config, pass, rows),
    );
  },
};
