/** One text that was written, with all that belongs to it. */
import { isSha256, sha256 } from "../base/digest.js";
import { digest, orNull, whole } from "../base/rows.js";
import { type ManifestBase, manifests } from "../media/manifest.js";
import { type GeneratedItem, saveItem } from "../media/saved.js";
import { shownBriefly } from "../media/shown.js";
import type { ChosenLogprob } from "./logprobs.js";
import type { TextModel } from "./model.js";
import type { TextRequest } from "./request.js";
import { TEXT_SAMPLING, type TextSampling } from "./sampling.js";
import type { FinishReason } from "./writer.js";

/** What a text was made from, besides what the sampling says. The prompt itself is not in the manifest. */
interface Asked {
  readonly promptSha256: string;
  /** null: there was none. */
  readonly negativePromptSha256: string | null;
  readonly maxOutputTokens: number;
}

interface Made {
  readonly textSha256: string;
}

export interface TextManifest extends ManifestBase<"tessera-text-manifest", keyof TextSampling>, Asked, Made {}

const MANIFESTS = manifests({
  kind: "tessera-text-manifest",
  sampling: TEXT_SAMPLING,
  asked: {
    promptSha256: digest,
    negativePromptSha256: orNull("64 hexadecimal digits", isSha256),
    maxOutputTokens: whole(1, 2 ** 24),
  },
  made: { textSha256: digest },
});

/** Reads a manifest file. Throws InputError where it cannot be read or is no JSON; ArgumentError for a field that is wrong. */
export const readTextManifest: (path: string) => Promise<TextManifest> = MANIFESTS.read;

/** A checked manifest out of parsed JSON. Throws ArgumentError naming the field that is wrong. */
export const parseTextManifest: (json: unknown, where?: string) => TextManifest = MANIFESTS.parse;

export interface GeneratedText extends GeneratedItem<TextManifest> {
  /** The text, without special tokens and without the stop sequence that ended it. */
  readonly text: string;
  /** All ids drawn; an end token is the last one. */
  readonly ids: Int32Array;
  /** "stop": an end token or a stop sequence; "length": maxOutputTokens were there. */
  readonly finishReason: FinishReason;
  /** The stop sequence that ended it, if one did. */
  readonly stopSequence: string | null;
  /** For each id, where they were asked for. */
  readonly logprobs: readonly ChosenLogprob[] | null;
}

/** The text with its manifest and its save(). */
export function generatedText(
  model: TextModel,
  { prompt, negativePrompt, maxOutputTokens, sampling, decoding, seed }: TextRequest,
  made: Pick<GeneratedText, "text" | "ids" | "finishReason" | "stopSequence" | "logprobs" | "index">,
): GeneratedText {
  const { index, ids, text } = made;
  const utf8 = (of: string) => sha256(new TextEncoder().encode(of));
  const manifest = MANIFESTS.of(
    model,
    { source: "generated", files: model, sampling, decoding, seed, index, ids },
    {
      ...{ promptSha256: utf8(prompt), negativePromptSha256: negativePrompt === null ? null : utf8(negativePrompt) },
      maxOutputTokens,
    },
    { textSha256: utf8(text) },
  );
  const file = { bytes: text, format: "text", extensions: ["txt", "md", "json"], manifest };
  return shownBriefly({ ...made, seed, manifest, save: (path, options) => saveItem(path, file, options) });
}
