/** From a checked request to texts and events. */
import { ending } from "../core/decode/ending.js";
import { lineLayout } from "../core/decode/layout.js";
import { decode } from "../core/decode/loop.js";
import { sampler } from "../core/decode/sampler.js";
import { decodedApart, strategyOf } from "../core/orders.js";
import { guidance } from "../core/sampling/guidance.js";
import { openSession } from "../core/session.js";
import { APART, type Batch, stateBytes } from "../media/batches.js";
import { generate, type Making, type Pass, type Run } from "../media/generate.js";
import { precisionWarnings } from "../media/warnings.js";
import type { TextDelta, TextEnd, TextEvent, TextResult } from "./events.js";
import { type GeneratedText, generatedText } from "./generated-text.js";
import { type ChosenLogprob, LogprobWatch } from "./logprobs.js";
import type { TextModel } from "./model.js";
import type { TextRequest } from "./request.js";
import { textStages } from "./stages.js";
import { Writer } from "./writer.js";

type Own = TextDelta | TextEnd;

/** Writes the texts of a request, with events on the way. Leaving the loop early stops the work. */
export function writeTexts(
  model: TextModel,
  request: TextRequest,
  signal: AbortSignal | undefined,
): AsyncGenerator<TextEvent, void, void> {
  const { ids, negative, maxOutputTokens, decoding } = request;
  const { network } = model;
  const sizes = { B: negative ? 2 : 1, S: Math.max(ids.length, negative?.length ?? 0) + maxOutputTokens };
  const run: Run<Own, GeneratedText, TextResult, null> = {
    ...{
      model,
      settings: request,
      itemTokens: null,
      inputTokens: request.n * ids.length,
      warnings: precisionWarnings(decoding, model.precision),
    },
    open: async () => ({
      itemBytes: decodedApart(decoding) ? APART : stateBytes(network.decoder.graph, sizes),
      begin: (batch, signal) => begin(model, request, batch, signal),
    }),
    completed: (item) => ({ type: "text-end", item }),
    result: (texts, facts) => ({ texts, text: texts[0]!.text, finishReason: texts[0]!.finishReason, ...facts }),
  };
  return generate(run, signal);
}

/** Texts that are written together, each at the pace of the batch and with an end of its own. */
async function begin(
  model: TextModel,
  request: TextRequest,
  { first, items }: Batch,
  signal: AbortSignal | undefined,
): Promise<Making<Own, GeneratedText>> {
  const { network, tokenizer, ends } = model;
  const { ids, negative, maxOutputTokens: most, decoding, seed, stopSequences } = request;
  const writers = Array.from({ length: items }, () => new Writer(tokenizer, ids, ends, stopSequences));
  const layout = lineLayout(Math.min(network.config.vocabulary, tokenizer.vocabularySize));
  const objective = { kind: "next-token", positions: most, layout, prompt: ids } as const;
  const order = strategyOf(items, objective, decoding, { seed, firstItem: first });
  const ended = new Set<number>();
  const strategy = ending(order, (id, { item }) => {
    const end = writers[item]!.push(id);
    if (end) ended.add(item);
    return end;
  });
  const { guidance: scale, repetitionPenalty, ...sampling } = request.sampling;
  const stages = textStages({ ...request, repetitionPenalty }, ids, unusedIds(model));
  const draws = sampler({ seed, sampling, guidance: guidance(scale), firstItem: first, stages });
  const each = <T>(value: T): T[] => Array<T>(items).fill(value);
  const start = { prompts: each(ids), unconditional: negative && each(negative), most };
  const session = await openSession(network, start, { guided: negative !== null });
  const watch = request.logprobs === null ? null : new LogprobWatch(tokenizer, request.logprobs);
  const logprobs = writers.map((): ChosenLogprob[] => []);
  const shown = new Set<number>(); // texts that were told to their end

  return {
    async *passes(): AsyncGenerator<Pass, void, void> {
      let tried = 0;
      for await (const event of decode(watch?.around(session) ?? session, strategy, draws, { signal })) {
        if (event.type === "decode-end") continue;
        event.accepted.forEach((accepted, item) => logprobs[item]!.push(...(watch?.of(item, accepted) ?? [])));
        const accepted = event.accepted.map(({ values }) => values.length);
        yield {
          accepted,
          predicted: event.usage.tried - tried,
          complete: [...ended].filter((item) => !shown.has(item)),
        };
        tried = event.usage.tried;
      }
    },
    async *shown() {
      for (const [item, writer] of writers.entries()) {
        if (shown.has(item)) continue;
        const whole = ended.has(item) || writer.ids.length === most;
        if (whole) writer.finish();
        const text = writer.fresh(whole);
        if (text !== "") yield { type: "text-delta", index: first + item, text };
        if (whole) shown.add(item);
      }
    },
    async finish(item) {
      const { text, ids, finishReason, stopSequence } = writers[item]!;
      const made = { text, ids: Int32Array.from(ids), finishReason, stopSequence, index: first + item };
      return generatedText(model, request, { ...made, logprobs: watch && logprobs[item]! });
    },
    close: () => session.close(),
  };
}

/** Ids below the tokenizer's end that name nothing. */
function unusedIds({ tokenizer }: TextModel): readonly number[] {
  return [...Array(tokenizer.vocabularySize).keys()].filter((id) => tokenizer.tokenOf(id) === undefined);
}
