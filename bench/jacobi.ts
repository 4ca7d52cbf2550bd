/**
 * Speculative Jacobi decoding of the default model beside next-token decoding, seed by seed: passes, wall time, tokens that
 * differ (coupled should have none in float32).
 *
 *   npm run bench -- jacobi
 *   npx tsx bench/jacobi.ts [--seeds 20] [--precision f32] [--threads 2] [--setting rule,initialiser,window]...
 *
 * A window is a number, or least-most for an adaptive one.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { generateImage, loadImageModel, type Precision } from "../src/index.js";
import { type JacobiOptions, JACOBI_DEFAULTS } from "../src/core/index.js";

const PROMPTS = ["red apple", "fox", "guitar", "hot air balloon", "smiling face", "house with a garden"];
const DEFAULT = `${JACOBI_DEFAULTS.rule},${JACOBI_DEFAULTS.initialiser},${String(JACOBI_DEFAULTS.window)}`;

interface Setting {
  readonly name: string;
  readonly options: JacobiOptions;
}

function settingOf(name: string): Setting {
  const [rule, initialiser, window = ""] = name.split(",");
  const [least, most] = window.split("-").map(Number);
  const size = most === undefined ? least! : { least: least!, most };
  return { name, options: { rule, initialiser, window: size } as JacobiOptions };
}

export async function jacobiPasses(
  seeds = 20,
  precision: Precision = "f32",
  threads: number | null = null,
  names: readonly string[] = [DEFAULT],
): Promise<void> {
  const settings = names.map(settingOf);
  await using model = await loadImageModel(undefined, { device: "cpu", precision, threads });
  const draw = async (seed: number, decoding: "next-token" | ({ kind: "jacobi" } & JacobiOptions)) => {
    const { images, usage } = await generateImage({ model, prompt: PROMPTS[seed % PROMPTS.length]!, seed, decoding });
    const { ids, manifest } = images[0]!;
    return { ids, usage, guidance: manifest.sampling.guidance };
  };
  const { guidance } = await draw(0, "next-token");
  const rows = settings.map(() => ({ passes: 0, predicted: 0, milliseconds: 0, differ: 0, pictures: 0 }));
  let plainPasses = 0;
  let plainTime = 0;
  let tokens = 0;
  for (let seed = 0; seed < seeds; seed++) {
    const plain = await draw(seed, "next-token");
    plainPasses += plain.usage.forwardPasses;
    plainTime += plain.usage.milliseconds;
    tokens += plain.ids.length;
    for (const [i, { options }] of settings.entries()) {
      const { ids, usage } = await draw(seed, { kind: "jacobi", ...options });
      const row = rows[i]!;
      const differ = ids.reduce((count, id, at) => count + (id === plain.ids[at] ? 0 : 1), 0);
      row.passes += usage.forwardPasses;
      row.predicted += usage.predictedTokens;
      row.milliseconds += usage.milliseconds;
      row.differ += differ;
      row.pictures += differ > 0 ? 1 : 0;
    }
  }
  const per = (sum: number, digits = 0) => (sum / seeds).toFixed(digits);
  console.log(`${model.name} ${model.revision} (${precision}), ${seeds} seeds, guidance ${guidance}`);
  console.log(`next-token${" ".repeat(30)} ${per(plainPasses)} passes  ${per(plainTime)} ms a picture`);
  for (const [i, { name }] of settings.entries()) {
    const { passes, predicted, milliseconds, differ, pictures } = rows[i]!;
    console.log(
      `${name.padEnd(40)} ${per(passes, 1)} passes (${(plainPasses / passes).toFixed(2)}x fewer)  ${per(milliseconds)} ms ` +
        `(${(plainTime / milliseconds).toFixed(2)}x faster)  ${((100 * tokens) / predicted).toFixed(0)}% of predictions kept  ` +
        `${differ} of ${tokens} tokens differ, in ${pictures} pictures`,
    );
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string", default: "20" },
      precision: { type: "string", default: "f32" },
      threads: { type: "string" },
      setting: { type: "string", multiple: true, default: [DEFAULT] },
    },
  });
  const threads = values.threads === undefined ? null : Number(values.threads);
  await jacobiPasses(Number(values.seeds), values.precision as Precision, threads, values.setting);
}
