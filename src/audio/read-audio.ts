/** Sound files that a caller brings: WAV by itself, FLAC, MP3 and Ogg by the user's ffmpeg; of any rate and number of channels. */
import { check, isIntegerIn, isNumberIn, type Options, withDefaults } from "../base/check.js";
import { ArgumentError, InputError, ToolError } from "../base/errors.js";
import { inputError, openRegular, readBounded } from "../base/read-file.js";
import { described } from "../base/words.js";
import { runFfmpeg } from "../media/ffmpeg.js";
import { resampled } from "../tokenizers/speech/audio/resample.js";
import { bytesPerSecond, decodeWav } from "./decode-wav.js";

/** One channel in [-1, 1]. */
export interface Sound {
  readonly samples: Float32Array;
  /** Samples a second. */
  readonly sampleRate: number;
}

/** The path of a sound file, its bytes, or samples. */
export type SoundSource = string | Uint8Array | Sound;

export interface ReadAudioSettings {
  /** Samples a second of the result, 1000 … 768000; null: as the file has it. */
  readonly sampleRate: number | null;
  /** What is longer is refused before all of it is decoded, in seconds. */
  readonly mostSeconds: number;
  readonly signal: AbortSignal | null;
}

export const READ_AUDIO_DEFAULTS: ReadAudioSettings = Object.freeze({
  sampleRate: null,
  mostSeconds: 3600,
  signal: null,
});

/** Of a file, and of what ffmpeg makes of it. */
const MOST_BYTES = 2 ** 30;

/** Enough of a file to tell its format, and the rate of a WAV file. */
const HEAD_BYTES = 4096;

/** What is known of a format: how its files begin, and what ffmpeg calls it; null where none is needed. */
const FORMATS = [
  { name: "WAV", begins: (head: Buffer) => ["RIFF", "RIFX", "RF64"].includes(ascii(head, 4)), demuxer: null },
  { name: "FLAC", begins: (head: Buffer) => ascii(head, 4) === "fLaC", demuxer: "flac" },
  { name: "Ogg", begins: (head: Buffer) => ascii(head, 4) === "OggS", demuxer: "ogg" },
  { name: "MP3", begins: (head: Buffer) => ascii(head, 3) === "ID3" || isMp3Frame(head), demuxer: "mp3" },
] as const;

const ascii = (head: Buffer, length: number): string => head.toString("latin1", 0, length);

/** Eleven bits of synchronisation, and a layer, which AAC frames do not have. */
const isMp3Frame = (head: Buffer): boolean =>
  head.length > 1 && head[0] === 0xff && (head[1]! & 0xe0) === 0xe0 && (head[1]! & 0x06) !== 0;

/**
 * Reads a WAV, FLAC, MP3 or Ogg file; of several channels their mean. The format is told by the bytes, not by the name. The mono
 * samples of an hour at 48 kHz take 0.7 GB, of an hour at 16 kHz 0.2 GB.
 *
 * @throws InputError for a file that cannot be read; ArgumentError for bytes that are no such file, damaged, empty or too long;
 *   ToolError where ffmpeg is needed and missing.
 * @example
 * const { samples } = await readAudio("interview.mp3", { sampleRate: 16000 });
 */
export async function readAudio(source: SoundSource, options: Options<ReadAudioSettings> = {}): Promise<Sound> {
  const settings = withDefaults("readAudio", READ_AUDIO_DEFAULTS, options);
  const { sampleRate, mostSeconds } = settings;
  check("sampleRate", "a whole number from 1000 to 768000, or null", sampleRate, (rate) => {
    return rate === null || isIntegerIn(1000, 768_000)(rate);
  });
  check("mostSeconds", "a number from 0.001 to 86400", mostSeconds, isNumberIn(0.001, 86_400));
  const sound = await readSound(source, settings);
  if (sound.samples.length / sound.sampleRate > mostSeconds)
    throw tooLong(mostSeconds, described(`${sound.samples.length} samples at ${sound.sampleRate} Hz`));
  if (sampleRate === null) return sound;
  return { samples: resampled(sound.samples, sound.sampleRate, sampleRate), sampleRate };
}

async function readSound(source: SoundSource, { mostSeconds, signal }: ReadAudioSettings): Promise<Sound> {
  if (isSound(source)) return source;
  if (typeof source !== "string" && !(source instanceof Uint8Array))
    throw new ArgumentError("audio", "the path of a sound file, its bytes, or { samples, sampleRate }", source);
  const head = typeof source === "string" ? await headOf(source) : source.subarray(0, HEAD_BYTES);
  const format = FORMATS.find(({ begins }) => begins(Buffer.from(head.buffer, head.byteOffset, head.byteLength)));
  if (!format) {
    const names = FORMATS.map(({ name }) => name).join(", ");
    throw new ArgumentError("audio", `a file of these formats: ${names}`, described("other bytes"), CONVERT);
  }
  if (format.demuxer === null) {
    const most = mostSeconds * (bytesPerSecond(head) ?? Number.POSITIVE_INFINITY) + HEAD_BYTES;
    return decodeWav(await bytesOf(source, Math.min(most, MOST_BYTES), mostSeconds));
  }
  const bytes = await bytesOf(source, MOST_BYTES, mostSeconds);
  return decodeCompressed(bytes, format, { mostSeconds, signal });
}

/** The demuxer is named, so that a file which pretends to be a playlist cannot make ffmpeg open others. */
async function decodeCompressed(
  bytes: Uint8Array,
  { name, demuxer }: { readonly name: string; readonly demuxer: string },
  { mostSeconds, signal }: Pick<ReadAudioSettings, "mostSeconds" | "signal">,
): Promise<Sound> {
  const input = ["-f", demuxer, "-i", "pipe:0", "-map", "0:a:0", "-t", String(mostSeconds + 1)];
  const output = ["-c:a", "pcm_f32le", "-bitexact", "-f", "wav", "pipe:1"];
  try {
    const wav = await runFfmpeg({
      ...{ program: null, options: ["-v", "error", ...input, ...output], input: [bytes], others: [".wav"] },
      ...{ mostOutput: MOST_BYTES, signal: signal ?? undefined },
    });
    if (wav.length > MOST_BYTES) throw tooLong(mostSeconds, described(`more than ${MOST_BYTES} bytes of samples`));
    return decodeWav(wav);
  } catch (cause) {
    if (!ToolError.isInstance(cause) || !cause.reason.startsWith("ended")) throw cause;
    const received = described(`one that ffmpeg cannot read (${cause.reason})`);
    throw new ArgumentError("audio", `a whole ${name} file`, received, CONVERT, { cause });
  }
}

const CONVERT = "Convert it first: ffmpeg -i INPUT output.wav";

/** What has samples and a rate, both checked. */
function isSound(source: SoundSource): source is Sound {
  if (typeof source !== "object" || source === null || !("samples" in source)) return false;
  check("audio.samples", "a Float32Array of at least one sample", source.samples, (samples) => {
    return samples instanceof Float32Array && samples.length > 0;
  });
  check("audio.sampleRate", "a whole number from 1000 to 768000", source.sampleRate, isIntegerIn(1000, 768_000));
  return true;
}

async function bytesOf(source: string | Uint8Array, most: number, mostSeconds: number): Promise<Uint8Array> {
  if (typeof source === "string") {
    try {
      return await readBounded(source, most);
    } catch (cause) {
      if (InputError.isInstance(cause) && cause.reason.startsWith("it has"))
        throw tooLong(mostSeconds, described(cause.reason));
      throw cause;
    }
  }
  if (source.length > most) throw tooLong(mostSeconds, described(`${source.length} bytes`));
  return source;
}

/** The first bytes of a file. */
async function headOf(path: string): Promise<Uint8Array> {
  const handle = await openRegular(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } catch (cause) {
    throw inputError(path, cause);
  } finally {
    await handle.close();
  }
}

const tooLong = (mostSeconds: number, received: unknown): ArgumentError =>
  new ArgumentError("audio", `a recording of at most ${mostSeconds} s`, received, "Cut it into pieces.");
