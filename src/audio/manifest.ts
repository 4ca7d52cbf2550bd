/** The manifest of a speech: what every manifest holds, its text and voice, and its samples. */
import { isNumberIn } from "../base/check.js";
import { digest, number, orNull, record, text, value, whole, word } from "../base/rows.js";
import { type ManifestBase, manifests } from "../media/manifest.js";
import { SPEECH_FORMATS, type SpeechFormat } from "./encode.js";
import { isLoudness } from "./loudness.js";
import type { SpeechModel } from "./model.js";
import type { SpeechRequest } from "./request.js";

interface Asked {
  readonly subject: {
    readonly text: string;
    /** A name, or "recording" and the SHA-256 of the samples of a recorded voice and of what was said about it. */
    readonly voice: string;
    readonly speed: number;
    readonly loudness: number | null;
  };
}

interface Made {
  readonly sound: {
    readonly sampleRate: number;
    readonly samples: number;
    readonly format: SpeechFormat;
    /** Of the samples as 16-bit little-endian integers, not of the file. */
    readonly pcmSha256: string;
  };
}

export interface SpeechManifest extends ManifestBase<"tessera-speech-manifest", "temperature" | "topP">, Asked, Made {}

const MANIFESTS = manifests({
  kind: "tessera-speech-manifest",
  sampling: ["temperature", "topP"],
  asked: {
    subject: record({
      text: value("a text", (words) => typeof words === "string"),
      voice: text(),
      speed: number("a number from 0.5 to 2", isNumberIn(0.5, 2)),
      loudness: orNull("a number from -70 to 0,", isLoudness),
    }),
  },
  made: {
    sound: record({
      sampleRate: whole(1, 2 ** 20),
      samples: whole(0, 2 ** 40),
      format: word(SPEECH_FORMATS),
      pcmSha256: digest,
    }),
  },
});

/** The manifest of a speech that was made. */
export function speechManifest(
  model: SpeechModel,
  { speed, loudness, sampling, seed, format }: SpeechRequest,
  made: {
    readonly index: number;
    readonly ids: Int32Array;
    readonly text: string;
    /** How many samples there are, and the digest of them. */
    readonly samples: number;
    readonly pcmSha256: string;
    readonly voice: string;
  },
): SpeechManifest {
  const { index, ids, text, samples, pcmSha256, voice } = made;
  return MANIFESTS.of(
    model,
    { source: "generated", files: model, sampling, decoding: { kind: "next-token" }, seed, index, ids },
    { subject: { text, voice, speed, loudness } },
    { sound: { sampleRate: model.sampleRate, samples, format, pcmSha256 } },
  );
}

/** Reads a manifest file. Throws InputError where it cannot be read or is no JSON; ArgumentError for a field that is wrong. */
export const readSpeechManifest: (path: string) => Promise<SpeechManifest> = MANIFESTS.read;

/** A checked manifest out of parsed JSON. Throws ArgumentError naming the field that is wrong. */
export const parseSpeechManifest: (json: unknown, where?: string) => SpeechManifest = MANIFESTS.parse;
