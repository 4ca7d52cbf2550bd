/** `tessera run` and `tessera verify` as users run them. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { commandIn } from "../support/tessera-command.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { writeTinyImageModel } from "../support/tiny-image-model.js";
import { writeTinyMeshModel } from "../support/tiny-mesh-model.js";
import { tinySpeechModel } from "../support/tiny-speech-model.js";

const folder = temporaryFolder();
const tessera = commandIn(folder);
const MANIFEST = `
defaults: { image: { model: images, device: reference } }
assets:
  fruit: { kind: image, prompt: [red, apple], post: [{ formats: [png, webp] }] }
  table: { kind: mesh, prompt: round table, model: shapes, device: reference, depth: 3 }
  voice: { kind: speech, text: "b.", model: voice, device: reference }
sheets:
  all: { assets: [fruit] }
`;
beforeAll(async () => {
  await writeTinyImageModel(join(folder, "images"));
  await writeTinyMeshModel(join(folder, "shapes"));
  await mkdir(join(folder, "voice"));
  await tinySpeechModel(join(folder, "voice"));
  await writeFile(join(folder, "assets.yaml"), MANIFEST);
});

describe("tessera run", () => {
  test("says what it would do, does it, and has nothing left to do", async () => {
    const dry = await tessera("run", "assets.yaml", "--dry-run");
    expect(dry.stdout.split("\n").slice(-2)).toEqual(["4 to make, 0 to restore, 0 kept; 1 sheets", ""]);
    const { code, stdout, stderr } = await tessera("run", "assets.yaml");
    expect({ code, stdout }).toEqual({ code: 0, stdout: "5 made; assets.lock.json\n" });
    expect(stderr).toMatch(/^5 assets, of which 0 are there\nmade {5}fruit\/red\n/);
    const again = await tessera("run", "assets.yaml", "--json");
    expect(JSON.parse(again.stdout)).toMatchObject({
      counts: { kept: 5, made: 0 },
      failed: [],
      lock: "assets.lock.json",
    });
  });

  test("a manifest that is wrong ends with 2, an asset that fails with 1", async () => {
    await writeFile(join(folder, "wrong.yaml"), "assets: { a: { kind: image, promt: fox } }");
    const wrong = await tessera("run", "wrong.yaml");
    expect({ code: wrong.code, stdout: wrong.stdout }).toEqual({ code: 2, stdout: "" });
    expect(wrong.stderr).toMatch(/wrong\.yaml: assets\.a .*"promt"/);
    await writeFile(
      join(folder, "failing.yaml"),
      "assets: { a: { kind: image, prompt: red, style: square, model: images, device: reference } }",
    );
    const failing = await tessera("run", "failing.yaml");
    expect({ code: failing.code, stdout: failing.stdout }).toEqual({
      code: 1,
      stdout: "1 failed; failing.lock.json\n",
    });
    expect(failing.stderr).toMatch(/failed {3}a: There is no style "square"/);
  });
});

describe("tessera verify", () => {
  test("a lock file: the whole tree is made again", async () => {
    expect(await tessera("verify", "assets.lock.json")).toMatchObject({ code: 0, stdout: "5 items: all the same\n" });
    const path = join(folder, "assets/fruit/red.webp");
    const bytes = await readFile(path);
    await writeFile(path, "another");
    const changed = await tessera("verify", "assets.lock.json");
    await writeFile(path, bytes);
    expect(changed.code).toBe(1);
    expect(changed.stdout).toBe(
      "DIFFERENT fruit/red\n  fruit/red.webp: it is missing or was changed\n5 items: 1 differ\n",
    );
  });

  test.each([
    ["table.glb", "shapes", "same tokens, same mesh, same file\n"],
    ["voice.wav", "voice", "same tokens, same samples, same file\n"],
    ["fruit/red.webp", "images", "same tokens, same pixels, same file\n"],
  ])("the manifest beside %s", async (file, model, said) => {
    const words = ["--model", model, "--device", "reference"];
    expect(await tessera("verify", `assets/${file}.json`, ...words)).toEqual({ code: 0, stdout: said, stderr: "" });
  });

  test("a lock file that leads elsewhere is refused", async () => {
    const lock = await readFile(join(folder, "assets.lock.json"), "utf8");
    await writeFile(join(folder, "evil.lock.json"), lock.replaceAll("fruit/red.png", "../../red.png"));
    const { code, stderr } = await tessera("verify", "evil.lock.json");
    expect(code).toBe(2);
    expect(stderr).toMatch(/it leads through "\.\."/);
  });
});
