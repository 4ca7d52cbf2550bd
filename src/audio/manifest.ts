/** The manifest of a speech: what every manifest holds, its text and voice, and its samples. */
import { isIntegerIn, isNumberIn } from "../base/check.js";
import { sha256 } from "../base/digest.js";
import {
  closed,
  digest,
  type ManifestBase,
  type ManifestFormat,
  manifestOf,
  parseManifestOf,
  readManifestFile,
} from "../media/manifest.js";
import { ENCODINGS, type SpeechFormat } from "./encode.js";
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

type Kind = "tessera-speech-manifest";
type Sampled = "temperature" | "topP";

export interface SpeechManifest extends ManifestBase<Kind, Sampled>, Asked, Made {}

const FORMAT: ManifestFormat<Kind, Sampled, Asked, Made> = {
  kind: "tessera-speech-manifest",
  sampling: ["temperature", "topP"],
  asked: (of) => ({
    subject: closed(of.object("subject"), (subject) => ({
      text: subject.value("text", "a text", (text): text is string => typeof text === "string"),
      voice: subject.text("voice"),
      speed: subject.number("speed", "a number from 0.5 to 2", isNumberIn(0.5, 2)),
      loudness: subject.value("loudness", "a number from -70 to 0, or null", (l): l is number | null => {
        return l === null || isLoudness(l);
      }),
    })),
  }),
  made: (of) => ({
    sound: closed(of.object("sound"), (sound) => ({
      sampleRate: sound.number("sampleRate", "a whole number", isIntegerIn(1, 2 ** 20)),
      samples: sound.number("samples", "a whole number", isIntegerIn(0, 2 ** 40)),
      format: sound.word("format", Object.keys(ENCODINGS) as SpeechFormat[]),
      pcmSha256: digest(sound, "pcmSha256"),
    })),
  }),
};

/** The manifest of a speech that was made. */
export function speechManifest(
  model: SpeechModel,
  { speed, loudness, sampling, seed, format }: SpeechRequest,
  made: {
    readonly index: number;
    readonly ids: Int32Array;
    readonly text: string;
    readonly pcm: Int16Array;
    readonly voice: string;
  },
): SpeechManifest {
  const { index, ids, text, pcm, voice } = made;
  const { sha256: digests, precision, sampleRate } = model;
  const bytes = new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength);
  return manifestOf(
    FORMAT,
    model,
    {
      ...{ source: "generated", files: { sha256: digests, precision }, sampling, seed, index, ids },
      decoding: { kind: "next-token" },
    },
    { subject: { text, voice, speed, loudness } },
    { sound: { sampleRate, samples: pcm.length, format, pcmSha256: sha256(bytes) } },
  );
}

/**
 * Reads the manifest file of a speech.
 *
 * @throws ArgumentError where the file cannot be read, is no JSON, or has a field that is missing or wrong.
 */
export const readSpeechManifest = async (path: string): Promise<SpeechManifest> =>
  parseSpeechManifest(await readManifestFile(path), path);

/** A checked manifest out of parsed JSON. Throws ArgumentError naming the field that is wrong. */
export const parseSpeechManifest = (json: unknown, where = "manifest"): SpeechManifest =>
  parseManifestOf(FORMAT, json, where);
