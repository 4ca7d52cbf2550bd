import { cp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { writeSafetensors } from "../../src/engine/weights/safetensors-write.js";
import { generateImage, loadImageModel } from "../../src/index.js";
import { openCheckpoint, openEngine } from "../../src/engine/index.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { writeTinyImageModel } from "../support/tiny-image-model.js";

const folder = temporaryFolder();
const good = join(folder, "good");
const several = join(folder, "several");
beforeAll(async () => {
  await writeTinyImageModel(good);
  await writeTinyImageModel(several, undefined, ["next-token", "next-neighbor", "next-scale"]);
});

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests break configurations in every way
type Json = Record<string, any>;

/** The configuration of a diagonal model, as one of films. */
const VIDEO = ({ transformers }: Json): Json => {
  const { conditionRotation: _, ropeBase: __, ...config } = transformers["next-neighbor"].config;
  return { ...config, positionEncoding: "learned", prediction: { kind: "next-neighbor-video", frames: 2, rows: 2 } };
};

function renamed({ transformers }: Json, from: string, to: string): void {
  transformers[to] = transformers[from];
  delete transformers[from];
}

/** A copy of the good model whose config.json went through `change`. */
async function changed(name: string, change: (config: Json) => void, from = good): Promise<string> {
  const path = join(folder, name);
  await cp(from, path, { recursive: true });
  const config = JSON.parse(await readFile(join(path, "config.json"), "utf8")) as Json;
  change(config);
  await writeFile(join(path, "config.json"), JSON.stringify(config));
  return path;
}

const load = (path: string, verify = true) => loadImageModel(path, { device: "reference", verify });

describe("loadImageModel", () => {
  test("tells what the model is", async () => {
    const model = await load(good);
    expect(model).toMatchObject({
      name: "tiny",
      revision: "3",
      side: 20,
      styles: ["plain", "round"],
      precision: "f32",
    });
    expect(model.device.name).toBe("reference");
    await model.close();
    await expect(generateImage({ model, prompt: "red" })).rejects.toMatchObject({ code: "closed" });
  });

  test("leaves an engine of the caller's open", async () => {
    const engine = await openEngine({ device: "reference" });
    for (let i = 0; i < 2; i++) {
      const model = await loadImageModel(good, { engine });
      expect((await generateImage({ model, prompt: "red" })).images).toHaveLength(1);
      await model.close();
    }
    await engine.close();
  });

  test("a changed file is found before it is used", async () => {
    const path = await changed("damaged", () => {});
    const file = join(path, "transformer.safetensors");
    const bytes = await readFile(file);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(file, bytes);
    await expect(load(path)).rejects.toMatchObject({ code: "checkpoint", fault: "checksum", file });
    const model = await load(path, false);
    expect(model.sha256).toEqual({});
    await model.close();
  });

  test("a truncated or missing file is an error that names it", async () => {
    const path = await changed("short", () => {});
    await truncate(join(path, "tokenizer.safetensors"), 1000);
    await expect(load(path, false)).rejects.toMatchObject({ code: "checkpoint" });
    await rm(join(path, "captions.json"));
    await expect(load(path)).rejects.toMatchObject({ code: "checkpoint" });
  });

  test("weights missing, misshapen and left over are one error", async () => {
    const path = await changed("misfit", (config) => {
      config.transformers["next-token"].config.layers = 3;
    });
    await expect(load(path)).rejects.toMatchObject({
      code: "weights",
      faults: expect.arrayContaining([expect.stringMatching(/^missing +layers\.2\.attention\.wqkv\.weight/)]),
    });
  });

  test.each<[string, (config: Json) => void, RegExp]>([
    ["no-name", (config) => delete config.name, /config\.json\.name/],
    ["stray", (config) => (config.colour = "red"), /"colour"/],
    ["outside", (config) => (config.tokenizers.vq.weights = "../x.safetensors"), /tokenizers\.vq\.weights/],
    ["absolute", (config) => (config.captions.file = "/etc/passwd"), /captions\.file/],
    ["styles", (config) => config.styles.pop(), /styles/],
    ["vocabulary", (config) => (config.transformers["next-token"].config.vocabulary = 41), /vocabulary/],
    ["default", (config) => (config.defaults.style = "square"), /defaults\.style/],
    ["layers", (config) => (config.transformers["next-token"].config.layers = 1e9), /layers/],
    ["digest", (config) => (config.sha256["captions.json"] = "abc"), /sha256\.captions\.json/],
    ["layout", (config) => (config.transformers["next-token"].layout = "other"), /next-token\.layout/],
  ])("a config.json with a wrong %s is an ArgumentError", async (name, change, place) => {
    const path = await changed(`wrong-${name}`, change);
    await expect(load(path)).rejects.toMatchObject({ code: "argument", message: expect.stringMatching(place) });
  });

  test.each<[string, (config: Json) => void, RegExp]>([
    ["video", (c) => (c.transformers["next-neighbor"].config = VIDEO(c)), /an order of pictures/],
    ["the name of another order", (c) => renamed(c, "next-scale", "next-token2"), /transformers\.next-token2/],
    ["a tokenizer that is not there", (c) => (c.transformers["next-scale"].tokenizer = "x"), /next-scale\.tokenizer/],
    ["a tokenizer of another layout", (c) => (c.transformers["next-scale"].tokenizer = "vq"), /next-scale\.layout/],
    ["a tokenizer without a use", (c) => (c.tokenizers.idle = c.tokenizers.vq), /that a transformer names/],
    ["no transformers", (c) => (c.transformers = {}), /transformers/],
    ["other sides than its tokenizer", (c) => (c.transformers["next-scale"].config.sides = [1, 2, 5]), /sides/],
    ["other codes than its tokenizer", (c) => (c.transformers["next-scale"].config.codeDim = 4), /codeDim/],
    ["pictures of another size", (c) => (c.transformers["next-neighbor"].config.grid = 4), /20 pixels per side/],
    [
      "other subjects",
      (c) => (c.transformers["next-scale"].config.condition.styles = 3),
      /2 styles and captions of 263/,
    ],
    ["a default that it cannot do", (c) => (c.defaults.decoding = "parallel-regions"), /defaults\.decoding/],
    ["a guidance below 1", (c) => (c.transformers["next-scale"].defaults.guidance = 0), /defaults\.guidance/],
  ])("several transformers, one with %s", async (name, change, place) => {
    const path = await changed(`several-${name}`, change, several);
    await expect(load(path)).rejects.toMatchObject({ code: "argument", message: expect.stringMatching(place) });
  });

  test("a config.json that is no JSON, and a name that is none", async () => {
    const path = await changed("garbage", () => {});
    await writeFile(join(path, "config.json"), "{");
    await expect(load(path)).rejects.toMatchObject({ code: "checkpoint", fault: "unreadable" });
    await expect(loadImageModel("tessera-icon")).rejects.toMatchObject({ code: "unknown-name" });
    await expect(loadImageModel(good, { colour: 1 } as never)).rejects.toMatchObject({ code: "argument" });
  });

  test("published files: a row is named, never guessed, and files that are another model's are refused", async () => {
    const files = {
      transformer: join(good, "transformer.safetensors"),
      tokenizer: join(good, "tokenizer.safetensors"),
    };
    const options = { device: "reference" } as const;
    await expect(loadImageModel({ ...files, config: "c2i_B_256.pt" as never }, options)).rejects.toMatchObject({
      code: "unknown-name",
    });
    for (const config of ["llamagen-c2i-b-256", "var-d16"] as const)
      await expect(loadImageModel({ ...files, config }, options)).rejects.toMatchObject({ code: "weights" });
    const absent = { ...files, transformer: join(good, "c2i_B_256.pt"), config: "llamagen-c2i-b-256" } as const;
    await expect(loadImageModel(absent, options)).rejects.toMatchObject({
      code: "checkpoint",
      remedy: expect.stringContaining("vq_ds16_c2i.pt"),
    });
  });

  test("a text tokenizer with more tokens than the transformer has rows is refused", async () => {
    const path = await changed("captions", (config) => {
      config.transformers["next-token"].config.condition.vocabulary = 257;
    });
    const file = join(path, "transformer.safetensors");
    const weights = await openCheckpoint(file);
    await writeSafetensors(
      file,
      [[...weights.entries.keys()][0]!].map((name) => [name, { shape: [1], data: new Float32Array(1) }]),
    );
    await weights.close();
    await expect(load(path, false)).rejects.toMatchObject({
      code: "checkpoint",
      message: expect.stringContaining("263"),
    });
  });
});

describe("calls without a loaded model", () => {
  test("load it once, and again when its config.json has changed", async () => {
    const path = await changed("shared", () => {});
    const draw = async () => (await generateImage({ model: path, prompt: "red", seed: 3 })).images[0]!;
    const first = await draw();
    await rm(join(path, "tokenizer.safetensors")); // of a loaded model nothing is missing
    expect((await draw()).ids).toEqual(first.ids);
    const config = await readFile(join(path, "config.json"), "utf8");
    await writeFile(join(path, "config.json"), `${config}\n`);
    await expect(draw()).rejects.toMatchObject({ code: "checkpoint" });
  });
});
