/** SNAC from a folder as its authors publish it, in small: the ids and the sound of the authors' own code, and what is refused. */
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AudioCodec, loadAudioCodec } from "../../src/audio/codec.js";
import { readTensors } from "../golden/case.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const golden = fileURLToPath(new URL("../fixtures/speech/snac", import.meta.url));
const folder = join(temporaryFolder(), "snac");
const published = { sampling_rate: 24_000, attn_window_size: null, noise: true, depthwise: true };
let config: Record<string, unknown>;
let codec: AudioCodec;

const write = (values: object) => writeFile(join(folder, "config.json"), JSON.stringify(values));

beforeAll(async () => {
  await mkdir(folder);
  const { ed, dd, cb, cd, rates, strides } = JSON.parse(await readFile(join(golden, "case.json"), "utf8")).config;
  config = {
    ...{ ...published, encoder_dim: ed, decoder_dim: dd, codebook_size: cb, codebook_dim: cd, vq_strides: strides },
    ...{ encoder_rates: rates, decoder_rates: [...rates].reverse() },
  };
  await write(config);
  await copyFile(join(golden, "weights.safetensors"), join(folder, "pytorch_model.bin"));
  codec = await loadAudioCodec(folder, { device: "cpu", threads: 1 });
}, 60_000);
afterAll(() => codec.close());

test("ids and sound are those of the authors' code, and noise follows the seed", async () => {
  const io = await readTensors(golden);
  const samples = io.get("in.audio")!.data as Float32Array;
  const books = await codec.encode({ samples, sampleRate: codec.sampleRate });
  for (const [i, ids] of books.entries()) {
    expect([...ids]).toEqual([...io.get(`out.codes_${i}`)!.data]);
    expect(ids.length * codec.samplesPerId[i]!).toBe(books[0]!.length * codec.samplesPerId[0]!);
  }
  const expected = io.get("out.audio_out")!.data as Float32Array;
  const quiet = await codec.decode(books, { seed: null });
  expect(quiet.samples.length).toBe(expected.length);
  expect(Math.max(...quiet.samples.map((x, i) => Math.abs(x - expected[i]!)))).toBeLessThan(1e-4);
  const [first, again, other] = await Promise.all([1, 1, 2].map((seed) => codec.decode(books, { seed })));
  expect(again!.samples).toEqual(first!.samples);
  expect(other!.samples).not.toEqual(first!.samples);
});

test("audio of another rate is brought to the codec's", async () => {
  const samples = Float32Array.from({ length: 8000 }, (_, i) => 0.3 * Math.sin(i * 0.3));
  const [coarse] = await codec.encode({ samples, sampleRate: 8000 });
  expect(coarse!.length).toBe(Math.ceil(24_000 / codec.samplesPerId[0]!));
});

test("what cannot be is refused", async () => {
  const one = codec.samplesPerId.map((samples) => new Int32Array(codec.samplesPerId[0]! / samples));
  const refused = (books: unknown, options?: object) => expect(codec.decode(books as never, options)).rejects;
  await refused(one.slice(1)).toMatchObject({ argument: "books" });
  await refused(one.with(1, new Int32Array(one[1]!.length + 1))).toMatchObject({ code: "argument" });
  await refused(one.with(0, Int32Array.of(codec.codebookSize))).toMatchObject({ argument: "books[0]" });
  await refused(one, { seed: -1 }).toMatchObject({ argument: "seed" });
  const loading = (values: object) => write(values).then(() => loadAudioCodec(folder, { device: "cpu", threads: 1 }));
  await expect(loading({ ...config, attn_window_size: 0 })).rejects.toThrow(/attn_window_size/);
  await expect(loading({ ...config, attn_window_size: 32 })).rejects.toThrow(/heads of 64 channels/);
  await expect(loading({ ...config, decoder_rates: config.encoder_rates })).rejects.toThrow(/decoder_rates/);
  await expect(loading({ ...config, codebook_size: 7 })).rejects.toMatchObject({ code: "weights" });
  await expect(loading({ ...config, books: 3 })).rejects.toMatchObject({ code: "argument" });
  await write(config);
  await rm(join(folder, "pytorch_model.bin"));
  await expect(loadAudioCodec(folder, { device: "cpu", threads: 1 })).rejects.toMatchObject({ code: "checkpoint" });
  await rm(join(folder, "config.json"));
  await expect(loadAudioCodec(folder)).rejects.toMatchObject({ code: "input" });
});
