/** The text encoder that a caller hands to a model which was trained on the vectors of one. */
import { check, isObject } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";
import { described } from "../base/words.js";
import { type Engine, PRECISIONS, type Precision } from "../engine/engine.js";
import { record, text, word } from "../base/rows.js";
import type { LoadSettings } from "./load.js";
import type { Parts } from "./parts.js";
import { loadTextEncoder, type TextEncoderModel } from "./text-encoder.js";

/** Of loading a model that may take vectors of texts. */
export interface TextEncoderSettings {
  /**
   * What turns prompts into the vectors that the model was trained on: an encoder of the caller's, which stays open; or its folder, which is
   * opened on the model's engine, in the precision that is asked for, and closed with the model. null: prompts are not read.
   */
  readonly textEncoder: TextEncoderModel | string | null;
}

/**
 * Opens the encoder of the settings. `width` is that of the vectors which the model named `name` takes; null: it takes none.
 *
 * @throws ArgumentError for an encoder that the model has no use for, or of another width; what loadTextEncoder throws.
 */
export async function givenTextEncoder(
  { textEncoder: given, precision, verify }: TextEncoderSettings & LoadSettings,
  model: { readonly name: string; readonly width: number | null },
  engine: Engine,
  parts: Parts,
): Promise<TextEncoderModel | null> {
  if (given === null) return null;
  const expected = "a folder, or an encoder as loadTextEncoder() loads it, or null";
  check("textEncoder", expected, given, (e) => (typeof e === "string" ? e.length > 0 : isEncoder(e)));
  if (model.width === null)
    throw new ArgumentError(
      "textEncoder",
      "null",
      given,
      `${model.name} was not trained on the vectors of a text encoder.`,
    );
  const encoder =
    typeof given === "string" ? await parts.own(loadTextEncoder(given, { engine, precision, verify })) : given;
  if (encoder.width === model.width) return encoder;
  const received = described(`one of ${encoder.width}`);
  const remedy = "Name the encoder that the model was trained with.";
  throw new ArgumentError("textEncoder", `an encoder of vectors of ${model.width} numbers`, received, remedy);
}

const isEncoder = (value: unknown): boolean =>
  isObject(value) && typeof value.encode === "function" && typeof value.width === "number";

/** The remedy for a prompt that a model cannot read without an encoder. */
export const needsEncoder = (name: string, otherwise: string): string =>
  `${name} takes ${otherwise}. Load it with textEncoder, the folder of the text encoder that it was trained with, and it takes a prompt.`;

/** What manifests say of the encoder of a prompt, besides the digests of its files. */
export interface EncoderRecord {
  readonly name: string;
  readonly precision: Precision;
}

export const ENCODER_RECORD = record<EncoderRecord>({ name: text(), precision: word(PRECISIONS) });

export const encoderRecord = ({ name, precision }: TextEncoderModel): EncoderRecord => ({ name, precision });

/** Another encoder than `then`, or another precision of it, in words; whether that counts is said by what was made. */
export function encoderDifferences(then: EncoderRecord | null, now: EncoderRecord | null): string[] {
  if (!then || !now) return [];
  const [was, is] = [then, now].map(({ name, precision }) => `${name} in ${precision}`);
  return was === is ? [] : [`text encoder: was ${was}, is ${is}`];
}

/** The digests of the encoder's files under names that no file of a model has. */
export const encoderDigests = ({ sha256 }: TextEncoderModel): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(sha256).map(([file, digest]) => [`text-encoder/${file}`, digest]));
