/** Sound files that a caller brings: WAV of any rate, width and number of channels. */
import { readFile } from "node:fs/promises";
import wavefile from "wavefile";
import { ArgumentError, InputError } from "../base/errors.js";

/** One channel in [-1, 1]. */
export interface Sound {
  readonly samples: Float32Array;
  readonly sampleRate: number;
}

/** The path of a WAV file, its bytes, or samples. */
export type SoundSource = string | Uint8Array | Sound;

/** An hour at 48 kHz: beyond it a recording is refused before it is decoded. */
const MOST_BYTES = 2 ** 30;

/**
 * Reads a sound; of several channels their mean.
 *
 * @throws InputError for a file that cannot be read; ArgumentError for one that is no WAV file, or holds nothing.
 */
export async function readSound(source: SoundSource, argument = "audio"): Promise<Sound> {
  if (typeof source === "object" && "samples" in source) return source;
  const name = typeof source === "string" ? source : argument;
  const bytes =
    typeof source === "string"
      ? await readFile(source).catch((cause: unknown) => {
          throw new InputError(source, "it cannot be read", "Name a WAV file that exists.", { cause });
        })
      : source;
  if (bytes.length > MOST_BYTES)
    throw new ArgumentError(argument, `a file of at most ${MOST_BYTES} bytes`, bytes.length);
  const wav = decoded(bytes, argument, name);
  const { sampleRate, numChannels } = wav.fmt as { sampleRate: number; numChannels: number };
  wav.toBitDepth("32f");
  const all = wav.getSamples(false, Float32Array) as unknown as Float32Array | Float32Array[];
  const channels = Array.isArray(all) ? all : [all];
  const length = channels[0]?.length ?? 0;
  if (length === 0) throw new ArgumentError(argument, "a WAV file that holds samples", "none");
  const samples = Float32Array.from(
    { length },
    (_, i) => channels.reduce((sum, channel) => sum + channel[i]!, 0) / numChannels,
  );
  return { samples, sampleRate };
}

function decoded(bytes: Uint8Array, argument: string, name: string): InstanceType<typeof wavefile.WaveFile> {
  try {
    return new wavefile.WaveFile(bytes);
  } catch (cause) {
    const remedy = `Convert ${name} first: ffmpeg -i INPUT output.wav (${cause instanceof Error ? cause.message : "it is damaged"}).`;
    throw new ArgumentError(argument, "a WAV file", "other bytes", remedy);
  }
}
