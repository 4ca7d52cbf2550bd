/** WAV files to one channel of samples: integers of 8 to 32 bits, floats, A-law and mu-law. */
import wavefile from "wavefile";
import { ArgumentError } from "../base/errors.js";
import { described } from "../base/words.js";
import type { Sound } from "./read-audio.js";

type Wav = InstanceType<typeof wavefile.WaveFile>;

/** How one sample is read, and how many bytes it has. */
interface Encoding {
  readonly bytes: number;
  readonly read: (view: DataView, at: number) => number;
}

/** Integers and floats by their bits. */
const INTEGERS: Readonly<Record<number, Encoding>> = {
  8: { bytes: 1, read: (view, at) => (view.getUint8(at) - 128) / 128 },
  16: { bytes: 2, read: (view, at) => view.getInt16(at, true) / 2 ** 15 },
  24: { bytes: 3, read: (view, at) => ((view.getInt8(at + 2) << 16) | view.getUint16(at, true)) / 2 ** 23 },
  32: { bytes: 4, read: (view, at) => view.getInt32(at, true) / 2 ** 31 },
};
const FLOATS: Readonly<Record<number, Encoding>> = {
  32: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  64: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
};

/** By the number of a format: the encodings of its samples, or how wavefile brings it to integers of 16 bits. */
const FORMATS: Readonly<Record<number, Readonly<Record<number, Encoding>> | ((wav: Wav) => void)>> = {
  1: INTEGERS,
  3: FLOATS,
  6: (wav) => wav.fromALaw("16"),
  7: (wav) => wav.fromMuLaw("16"),
};
/** The number of a format that is told in the extension of the header. */
const EXTENSIBLE = 0xfffe;

interface Header {
  readonly audioFormat: number;
  readonly subformat?: readonly number[];
  readonly bitsPerSample: number;
  readonly sampleRate: number;
  readonly numChannels: number;
}

function encodingOf(wav: Wav): Encoding | undefined {
  const { audioFormat, subformat, bitsPerSample } = wav.fmt as Header;
  const format = FORMATS[audioFormat === EXTENSIBLE ? (subformat?.[0] ?? 0) : audioFormat];
  if (typeof format !== "function") return format?.[bitsPerSample];
  format(wav);
  return INTEGERS[16];
}

/** The mean of the channels. @throws ArgumentError for bytes that are damaged, of an encoding that is not known, or without samples. */
export function decodeWav(bytes: Uint8Array): Sound {
  const wav = parsed(bytes);
  const { sampleRate, numChannels, audioFormat } = wav.fmt as Header;
  const encoding = encodingOf(wav);
  if (!encoding) throw refused("integers of 8, 16, 24 or 32 bits, or floats", `format ${audioFormat}`);
  if (wav.container === "RIFX") throw refused("little-endian samples (RIFF)", "big-endian ones (RIFX)");
  if (!(sampleRate >= 1000 && sampleRate <= 768_000))
    throw refused("1000 to 768000 samples per second", `${sampleRate}`);
  const { samples: stored } = wav.data as { samples: Uint8Array };
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
  const frame = encoding.bytes * numChannels;
  const length = numChannels > 0 ? Math.floor(stored.length / frame) : 0;
  if (length === 0) throw refused("at least one sample", "none");
  const samples = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    let sum = 0;
    for (let channel = 0; channel < numChannels; channel++)
      sum += encoding.read(view, i * frame + channel * encoding.bytes);
    samples[i] = sum / numChannels;
  }
  return { samples, sampleRate };
}

/** How many bytes a second of the file has, by its first bytes; null where they do not say. */
export function bytesPerSecond(head: Uint8Array): number | null {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const at = bytes.indexOf("fmt ", 0, "latin1");
  if (at < 0 || at + 20 > bytes.length) return null;
  const rate = bytes.readUInt32LE(at + 16);
  return rate > 0 ? rate : null;
}

function parsed(bytes: Uint8Array): Wav {
  try {
    return new wavefile.WaveFile(bytes);
  } catch (cause) {
    const received = described(`a damaged one (${cause instanceof Error ? cause.message : "it cannot be read"})`);
    const remedy = "Convert it first: ffmpeg -i INPUT output.wav";
    throw new ArgumentError("audio", "a WAV file", received, remedy, { cause });
  }
}

const refused = (expected: string, received: string): ArgumentError =>
  new ArgumentError("audio", `a WAV file of ${expected}`, described(received));
