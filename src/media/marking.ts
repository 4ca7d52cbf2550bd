/**
 * What the mark of a generated file says, whatever carries it: "made by a trained model" (IPTC Digital Source Type), and by
 * which, from which prompt, with which seed. Each medium has a carrier of its own: XMP in pictures.
 */
import { VERSION } from "../base/version.js";

/** IPTC's word for media created by a trained model alone. */
export const TRAINED_ALGORITHMIC_MEDIA = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";

/** IPTC's word for media of which a trained model made a part. */
export const COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA =
  "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia";

/** Where an item comes from: a model alone, or a model and something that was given to it. */
export const SOURCE_TYPES = {
  generated: TRAINED_ALGORITHMIC_MEDIA,
  composite: COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA,
} as const;

export type SourceType = keyof typeof SOURCE_TYPES;

/** `digitalSourceType` and `system` are always there in files of ours. */
export interface Marking {
  readonly digitalSourceType: string;
  /** Such as "tessera-sdk". */
  readonly system: string | null;
  readonly systemVersion: string | null;
  /** Model and revision, such as "tessera-icons 1". */
  readonly model: string | null;
  /** The prompt; its beginning, if it is long. */
  readonly prompt: string | null;
  readonly seed: number | null;
  /** Number of the item among those of its seed. */
  readonly index: number | null;
}

/** The tightest carrier is JPEG, with 65,502 bytes in one piece; a prompt of this length stays below it in any script. */
const PROMPT_CHARACTERS = 2000;

/** The mark of an item of ours. A prompt beyond 2000 characters is marked by its beginning. */
export function markingOf(
  made: Pick<Marking, "model" | "prompt" | "seed" | "index">,
  source: SourceType = "generated",
): Marking {
  const prompt =
    made.prompt && made.prompt.length > PROMPT_CHARACTERS ? `${made.prompt.slice(0, PROMPT_CHARACTERS)}…` : made.prompt;
  return {
    ...made,
    prompt,
    digitalSourceType: SOURCE_TYPES[source],
    system: "tessera-sdk",
    systemVersion: VERSION,
  };
}

/** The mark out of the texts of a carrier, null for a field that it does not have; null without a digital source type. */
export function markingFrom(text: (field: keyof Marking) => string | null): Marking | null {
  const whole = (field: keyof Marking): number | null => {
    const value = text(field);
    return value !== null && /^\d{1,16}$/.test(value) ? Number(value) : null;
  };
  const digitalSourceType = text("digitalSourceType");
  if (digitalSourceType === null) return null;
  const [system, systemVersion] = [text("system"), text("systemVersion")];
  const [model, prompt] = [text("model"), text("prompt")];
  return { digitalSourceType, system, systemVersion, model, prompt, seed: whole("seed"), index: whole("index") };
}
