/** The command as users run it: built, in a process of its own. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { readMarking, VERSION } from "../../src/index.js";
import { commandIn, MAIN } from "../support/tessera-command.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { writeTinyImageModel } from "../support/tiny-image-model.js";

const folder = temporaryFolder();
const model = join(folder, "model");
const TINY = ["--model", model, "--device", "reference"];
const tessera = commandIn(folder);
beforeAll(() => writeTinyImageModel(model));

describe("tessera image", () => {
  test("writes pictures and manifests, and prints their paths", async () => {
    const { code, stdout, stderr } = await tessera("image", "Äp/..", ...TINY, "--n", "2", "--seed", "7", "-o", "o1");
    expect(stdout).toBe("o1/äp-10dec1-7-0.png\no1/äp-10dec1-7-1.png\n");
    expect(code).toBe(0);
    expect(stderr).toMatch(/^tiny on reference: 2 × 25 tokens\n(\d+\/50 tokens\n)+2 in [\d.]+ s, 25 passes, seed 7\n$/);
    expect((await readdir(join(folder, "o1"))).sort()).toEqual(
      [0, 1].flatMap((i) => [`äp-10dec1-7-${i}.png`, `äp-10dec1-7-${i}.png.json`]),
    );
    expect(await readMarking(await readFile(join(folder, "o1/äp-10dec1-7-1.png")))).toMatchObject({
      seed: 7,
      index: 1,
    });
  });

  test("reads prompts by a text encoder, and verify makes the picture again", { timeout: 60_000 }, async () => {
    const path = join(folder, "vectors");
    await writeTinyImageModel(path, { kind: "features", slots: 12, size: 12 });
    const encoder = join(import.meta.dirname, "../fixtures/text-encoders/folders/t5");
    const loaded = ["--model", path, "--device", "reference"];
    const deaf = await tessera("image", "a cat", ...loaded, "-o", "cat.png");
    expect(deaf).toMatchObject({ code: 2, stderr: expect.stringMatching(/Load it with textEncoder/) });
    const drawn = await tessera("image", "a cat", ...loaded, "--text-encoder", encoder, "-o", "cat.png");
    expect(drawn).toMatchObject({ code: 0, stdout: "cat.png\n" });
    expect(await tessera("verify", "cat.png.json", ...loaded, "--text-encoder", encoder)).toMatchObject({ code: 0 });
  });

  test("--json is one object on stdout and silence on stderr; a file may be named", async () => {
    const { code, stdout, stderr } = await tessera(
      "image",
      "red",
      ...TINY,
      "--json",
      "-o",
      "o2/x.webp",
      "--no-manifest",
    );
    const result = JSON.parse(stdout);
    expect({ code, stderr, lines: stdout.split("\n").length }).toEqual({ code: 0, stderr: "", lines: 2 });
    expect(result).toMatchObject({
      images: [{ path: "o2/x.webp", manifest: null, mediaType: "image/webp", width: 20, height: 20, index: 0 }],
      model: { name: "tiny", revision: "3" },
      ...{ seed: 0, device: "reference", precision: "f32", warnings: [] },
    });
    expect(await readdir(join(folder, "o2"))).toEqual(["x.webp"]);
  });

  test("tells of files that it replaces, unless they are the same", async () => {
    const drawn = (...words: string[]) => tessera("image", "red", ...TINY, "-q", "-o", "r/x.png", ...words);
    const warning = "warning: r/x.png held something else and was replaced.\n";
    expect(await drawn()).toEqual({ code: 0, stdout: "r/x.png\n", stderr: "" });
    expect((await drawn()).stderr).toBe("");
    expect((await drawn("--seed", "1")).stderr).toBe(warning);
    expect((await drawn("--seed", "2", "--json")).stderr).toBe("");
  });

  test("--decoding jacobi: the same picture, and verify makes it again", async () => {
    const of = async (...words: string[]) =>
      JSON.parse((await tessera("image", "red", ...TINY, "--json", "-o", "d/x.png", ...words)).stdout);
    const [plain, jacobi] = [await of(), await of("--decoding", "jacobi")];
    expect(jacobi.images[0].tokensSha256).toBe(plain.images[0].tokensSha256);
    expect(jacobi.usage.forwardPasses).toBeLessThan(plain.usage.forwardPasses);
    expect((await tessera("verify", join(folder, "d/x.png.json"), ...TINY)).code).toBe(0);
  });

  test("previews come and go", async () => {
    const { code } = await tessera("image", "red", ...TINY, "--preview", "3", "--no-manifest", "-q", "-o", "o3/x.png");
    expect({ code, files: await readdir(join(folder, "o3")) }).toEqual({ code: 0, files: ["x.png"] });
  });

  test.each<[string, string[], RegExp]>([
    ["an unknown style", ["red", "--style", "square"], /There is no style "square"/],
    ["a guidance out of range", ["red", "--guidance", "0"], /guidance/],
    ["a number that is none", ["red", "--seed", "abc"], /"abc" is not a number/],
    ["NaN", ["red", "--top-p", "NaN"], /not a number/],
    ["no prompt", [], /prompt/],
    ["an option that is none", ["red", "--colour"], /unknown option/],
    ["two words", ["red", "apple"], /too many arguments/],
    [
      "an unknown decoding",
      ["red", "--decoding", "sideways"],
      /There is no decoding of tiny "sideways".*\n.*next-token, jacobi/,
    ],
    ["an unknown device", ["red", "--device", "abacus"], /There is no device "abacus"/],
    ["an unknown precision", ["red", "--precision", "q1"], /precision/],
    ["a file for several", ["red", "--n", "2", "-o", "x.png"], /a folder/],
    ["an ending of another format", ["red", "--format", "avif", "-o", "x.png"], /\.avif/],
    ["half of published files", ["red", "--transformer", "x.pt"], /--tokenizer/],
  ])("%s ends with 2 and says what to do", async (_, words, message) => {
    const { code, stdout, stderr } = await tessera("image", ...TINY, ...words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n +at /);
  });

  test("a failure ends with 1; as JSON, if asked", async () => {
    await writeFile(join(folder, "file"), "");
    const plain = await tessera("image", "red", ...TINY, "-o", "file/deeper", "-q");
    expect({ code: plain.code, stdout: plain.stdout }).toEqual({ code: 1, stdout: "" });
    expect(plain.stderr).toMatch(/^Cannot write file\/deeper\/red-0-0\.png: .*\n {2}→ Choose another folder\.\n$/);
    const json = await tessera("image", "red", ...TINY, "-o", "file/deeper", "--json");
    expect({ code: json.code, stderr: json.stderr }).toEqual({ code: 1, stderr: "" });
    expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: "output", remedy: "Choose another folder." } });
  });

  test.skipIf(process.platform === "win32")("a disk without room leaves no partial file", async () => {
    const command = `ulimit -f 1; exec "$0" "$@"`; // files of at most one block, which a picture exceeds
    const words = [MAIN, "image", "red", ...TINY, "--size", "80x80", "-q", "-o", "full"];
    const child = spawn("bash", ["-c", command, process.execPath, ...words], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (chunk) => (stderr += chunk));
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Cannot write full\/red-0-0\.png: .*EFBIG/);
    expect(await readdir(join(folder, "full"))).toEqual([]);
  });
});

describe("tessera edit", () => {
  test("writes what was drawn into a picture, and says what it lacks", async () => {
    await tessera("image", "red", ...TINY, "-q", "-o", "e/x.png");
    const left = Uint8Array.from({ length: 400 }, (_, i) => (i % 20 < 8 ? 255 : 0));
    const mask = sharp(left, { raw: { width: 20, height: 20, channels: 1 } });
    await mask.toFile(join(folder, "e/mask.png"));
    const words = ["edit", "e/x.png", "apple", ...TINY, "--n", "2", "--seam", "0", "-o", "e"];
    const { code, stdout } = await tessera(...words, "--mask", "e/mask.png");
    expect({ code, stdout }).toEqual({ code: 0, stdout: "e/x_apple-0-0.png\ne/x_apple-0-1.png\n" });
    const half = (name: string) =>
      sharp(join(folder, "e", name))
        .extract({ left: 8, top: 0, width: 12, height: 20 })
        .raw()
        .toBuffer();
    expect((await half("x_apple-0-1.png")).equals(await half("x.png"))).toBe(true);
    const none = await tessera(...words);
    expect(none.code).toBe(2);
    expect(none.stderr).toMatch(/--mask/);
  });
});

describe("tessera verify", () => {
  test("says whether a picture can be made again", async () => {
    await tessera("image", "red", ...TINY, "-o", "v/x.png", "-q");
    const path = join(folder, "v/x.png.json");
    expect(await tessera("verify", path, ...TINY)).toEqual({
      code: 0,
      stdout: "same tokens, same pixels, same file\n",
      stderr: "",
    });
    await writeFile(path, (await readFile(path, "utf8")).replace('"seed": 0', '"seed": 1'));
    const changed = await tessera("verify", path, ...TINY, "--json");
    expect(changed.code).toBe(1);
    expect(JSON.parse(changed.stdout)).toEqual({ same: false, differences: ["tokens", "pixels"] });
    expect((await tessera("verify", "none.json", ...TINY)).code).toBe(2);
  });

  test("reads the picture, too", async () => {
    await tessera("image", "red", ...TINY, "-o", "v/y.png", "-q");
    const words = ["verify", join(folder, "v/y.png.json"), ...TINY];
    await sharp({ create: { width: 20, height: 20, channels: 4, background: "red" } }).toFile(join(folder, "v/y.png"));
    const replaced = await tessera(...words);
    expect(replaced.stdout).toBe("DIFFERENT\n  file: its pixels are not those of the manifest\n");
    await rm(join(folder, "v/y.png"));
    const removed = await tessera(...words);
    expect({ code: removed.code, stdout: removed.stdout }).toEqual({
      code: 1,
      stdout: expect.stringContaining("file not found"),
    });
    expect((await tessera(...words, "--manifest-only")).stdout).toBe("same tokens, same pixels\n");
  });

  test("never opens what a manifest names as a path, and shows none of its control characters", async () => {
    await tessera("image", "red", ...TINY, "-o", "v/z.png", "-q");
    const path = join(folder, "v/z.png.json");
    const manifest = JSON.parse(await readFile(path, "utf8"));
    for (const name of [model, "../model", "\u001b[31mred"]) {
      await writeFile(path, JSON.stringify({ ...manifest, model: { ...manifest.model, name } }));
      const { code, stdout, stderr } = await tessera("verify", path);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toMatch(/the model of the manifest.*\n.*--model/);
      expect(stderr).not.toContain("\u001b");
    }
    const hostile = { ...manifest, tessera: "\u001b]0;title\u0007", device: "\u009b2J" };
    await writeFile(path, JSON.stringify(hostile));
    expect((await tessera("verify", path, ...TINY)).stdout).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f]/);
  });
});

describe("tessera demo", () => {
  test("makes a gallery, also where there is no font, and keeps it the second time", async () => {
    const words = ["demo", ...TINY, "--limit", "2", "-o", "gallery", "--json"];
    const first = await commandIn(folder, { FONTCONFIG_FILE: "/dev/null" })(...words);
    expect({ code: first.code, stderr: first.stderr.replace(/^Fontconfig.*\n/gm, "") }).toEqual({
      code: 0,
      stderr: "",
    });
    const { page, sheet, rows } = JSON.parse(first.stdout);
    expect({ page, sheet }).toEqual({ page: join("gallery", "index.html"), sheet: join("gallery", "sheet.png") });
    expect(rows).toHaveLength(2);
    expect(existsSync(join(folder, page)) && existsSync(join(folder, sheet))).toBe(true);
    const second = JSON.parse((await tessera(...words)).stdout);
    expect(second.rows.map((row: { milliseconds: number | null }) => row.milliseconds)).toEqual([null, null]);
    expect(second.others).toEqual([]); // a model that was named is shown alone
  });

  test("without a model shows every medium, as a manifest says that can be run again", async () => {
    const words = ["demo", "--limit", "1", "-o", "media", "--json"];
    const { code, stdout } = await tessera(...words);
    expect(code).toBe(0);
    const { others, page } = JSON.parse(stdout) as { readonly others: readonly string[]; readonly page: string };
    expect(others.map((file) => extname(file)).sort()).toEqual([".glb", ".json", ".json", ".wav"]);
    const html = await readFile(join(folder, page), "utf8");
    for (const said of ["<audio", 'class="turning"', "What Tessera makes"]) expect(html).toContain(said);
    const again = await tessera("run", join("media", "assets.yaml"), "--json");
    expect(JSON.parse(again.stdout).counts).toMatchObject({ kept: 2, made: 0 });
  }, 120_000);
});

describe("the rest", () => {
  test("models lists what can be loaded", async () => {
    const { code, stdout } = await tessera("models", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      embedded: { "tessera-icons": { kind: "image" } },
      published: { "llamagen-c2i-b-256": { files: { transformer: "c2i_B_256.pt" } } },
    });
  });

  test("version, help, and a command that is none", async () => {
    expect(await tessera("--version")).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: "" });
    expect((await tessera("image", "--help")).stdout).toMatch(/^Usage: tessera image \[options\] \[prompt\]/);
    expect((await tessera("paint")).code).toBe(2);
    expect((await tessera()).code).toBe(2);
  });
});
