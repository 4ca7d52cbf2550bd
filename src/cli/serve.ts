/** `tessera serve`: models of this machine over HTTP, until a signal ends it. */
import { once } from "node:events";
import { Command } from "commander";
import {
  ArgumentError,
  DEFAULT_IMAGE_MODEL,
  type DeviceName,
  loadImageModel,
  type LoadedModel,
  loadSpeechModel,
  loadTextModel,
  type Precision,
} from "../index.js";
import { PRECISIONS } from "../engine/index.js";
import { createServer } from "../serve/index.js";
import type { Context } from "./context.js";
import { numberOf, printJson } from "./options.js";
import { print, tell } from "./streams.js";

interface ServeOptions {
  readonly image?: readonly string[];
  readonly speech?: readonly string[];
  readonly text?: readonly string[];
  readonly alias: readonly string[];
  readonly host: string;
  readonly port: number;
  readonly token?: string;
  readonly queue: number;
  readonly together: number;
  readonly device: string;
  readonly threads?: number;
  readonly precision?: Precision;
  readonly json: boolean;
}

/** Where the token is read, as the list of processes shows every argument to everybody. */
const TOKEN = "TESSERA_TOKEN";

export const serveCommand = ({ signal }: Context): Command =>
  new Command("serve")
    .description("serve models over HTTP, as OpenAI's clients know it")
    .option("--image <name or folder...>", `image models (default: ${DEFAULT_IMAGE_MODEL}, where no model is named)`)
    .option("--speech <name or folder...>", "speech models")
    .option("--text <folder...>", "text models")
    .option("--alias <other=name...>", "further names of models, such as gpt-image-1=tessera-icons", [])
    .option(
      "--host <address>",
      `address to listen on; an address that others can reach needs a token in ${TOKEN}`,
      "127.0.0.1",
    )
    .option("--port <number>", "port to listen on (0: any free one)", numberOf, 8080)
    .option("--queue <count>", "requests that may wait for a model; any further one is answered with 429", numberOf, 32)
    .option("--together <count>", "pictures of like requests that are drawn in one batch, at most", numberOf, 4)
    .option("--device <name>", "auto, or a device listed by `tessera doctor`", "auto")
    .option("--threads <count>", "CPU threads per model (default: one per core)", numberOf)
    .option("--precision <kind>", `precision of the weights: ${PRECISIONS.join(", ")} (default: as the model states)`)
    .option("--json", "print one JSON object once it listens, and nothing else", false)
    .addHelpText("after", "\nExample:\n  $ tessera serve --port 8080\n  $ curl -s localhost:8080/v1/models")
    .action(async (options: ServeOptions) => {
      const { host, port, queue: queueLimit, together, json } = options;
      const opened: LoadedModel[] = [];
      try {
        const models = await modelsOf(options, opened);
        signal.throwIfAborted();
        const settings = {
          host,
          port,
          queueLimit,
          together,
          token: process.env[TOKEN] ?? null,
          aliases: aliasesOf(options.alias),
        };
        const onError = (error: unknown) => tell(`${error instanceof Error ? error.message : String(error)}\n`);
        const server = await createServer({ ...models, ...settings, onError });
        const names = opened.map(({ name }) => name);
        if (json) printJson({ url: server.url, models: names });
        else print(`${names.join(", ")} at ${server.url}/v1\n`);
        if (!signal.aborted) await once(signal, "abort");
        if (!json) tell("Stopping; open requests are answered first.\n");
        await server.close();
      } finally {
        for (const model of opened) await model.close();
      }
    });

/** Loads the models that the options name; each is added to `opened` as soon as it is there. */
async function modelsOf({ image, speech, text, device, threads, precision }: ServeOptions, opened: LoadedModel[]) {
  const settings = { device: device as DeviceName | "auto", threads, precision };
  const all = async <M extends LoadedModel>(sources: readonly string[], load: (source: string) => Promise<M>) => {
    const models: M[] = [];
    for (const source of sources) {
      models.push(await load(source));
      opened.push(models.at(-1)!);
    }
    return models;
  };
  const none = [image, speech, text].every((sources) => sources === undefined);
  return {
    images: await all(none ? [DEFAULT_IMAGE_MODEL] : (image ?? []), (source) => loadImageModel(source, settings)),
    speech: await all(speech ?? [], (source) => loadSpeechModel(source, settings)),
    texts: await all(text ?? [], (source) => loadTextModel(source, settings)),
  };
}

function aliasesOf(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf("=");
      if (at < 1) throw new ArgumentError("--alias", "other=name", word);
      return [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}
