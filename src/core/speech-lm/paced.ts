/**
 * Speech that phones pace: every phone is fed when the one before it is over, and says how many tokens it has. So no phone can be left
 * out or said twice, and which token belongs to which phone is known.
 *
 *   sos | text(0) | tokens of phone 0 | text(1) | tokens of phone 1 | …
 */
import { uniform } from "../../base/random.js";
import { type AddedStages, distributionOf, race, samplingSettings } from "../sampling/sampling.js";
import { suppressed } from "../sampling/stages.js";
import type { Fed, SpeechLm } from "./speech-lm.js";

/** How phones are laid out in the tables of the model. */
export interface Pacing {
  /** Tokens of speech; the ids after them are the end, one without use, and the end of a phone. */
  readonly tokens: number;
  /** Voices, whose rows are the first of the table of text; after them a block of phones + 1 rows for each phone in sight. */
  readonly voices: number;
  readonly phones: number;
  /** Phones that a place of text knows before and after its own. */
  readonly before: number;
  readonly after: number;
  /** A phone is over after so many tokens. */
  readonly mostTokens: number;
}

export interface PacedRequest {
  readonly voice: number;
  /** Ids of the phones of a sentence, its pauses among them. */
  readonly phones: readonly number[];
  readonly sampling: { readonly temperature: number; readonly topP: number };
  readonly seed: number;
  readonly item: number;
  /** Number of the sentence in the text, 0 … 2^15 - 1: its draws are its own. */
  readonly sentence: number;
  readonly signal?: AbortSignal | undefined;
}

/** A token of speech and the number of the phone that it belongs to. */
export interface PacedToken {
  readonly id: number;
  readonly phone: number;
}

/** Places of draws that each sentence has for itself. */
const DRAWS = 2 ** 16;

/** Rows of the table of text whose sum stands for phone `i`: the voice, and the phones around it. */
export function textRows(
  { voices, phones: none, before, after }: Pacing,
  voice: number,
  phones: readonly number[],
  i: number,
): number[] {
  const around = Array.from({ length: before + 1 + after }, (_, k) => {
    return voices + k * (none + 1) + (phones[i - before + k] ?? none);
  });
  return [voice, ...around];
}

/**
 * The tokens of a sentence, one after the other as they are drawn. The same request gives the same tokens.
 *
 * The next phone is fed along with every token, before the draw after the token says whether it was the last: so a phone needs no
 * pass of its own. Where the draw says that more tokens come, the phone is forgotten again.
 */
export async function* pacedTokens(
  model: SpeechLm,
  pacing: Pacing,
  request: PacedRequest,
): AsyncGenerator<PacedToken, void> {
  const { voice, phones, seed, item, sentence, signal } = request;
  const { tokens, mostTokens } = pacing;
  const [end, useless, over] = [tokens, tokens + 1, tokens + 2];
  const settings = samplingSettings(request.sampling);
  const textOf = (i: number): Fed => ({ kind: "text", rows: textRows(pacing, voice, phones, i) });
  await using line = await model.begin(1 + phones.length * (1 + mostTokens));
  let step = sentence * DRAWS;
  let logits = await line.feed([{ kind: "mark", row: 0 }, textOf(0)]);
  for (const i of phones.keys()) {
    const next = i + 1 < phones.length ? [textOf(i + 1)] : [];
    const without: AddedStages = { first: [suppressed([useless, next.length === 0 ? over : end])] };
    let behindNext: Float32Array | undefined;
    for (let count = 0; count < mostTokens; count++) {
      signal?.throwIfAborted();
      const position = step++;
      const candidates = distributionOf(logits, settings, { item, position, history: () => [] }, without);
      const id = race(candidates, (id) => uniform({ seed, item, position, purpose: "token" }, id));
      if (id === over || id === end) break;
      yield { id, phone: i };
      if (behindNext) line.forget(1);
      const fed = await line.feedAsking([{ kind: "speech", id }, ...next], 1 + next.length);
      [logits, behindNext] = [fed[0]!, fed[1]];
    }
    if (next.length > 0) logits = behindNext ?? (await line.feed(next));
  }
}
