/** The sounds and meshes of `tessera demo`, as a manifest that `tessera run` takes, too. */
import { join } from "node:path";
import { stringify } from "yaml";
import { writeWhole } from "../base/write-file.js";
import { streamAssets } from "../pipeline/index.js";
import type { Progress } from "./progress.js";

/** Who says what: each voice once. */
const SPOKEN = [
  ["slt-hts", "Hello, and welcome. Every picture, sound and shape on this page was made on this machine."],
  ["rms", "The train to the coast leaves at nine fifteen."],
  ["awb", "Search, edit text."],
  ["slt", "Three, one, four, one, five, nine."],
] as const;

const SHAPES = [
  "round table with three legs",
  "red car with black wheels",
  "snowman with a green hat, a yellow scarf and three balls",
  "brown chair with four legs, a slatted back and armrests",
  "round blue vase with a red stripe and two handles",
  "white robot with legs and red eyes",
] as const;

export interface DemoAssets {
  readonly folder: string;
  readonly seed: number;
  /** At most so many of each medium. */
  readonly limit: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * Writes `assets.yaml` into the folder, makes what it lists and is not there yet, and answers the files below the folder.
 *
 * @throws whatever making an item throws, once the others are made; OutputError; the reason of `signal`.
 */
export async function makeDemoAssets(
  { folder, seed, limit, signal }: DemoAssets,
  progress: Progress,
): Promise<readonly string[]> {
  const manifest = join(folder, "assets.yaml");
  await writeWhole(
    manifest,
    `# Run again after a change: npx tessera run ${manifest}\n${stringify(assetsOf(seed, limit))}`,
  );
  const files: string[] = [];
  for await (const event of streamAssets({ manifest, signal })) {
    if (event.type === "item-end") {
      files.push(...event.files.map((file) => `${OUTPUT}/${file}`));
      progress.line(`${event.fate.padEnd(8)} ${event.name}`);
    }
    if (event.type === "run-end" && event.result.failures.length > 0) throw event.result.failures[0]!.error;
  }
  return files;
}

const OUTPUT = "others";

const assetsOf = (seed: number, limit: number | undefined) => ({
  output: OUTPUT,
  assets: {
    ...Object.fromEntries(
      SPOKEN.slice(0, limit).map(([voice, text]) => [`voice-${voice}`, { kind: "speech", text, voice, seed }]),
    ),
    shapes: { kind: "mesh", prompt: SHAPES.slice(0, limit), seed, output: "{prompt}" },
  },
});
