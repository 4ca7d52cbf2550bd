/** Codecs of audio by themselves: sound to ids and back, for models that speak in such ids. */
import { basename, join, resolve } from "node:path";
import { check, isIntegerIn, type Options } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";
import { readBoundedJson } from "../base/read-file.js";
import type { Engine } from "../engine/engine.js";
import type { Checkpoint } from "../engine/weights/checkpoint.js";
import { type LoadedModel, type LoadSettings, loaded, loadSettings } from "../media/load.js";
import { digestsOf, openFile, publishedFiles } from "../media/recipe.js";
import { isMimi, parseMimiConfig } from "../models/mimi.js";
import { parseSnacConfig } from "../models/snac.js";
import { samplesOf } from "../tokenizers/speech/codecs/latent-codec.js";
import { openMimi } from "../tokenizers/speech/codecs/mimi.js";
import { openSnac } from "../tokenizers/speech/codecs/snac.js";
import { readAudio, type Sound, type SoundSource } from "./read-audio.js";

export interface AudioCodec extends LoadedModel {
  readonly sampleRate: number;
  /** Ids of every book are 0 … codebookSize - 1. */
  readonly codebookSize: number;
  /** Samples that an id of each book stands for, coarse books first. */
  readonly samplesPerId: readonly number[];
  /**
   * The ids of each book, coarse ones first, of audio of any rate and at most an hour; silence is added up to a whole id of the coarsest.
   * @throws What readAudio throws.
   */
  encode(audio: SoundSource): Promise<Int32Array[]>;
  /**
   * The sound of the ids of each book; of Mimi, of the first book or the first few. The decoder of SNAC adds noise, which is the same
   * for the same `seed`; null leaves it out.
   * @throws ArgumentError for books that do not fit each other, and ids that no book has.
   */
  decode(books: readonly ArrayLike<number>[], options?: { readonly seed?: number | null }): Promise<Sound>;
}

const REMEDY = "Download the whole folder of the codec, as its authors publish it.";
const MOST_CONFIG_BYTES = 2 ** 20;

/** One kind of codec, by its configuration. */
interface Kind {
  readonly name: string;
  readonly licence: string;
  /** The file of weights. */
  readonly file: string;
  readonly sampleRate: number;
  readonly codebookSize: number;
  readonly samplesPerId: readonly number[];
  /** Whether the first books alone are a sound, too. */
  readonly partial: boolean;
  open(engine: Engine, checkpoint: Checkpoint): Coding;
}

interface Coding {
  encode(samples: Float32Array): Promise<Int32Array[]>;
  decode(books: readonly ArrayLike<number>[], seed: number | null): Promise<Float32Array>;
  close(): Promise<void>;
}

function kindOf(json: unknown, where: string): Kind {
  if (isMimi(json)) {
    const config = parseMimiConfig(json, where);
    const { codec, quantizer } = config;
    return {
      ...{ name: "Mimi", licence: "CC-BY-4.0", file: "model.safetensors", sampleRate: codec.sampleRate, partial: true },
      codebookSize: quantizer.rows,
      samplesPerId: Array<number>(quantizer.books).fill(samplesOf(codec)),
      open: (engine, checkpoint) => openMimi(engine, config, checkpoint),
    };
  }
  const config = parseSnacConfig(json, where);
  const hop = config.rates.reduce((product, rate) => product * rate, 1);
  return {
    ...{ name: "SNAC", licence: "MIT", file: "pytorch_model.bin", sampleRate: config.sampleRate, partial: false },
    codebookSize: config.codebook,
    samplesPerId: config.strides.map((stride) => stride * hop),
    open: (engine, checkpoint) => openSnac(engine, config, checkpoint),
  };
}

/**
 * Loads a codec from a folder as it is published: SNAC (arXiv 2410.14411; config.json and pytorch_model.bin), in whose three books of
 * 24 kHz Orpheus speaks, or Mimi (arXiv 2410.00037; config.json and model.safetensors of the Hugging Face hub), in whose first eight
 * books Moshi speaks.
 *
 * @throws InputError and CheckpointError for files that cannot be read; ArgumentError for a config.json of another codec; WeightsError
 *   for weights missing, misshapen or left over; DeviceError.
 * @example
 * const codec = await loadAudioCodec("snac_24khz");
 * const books = await codec.encode("voice.wav");
 * const sound = await codec.decode(books);
 * await codec.close();
 */
export async function loadAudioCodec(folder: string, options: Options<LoadSettings> = {}): Promise<AudioCodec> {
  const settings = loadSettings("loadAudioCodec", options);
  const path = resolve(folder);
  const stated = join(path, "config.json");
  const kind = kindOf(await readBoundedJson(stated, MOST_CONFIG_BYTES, REMEDY), stated);
  const weights = join(path, kind.file);
  const files = await publishedFiles([weights], settings.verify, REMEDY);
  return loaded(settings, async (opening, parts) => {
    const checkpoint = await openFile(files, weights, parts);
    const engine = await opening;
    const codec = await parts.own(Promise.resolve(kind.open(engine, checkpoint)));
    const { name, licence, sampleRate, codebookSize, samplesPerId } = kind;
    return {
      ...{ name, licence, revision: basename(path), device: engine.device, precision: "f32" as const },
      ...{ sampleRate, codebookSize, samplesPerId },
      sha256: digestsOf(files, [weights]),
      async encode(audio) {
        return codec.encode((await readAudio(audio, { sampleRate })).samples);
      },
      async decode(books, { seed = 0 } = {}) {
        checkBooks(books, kind);
        check(
          "seed",
          "an integer from 0 to 2^53 - 1, or null",
          seed,
          (s) => s === null || isIntegerIn(0, 2 ** 53 - 1)(s),
        );
        return { samples: await codec.decode(books, seed), sampleRate };
      },
    };
  });
}

const lengthOf = (list: unknown): number => (list as ArrayLike<number>).length;

function checkBooks(books: readonly ArrayLike<number>[], { samplesPerId, codebookSize, partial }: Kind): void {
  const isBook = (book: unknown) => (Array.isArray(book) || ArrayBuffer.isView(book)) && lengthOf(book) > 0;
  const most = samplesPerId.length;
  check("books", `${partial ? "1 to " : ""}${most} lists of ids`, books, (list) => {
    return Array.isArray(list) && isIntegerIn(partial ? 1 : most, most)(list.length) && list.every(isBook);
  });
  for (const [i, book] of books.entries()) {
    const stray = Array.from(book).find((id) => !isIntegerIn(0, codebookSize - 1)(id));
    if (stray !== undefined) throw new ArgumentError(`books[${i}]`, `ids from 0 to ${codebookSize - 1}`, stray);
  }
}
