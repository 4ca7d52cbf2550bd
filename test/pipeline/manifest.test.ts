/** Manifests: what they may say, what becomes of it, and what is refused. */
import { describe, expect, test } from "vitest";
import { readFileSync } from "node:fs";
import { expanded } from "../../src/pipeline/expand.js";
import { parseAssets } from "../../src/pipeline/read-assets.js";
import { assetsJsonSchema } from "../../src/pipeline/schema.js";

const itemsOf = (text: string) => expanded(parseAssets(text, "assets.yaml"), "assets.yaml");

describe("what a manifest asks for", () => {
  test("lists are combined, the last one fastest; names tell what there is several of", () => {
    const items = itemsOf(`
defaults: { image: { style: fluent, guidance: 3 } }
assets:
  fruit: { kind: image, prompt: [red apple, banana], seed: [7, "1..2"], count: 2 }
  fox: { kind: image, prompt: fox, style: noto }
`);
    expect(items.map(({ stem }) => stem).slice(0, 4)).toEqual([
      ...["fruit/red-apple-7-0", "fruit/red-apple-7-1", "fruit/red-apple-1-0", "fruit/red-apple-1-1"],
    ]);
    expect(items).toHaveLength(2 * 3 * 2 + 1);
    expect(items[0]).toMatchObject({
      ...{ asset: "fruit", kind: "image", model: "tessera-icons", device: "auto", precision: null, seed: 7, index: 0 },
      settings: { prompt: "red apple", style: "fluent", guidance: 3 },
    });
    expect(items.at(-1)).toMatchObject({ stem: "fox", settings: { style: "noto" } });
  });

  test("templates name any setting, and values never make a path", () => {
    const items = itemsOf(`
assets:
  a: { kind: image, prompt: ["../../etc/passwd", a/b], output: "icons/{asset}/{prompt}-{seed}" }
`);
    expect(items.map(({ stem }) => stem)).toEqual(["icons/a/etc-passwd-3754d6-0", "icons/a/a-b-c14cdd-0"]);
  });

  test("steps are completed; JSON is as good as YAML; anchors and merges are", () => {
    const [item] = itemsOf(
      '{"assets": {"a": {"kind": "image", "prompt": "fox", "post": ["trim", {"formats": "png"}]}}}',
    );
    expect(item!.steps).toEqual([
      { name: "trim", options: { threshold: 0, padding: 0 } },
      { name: "formats", options: "png" },
    ]);
    const merged = itemsOf("assets:\n  a: &a { kind: image, prompt: fox }\n  b: { <<: *a, prompt: owl }\n");
    expect(merged.map(({ settings }) => settings.prompt)).toEqual(["fox", "owl"]);
  });

  test("the schema in the package is the one that files are checked by", () => {
    const published = readFileSync(new URL("../../schemas/assets.schema.json", import.meta.url), "utf8");
    expect(JSON.parse(published)).toEqual(JSON.parse(JSON.stringify(assetsJsonSchema())));
  });
});

describe("what is refused", () => {
  const asset = (fields: string) => `assets:\n  a: { kind: image, prompt: fox, ${fields} }\n`;
  const nested = `assets: ${"[".repeat(50_000)}`;
  const bomb = ["a: &a [x, x, x, x, x, x, x, x, x]", ..."bcdefghi"].reduce((text, name, i) => {
    const before = "abcdefgh"[i - 1];
    return `${text}\n${name}: &${name} [${Array(9).fill(`*${before}`).join(", ")}]`;
  });

  test.each<[string, string, RegExp]>([
    ["nothing", "", /Expected an object for assets.yaml/],
    ["no YAML", "assets: [", /Cannot read assets.yaml: it is not YAML \(/],
    ["a name twice", "assets: {}\nassets: {}", /unique/],
    ["a bomb of aliases", bomb, /it repeats itself or nests more often/],
    ["endless nesting", nested, /Cannot read assets.yaml/],
    ["an unknown field", asset("sede: 1"), /assets\.yaml: assets\.a .*unknown field "sede"/],
    ["an unknown kind", "assets: { a: { kind: video } }", /assets\.yaml: assets\.a/],
    ["a name that is a path", "assets: { ../a: { kind: image, prompt: fox } }", /a name of up to 64 letters/],
    ["a prototype", 'assets: { "__proto__": { kind: image, prompt: fox } }', /at least one asset/],
    ["a value out of range", asset("guidance: 0"), /at least 1 for assets\.yaml: assets\.a\.guidance/],
    [
      "a step with a wrong size",
      asset("post: [{ resize: 0 }]"),
      /at least 1 for assets\.yaml: assets\.a\.post\[0\]\.resize/,
    ],
    ["an unknown step", asset("post: [{ resise: 10 }]"), /post\[0\].*unknown field "resise"/],
    ["two steps in one", asset("post: [{ resize: 10, trim: {} }]"), /one step per entry/],
    ["a step that another medium has", asset("post: [{ loudness: -16 }]"), /unknown field "loudness"/],
    ["no subject", "assets: { a: { kind: image } }", /one of prompt and classId for .*received none/],
    ["two subjects", asset("classId: 1"), /received prompt and classId/],
    ["a style that the model lacks", asset("style: fluent-3g"), /style of tessera-icons .*"fluent-3g"[^]*fluent-3d/],
    [
      "no model where there is no default",
      "assets: { a: { kind: text, prompt: fox } }",
      /the folder of a model for .*a\.model/,
    ],
    ["a prompt with an escape", 'assets: { a: { kind: image, prompt: "fo\\e[2Jx" } }', /without control characters/],
    [
      "a prompt that turns around",
      'assets: { a: { kind: image, prompt: "fo\\u202ex" } }',
      /without control characters/,
    ],
    ["a template that climbs", asset('output: "../{prompt}"'), /it leads through "\.\."/],
    ["an absolute template", asset('output: "/tmp/{prompt}"'), /a part of it is empty/],
    ["a template with a backslash", asset('output: "..\\\\{prompt}"'), /this holds one of/],
    ["the name of a device", asset("output: icons/nul.x"), /a part is the name of a device/],
    ["a template with a zero byte", asset('output: "a\\0b"'), /control characters/],
    ["an unknown name in braces", asset('output: "{sede}"'), /"\{sede\}"[^]*Did you mean "seed"/],
    ["items without end", asset('seed: "0..99999999"'), /a range that rises by less than 100000/],
    ["too many combinations", asset('seed: "0..9999", count: 10000'), /at most 100000 items/],
    [
      "names that differ in case alone",
      "assets:\n  a: { kind: image, prompt: fox }\n  A: { kind: image, prompt: fox }\n",
      /a name of its own/,
    ],
    ["names that say too little", asset("seed: [1, 2], output: x"), /a name of its own for each item/],
  ])("%s", (_, text, message) => {
    let said = "";
    try {
      itemsOf(text);
    } catch (error) {
      said = (error as Error).message;
    }
    expect(said).toMatch(message);
  });
});
