/** Sound files: WAV by itself, others by the user's ffmpeg; all marked as made by a model. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import wavefile from "wavefile";
import { runFfmpeg } from "../media/ffmpeg.js";
import type { Marking } from "../media/marking.js";
import type { Sound } from "./read-audio.js";

/** What is known of each format; ffmpeg null where none is needed. */
export const ENCODINGS = {
  wav: { mediaType: "audio/wav", extensions: ["wav"], ffmpeg: null },
  flac: { mediaType: "audio/flac", extensions: ["flac"], ffmpeg: ["-c:a", "flac"] },
  mp3: { mediaType: "audio/mpeg", extensions: ["mp3"], ffmpeg: ["-c:a", "libmp3lame", "-q:a", "3"] },
  ogg: { mediaType: "audio/ogg", extensions: ["ogg", "opus"], ffmpeg: ["-c:a", "libopus", "-b:a", "48k"] },
} as const satisfies Readonly<
  Record<string, { mediaType: string; extensions: readonly string[]; ffmpeg: readonly string[] | null }>
>;

export type SpeechFormat = keyof typeof ENCODINGS;

export const SPEECH_FORMATS = Object.keys(ENCODINGS) as readonly SpeechFormat[];

/** Of each field of the mark: its RIFF INFO chunk, and its name in the tags of other formats. */
const CARRIERS = {
  digitalSourceType: { riff: "ISRC", tag: "digital_source_type" },
  system: { riff: "ISFT", tag: "encoded_by" },
  model: { riff: "ITCH", tag: "artist" },
  prompt: { riff: "ISBJ", tag: "title" },
} as const satisfies Partial<Record<keyof Marking, { riff: string; tag: string }>>;

/** A line for people, too. */
const COMMENT = "AI-generated speech";

/** Samples in [-1, 1] as 16-bit integers, rounded to the nearest; what is louder is cut. */
export function to16Bit(samples: Float32Array): Int16Array {
  const pcm = new Int16Array(samples.length);
  for (let i = 0; i < pcm.length; i++) pcm[i] = Math.round(Math.min(Math.max(samples[i]!, -1), 1) * 32767);
  return pcm;
}

/** A WAV file of one channel with 16 bits, marked unless `marking` is null. */
export function encodeWav(pcm: Int16Array, sampleRate: number, marking: Marking | null): Uint8Array {
  const wav = new wavefile.WaveFile();
  wav.fromScratch(1, sampleRate, "16", pcm);
  if (marking === null) return wav.toBuffer();
  for (const [field, value] of fieldsOf(marking)) wav.setTag(CARRIERS[field].riff, value);
  wav.setTag("ICMT", COMMENT);
  return wav.toBuffer();
}

/** A sound as a WAV file of 16 bits; with `marking`, marked as made by a model. */
export const wavOf = ({ samples, sampleRate }: Sound, marking: Marking | null = null): Uint8Array =>
  encodeWav(to16Bit(samples), sampleRate, marking);

/** @throws ToolError where the format needs an ffmpeg that is not there, or that fails. */
export async function encodeSpeechFile(
  format: SpeechFormat,
  pcm: Int16Array,
  sampleRate: number,
  marking: Marking,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const wav = encodeWav(pcm, sampleRate, marking);
  const { ffmpeg } = ENCODINGS[format];
  if (ffmpeg === null) return wav;
  const folder = await mkdtemp(join(tmpdir(), "tessera-"));
  try {
    const file = join(folder, `speech.${format}`);
    const tags = [
      ...fieldsOf(marking).map(([field, value]) => `${CARRIERS[field].tag}=${value}`),
      `comment=${COMMENT}`,
    ];
    const metadata = tags.flatMap((tag) => ["-metadata", tag]);
    const options = [
      "-v",
      "error",
      "-f",
      "wav",
      "-i",
      "pipe:0",
      "-map_metadata",
      "-1",
      ...metadata,
      ...ffmpeg,
      "-y",
      file,
    ];
    await runFfmpeg({ program: null, options, input: [wav], others: [".wav"], signal });
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * A sound as the bytes of a file with 16 bits, marked as made by a model.
 *
 * @throws ToolError where the format needs an ffmpeg that is not there, or that fails.
 */
export const speechFile = (
  { samples, sampleRate }: Sound,
  format: SpeechFormat,
  marking: Marking,
): Promise<Uint8Array> => encodeSpeechFile(format, to16Bit(samples), sampleRate, marking);

/** The mark of a WAV file, as far as it is there: null for a file without one. */
export function readSpeechMarking(bytes: Uint8Array): Readonly<Record<keyof typeof CARRIERS, string | null>> | null {
  const wav = new wavefile.WaveFile(bytes);
  const found = Object.fromEntries(
    Object.entries(CARRIERS).map(([field, { riff }]) => [field, (wav.getTag(riff) as string | null) || null]),
  ) as Record<keyof typeof CARRIERS, string | null>;
  return found.digitalSourceType === null ? null : found;
}

function fieldsOf(marking: Marking): (readonly [keyof typeof CARRIERS, string])[] {
  return (Object.keys(CARRIERS) as (keyof typeof CARRIERS)[]).flatMap((field) => {
    const value = field === "system" ? `${marking.system} ${marking.systemVersion}` : marking[field];
    return value === null ? [] : [[field, value] as const];
  });
}
