/** Mimi from a folder as the hub has it, in small: the ids and the sound of the Transformers library (make-mimi.py), and what is refused. */
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AudioCodec, loadAudioCodec } from "../../src/audio/codec.js";
import { openCheckpoint } from "../../src/engine/weights/open.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const fixture = fileURLToPath(new URL("../fixtures/mimi", import.meta.url));
const cpu = { device: "cpu", threads: 1 } as const;
let codec: AudioCodec;
let expected: Awaited<ReturnType<typeof openCheckpoint>>;

beforeAll(async () => {
  codec = await loadAudioCodec(fixture, cpu);
  expected = await openCheckpoint(join(fixture, "expected.safetensors"));
}, 60_000);
afterAll(async () => {
  await codec.close();
  await expected.close();
});

/** The ids of each book, [books, frames] in the file. */
async function codes(): Promise<number[][]> {
  const all = [...(await expected.floats("codes"))];
  const [books, frames] = expected.entries.get("codes")!.shape as [number, number];
  return Array.from({ length: books }, (_, i) => all.slice(i * frames, (i + 1) * frames));
}

test("ids and sound are those of the Transformers library, of all books and of the first ones", async () => {
  const samples = await expected.floats("audio");
  const books = await codec.encode({ samples, sampleRate: codec.sampleRate });
  expect(books.map((ids) => [...ids])).toEqual(await codes());
  for (const [name, count] of [
    ["sound", 4],
    ["sound.2", 2],
  ] as const) {
    const wanted = await expected.floats(name);
    const made = await codec.decode(books.slice(0, count));
    expect(made.samples.length).toBe(wanted.length);
    expect(Math.max(...made.samples.map((x, i) => Math.abs(x - wanted[i]!)))).toBeLessThan(2e-6);
  }
  expect(codec.samplesPerId).toEqual([24, 24, 24, 24]);
});

test("silence is added up to a whole frame, and codes of another length or number are refused", async () => {
  const [first] = await codec.encode({ samples: new Float32Array(25).fill(0.1), sampleRate: codec.sampleRate });
  expect(first!.length).toBe(2);
  const refused = (books: unknown) => expect(codec.decode(books as never)).rejects;
  await refused([]).toMatchObject({ argument: "books" });
  await refused([[1], [1], [1], [1], [1]]).toMatchObject({ argument: "books" });
  await refused([[1, 2], [1]]).toMatchObject({ argument: "books" });
  await refused([[1], [32]]).toMatchObject({ argument: "books[1]" });
});

test("a configuration of another codec, or other weights, are refused", async () => {
  const folder = join(temporaryFolder(), "mimi");
  await cp(fixture, folder, { recursive: true });
  const config = JSON.parse(await readFile(join(fixture, "config.json"), "utf8")) as object;
  const loading = async (change: object) => {
    await writeFile(join(folder, "config.json"), JSON.stringify({ ...config, ...change }));
    return loadAudioCodec(folder, cpu);
  };
  await expect(loading({ use_causal_conv: false })).rejects.toThrow(/use_causal_conv/);
  await expect(loading({ rope_parameters: { rope_theta: 1e4, rope_type: "yarn" } })).rejects.toThrow(/rope_type/);
  await expect(loading({ _frame_rate: 12.5 })).rejects.toThrow(/frame_rate/);
  await expect(loading({ upsampling_ratios: [4, 3, 0] })).rejects.toThrow(/upsampling_ratios/);
  await expect(loading({ num_hidden_layers: 3 })).rejects.toThrow(/missing +encoder_transformer.transformer.layers.2/);
  await expect(loading({ num_quantizers: 3 })).rejects.toThrow(/unused +rvq_rest.vq.layers.2/);
});
