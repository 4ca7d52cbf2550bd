/** Codecs of audio by themselves: sound to ids and back, for models that speak in such ids. */
import { basename, join, resolve } from "node:path";
import { check, isIntegerIn, isObject, type Options } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";
import { readBoundedJson } from "../base/read-file.js";
import { type LoadedModel, type LoadSettings, loaded, loadSettings } from "../media/load.js";
import { digestsOf, openFile, publishedFiles } from "../media/recipe.js";
import { parseSnacConfig } from "../models/snac.js";
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
   * The sound of the ids of each book. The decoder adds noise, which is the same for the same `seed`; null leaves it out.
   * @throws ArgumentError for books that do not fit each other, and ids that no book has.
   */
  decode(books: readonly ArrayLike<number>[], options?: { readonly seed?: number | null }): Promise<Sound>;
}

const REMEDY = "Download the whole folder of the codec, as its authors publish it.";
const MOST_CONFIG_BYTES = 2 ** 20;

/**
 * Loads SNAC (arXiv 2410.14411) from a folder as its authors publish it: config.json and pytorch_model.bin. The 24 kHz model has three
 * books; it is what Orpheus speaks in.
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
  const file = join(path, "config.json");
  const config = parseSnacConfig(await readBoundedJson(file, MOST_CONFIG_BYTES, REMEDY), file);
  const weights = join(path, "pytorch_model.bin");
  const files = await publishedFiles([weights], settings.verify, REMEDY);
  return loaded(settings, async (opening, parts) => {
    const checkpoint = await openFile(files, weights, parts);
    const engine = await opening;
    const codec = openSnac(engine, config, checkpoint);
    await parts.own(Promise.resolve(codec));
    const { sampleRate, codebook, rates, strides } = config;
    const hop = rates.reduce((product, rate) => product * rate, 1);
    return {
      ...{ name: "SNAC", revision: basename(path), licence: "MIT", device: engine.device, precision: "f32" as const },
      ...{ sampleRate, codebookSize: codebook, samplesPerId: strides.map((stride) => stride * hop) },
      sha256: digestsOf(files, [weights]),
      async encode(audio) {
        return codec.encode((await readAudio(audio, { sampleRate })).samples);
      },
      async decode(books, { seed = 0 } = {}) {
        checkBooks(books, strides, codebook);
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

function checkBooks(books: readonly ArrayLike<number>[], strides: readonly number[], codebook: number): void {
  const isBook = (book: unknown) => isObject(book) && typeof book.length === "number" && book.length > 0;
  check("books", `${strides.length} lists of ids`, books, (list) => {
    return Array.isArray(list) && list.length === strides.length && list.every(isBook);
  });
  for (const [i, book] of books.entries()) {
    const stray = Array.from(book).find((id) => !isIntegerIn(0, codebook - 1)(id));
    if (stray !== undefined) throw new ArgumentError(`books[${i}]`, `ids from 0 to ${codebook - 1}`, stray);
  }
}
