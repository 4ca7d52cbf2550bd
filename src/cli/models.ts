/** `tessera models`: the models that can be loaded; published ones are pulled from the hub, verified and removed. */
import { Command } from "commander";
import {
  EMBEDDED_MODELS,
  type EmbeddedModel,
  PUBLISHED_IMAGE_MODELS,
  PUBLISHED_SHAPE_MODELS,
  type PublishedImageModel,
  type PublishedShapeModel,
  type PulledModel,
  pulledModels,
  pullModel,
  removePulled,
  SHAPE_MODEL_ORIGIN,
  UnknownNameError,
  verifyPulled,
} from "../index.js";
import { type Context, Refusal } from "./context.js";
import { printJson } from "./options.js";
import { progressOn } from "./progress.js";
import { print, tell } from "./streams.js";

const JSON_OPTION = ["--json", "print one JSON object and nothing else", false] as const;

export const modelsCommand = (context: Context): Command =>
  new Command("models")
    .description("list the models that can be loaded; pull, verify or remove published ones")
    .addCommand(listCommand(), { isDefault: true })
    .addCommand(pullCommand(context))
    .addCommand(verifyCommand())
    .addCommand(removeCommand())
    .addHelpText(
      "after",
      "\nExamples:\n  $ tessera models pull llamagen-c2i-b-256\n  $ tessera models pull Qwen/Qwen2.5-0.5B-Instruct",
    );

const listCommand = (): Command =>
  new Command("list")
    .description("list embedded, published and pulled models")
    .option(...JSON_OPTION)
    .action(async ({ json }: { json: boolean }) => {
      const pulled = await pulledModels();
      const published = { ...PUBLISHED_IMAGE_MODELS, ...PUBLISHED_SHAPE_MODELS };
      if (json) return printJson({ embedded: EMBEDDED_MODELS, published, pulled });
      print("Embedded, ready to use with --model:\n");
      for (const [name, model] of Object.entries<EmbeddedModel>(EMBEDDED_MODELS)) {
        print(`  ${name.padEnd(22)} ${model.about} (${model.licence})\n`);
        if (model.kind === "image") print(`  ${"".padEnd(22)} styles: ${model.styles.join(", ")}, none\n`);
        if (model.kind === "speech") print(`  ${"".padEnd(22)} voices: ${model.voices.join(", ")}\n`);
      }
      print("\nPublished; `tessera models pull NAME` downloads them, then --model NAME:\n");
      for (const [name, row] of Object.entries<PublishedImageModel>(PUBLISHED_IMAGE_MODELS)) {
        const { transformer, tokenizer } = row.files;
        const size = pulled.find((model) => model.name === name)?.size;
        const state = size === undefined ? "" : `, pulled, ${megabytes(size)}`;
        print(`  ${name.padEnd(22)} ${transformer}, ${tokenizer} from ${row.origin} (${row.licence}${state})\n`);
      }
      print(
        `\nPublished shapes, from ${SHAPE_MODEL_ORIGIN}; \`tessera mesh\` takes the two files and --config NAME:\n`,
      );
      for (const [name, { files }] of Object.entries<PublishedShapeModel>(PUBLISHED_SHAPE_MODELS))
        print(`  ${name.padEnd(22)} --transformer ${files.transformer} --codec ${files.codec}\n`);
      const others = pulled.filter(({ name }) => !Object.hasOwn(PUBLISHED_IMAGE_MODELS, name));
      if (others.length > 0) print("\nPulled repositories:\n");
      for (const model of others)
        print(`  ${model.name}  ${megabytes(model.size)}, commit ${model.commit.slice(0, 12)}\n`);
    });

const pullCommand = ({ signal }: Context): Command =>
  new Command("pull")
    .description("download a published model, or the repository of a text model or of Janus")
    .argument("<name>", "a name of `tessera models`, or OWNER/NAME on the hub")
    .option("--revision <commit>", "a commit, branch or tag (default: the one pulled before, else main)")
    .option(...JSON_OPTION)
    .option("-q, --quiet", "print no progress", false)
    .action(async (name: string, { revision, json, quiet }: { revision?: string; json: boolean; quiet: boolean }) => {
      const progress = progressOn(process.stderr, quiet || json);
      try {
        const onProgress = (_: string, done: number, total: number) => progress.update(done, total);
        const model = await pullModel(name, { revision, signal, onProgress });
        if (json) return printJson(model);
        progress.clear();
        print(`${model.name}: ${megabytes(model.size)} of commit ${model.commit}\n${model.folder}\n`);
      } finally {
        progress.clear();
      }
    });

const verifyCommand = (): Command =>
  new Command("verify")
    .description("compare the files of pulled models with their digests, and remove those that differ")
    .argument("[names...]", "pulled models (default: all)")
    .option(...JSON_OPTION)
    .action(async (names: readonly string[], { json }: { json: boolean }) => {
      const rows = [];
      for (const model of await those(names)) rows.push({ name: model.name, bad: await verifyPulled(model) });
      if (json) printJson({ models: rows });
      else for (const { name, bad } of rows) print(`${name}: ${bad.length === 0 ? "ok" : `BAD: ${bad.join(", ")}`}\n`);
      if (rows.every(({ bad }) => bad.length === 0)) return;
      tell("Pull those models again.\n");
      throw new Refusal();
    });

const removeCommand = (): Command =>
  new Command("rm")
    .description("remove pulled models, except files that other models or tools use")
    .argument("<names...>", "pulled models")
    .option(...JSON_OPTION)
    .action(async (names: readonly string[], { json }: { json: boolean }) => {
      const rows = [];
      for (const model of await those(names)) rows.push({ name: model.name, freed: await removePulled(model) });
      if (json) return printJson({ models: rows });
      for (const { name, freed } of rows) print(`${name}: ${megabytes(freed)} freed\n`);
    });

/** The pulled models of those names; all for none. Throws UnknownNameError. */
async function those(names: readonly string[]): Promise<readonly PulledModel[]> {
  const all = await pulledModels();
  if (names.length === 0) return all;
  return names.map((name) => {
    const found = all.find((model) => model.name === name);
    if (!found)
      throw new UnknownNameError(
        "pulled model",
        name,
        all.map((model) => model.name),
      );
    return found;
  });
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
