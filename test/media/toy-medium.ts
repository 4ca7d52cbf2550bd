/**
 * The smallest medium on the stair of all media: words of random letters. Each item is of a length of its own, and its letters
 * are told while they are drawn, as those of a text are. What is here is what a medium writes; the rest is the stair's.
 */
import { check, type Options, withDefaults } from "../../src/base/check.js";
import { sha256 } from "../../src/base/digest.js";
import { ClosedError } from "../../src/base/errors.js";
import { once } from "../../src/base/once.js";
import { uniform } from "../../src/base/random.js";
import { number, record, text } from "../../src/base/rows.js";
import { completeSampling, TOKEN_SAMPLING, type TokenSampling } from "../../src/core/sampling/ranges.js";
import type { Batch } from "../../src/media/batches.js";
import type { RunEvent, RunResult } from "../../src/media/events.js";
import { generate, type Making } from "../../src/media/generate.js";
import { type LoadedModel, type LoadSettings, loaded, loadSettings } from "../../src/media/load.js";
import { type ManifestBase, manifests } from "../../src/media/manifest.js";
import { type RunOptions, resultOf, running } from "../../src/media/run.js";
import { type GeneratedItem, saveItem } from "../../src/media/saved.js";
import { shownBriefly } from "../../src/media/shown.js";
import { type Route, type Routed, routed, routeFor } from "../../src/media/routes.js";
import {
  RUN_DEFAULTS,
  type RunSettings,
  runSettings,
  TOKEN_DEFAULTS,
  type TokenSettings,
} from "../../src/media/settings.js";
import { SharedModels } from "../../src/media/shared-models.js";
import { checkModel, compareManifests, type Verification } from "../../src/media/verification.js";

/** What draws letters; closed with the model. */
interface Letters {
  read(): string;
}

export type ToyModel = LoadedModel & Routed<Route<Letters>>;

/** How often a toy was loaded, by its name. */
export const loads: string[] = [];

export async function loadToy(source = "toy", options: Options<LoadSettings> = {}): Promise<ToyModel> {
  const settings = loadSettings("loadToy", { device: "reference", ...options });
  return loaded(settings, async (opening, parts) => {
    loads.push(source);
    const engine = await opening;
    const sampling = { guidance: 1, guidanceUntil: 1, temperature: 1, topK: 0, topP: 1, minP: 0 };
    const network = once(() => parts.own(openLetters()));
    const route = { decodings: ["next-token"], sampling, precision: "f32", sha256: {}, network } as const;
    await network();
    return {
      ...{ name: source, revision: "1", licence: "CC0-1.0", sha256: {}, precision: "f32" as const },
      ...{ device: engine.device, ...routed([route], "next-token") },
    };
  });
}

async function openLetters() {
  let closed = false;
  const read = () => {
    if (closed) throw new ClosedError("model");
    return "etaoin";
  };
  return { read, close: async () => void (closed = true) };
}

export const TOYS = new SharedModels({ load: (source) => loadToy(source), fallback: "toy", idleMilliseconds: 40 });

interface ToySettings extends RunSettings, TokenSettings {
  /** Letters of a word, at most. */
  readonly longest: number;
}

export const TOY_DEFAULTS: ToySettings = { ...RUN_DEFAULTS, ...TOKEN_DEFAULTS, longest: 9 };

export interface ToyWord extends GeneratedItem<ToyManifest> {
  readonly text: string;
}

type ToyOwn =
  | { readonly type: "word-delta"; readonly index: number; readonly delta: string }
  | { readonly type: "word-end"; readonly word: ToyWord };

interface ToyResult extends RunResult {
  readonly words: readonly ToyWord[];
}

export type ToyEvent = RunEvent<ToyOwn, ToyResult>;
export type ToyOptions = { readonly theme: string } & Options<ToySettings> & RunOptions<ToyModel>;

export const generateToy = (options: ToyOptions): Promise<ToyResult> => resultOf(streamToy(options));

export function streamToy({ model, signal, theme, ...rest }: ToyOptions): AsyncGenerator<ToyEvent, void, void> {
  return running({ model, signal }, TOYS, (model) => {
    check("theme", "a text", theme, (t) => typeof t === "string");
    const s = withDefaults<ToySettings>("options", TOY_DEFAULTS, rest);
    const { decoding, route } = routeFor(model, s.decoding);
    const sampling = completeSampling(TOKEN_SAMPLING, route.sampling, s);
    const request = { ...runSettings(s), theme, longest: s.longest, decoding, sampling };
    return generate<ToyOwn, ToyWord, ToyResult>(
      {
        ...{ model, settings: request, itemTokens: null, inputTokens: request.n * theme.length, warnings: [] },
        async open() {
          const letters = await route.network();
          return {
            itemBytes: 2 ** 28,
            begin: async (batch, signal) => spelling(model, letters, request, batch, signal),
          };
        },
        completed: (word) => ({ type: "word-end", word }),
        result: (words, facts) => ({ words, ...facts }),
      },
      signal,
    );
  });
}

interface ToyRequest {
  readonly theme: string;
  readonly seed: number;
  readonly longest: number;
  readonly sampling: TokenSampling;
  readonly decoding: ReturnType<typeof routeFor>["decoding"];
}

/** One letter of every word a pass, until each has its length. */
function spelling(
  model: ToyModel,
  letters: Letters,
  request: ToyRequest,
  { first, items }: Batch,
  signal: AbortSignal | undefined,
): Making<ToyOwn, ToyWord> {
  const { theme, seed, longest, sampling, decoding } = request;
  const ids: number[][] = Array.from({ length: items }, () => []);
  const coin = (item: number, position: number, purpose: "token" | "order") =>
    uniform({ seed, item: first + item, position, purpose }, theme.length);
  const lengths = ids.map((_, item) => 1 + Math.floor(longest * coin(item, 0, "order")));
  const text = (item: number) => ids[item]!.map((id) => letters.read()[id]!).join("");
  return {
    async *passes() {
      for (let position = 0; position < Math.max(...lengths); position++) {
        signal?.throwIfAborted();
        const left = [...lengths.keys()].filter((item) => lengths[item]! > position);
        for (const item of left) {
          const count = letters.read().length;
          ids[item]!.push(sampling.temperature === 0 ? 0 : Math.floor(count * coin(item, position, "token")));
        }
        await new Promise(setImmediate);
        const accepted = lengths.map((length) => (length > position ? 1 : 0));
        const complete = left.filter((item) => lengths[item] === position + 1);
        yield { accepted, predicted: left.length, complete };
      }
    },
    async *shown({ known, forwardPasses }) {
      for (const [item, count] of known.entries()) {
        if (count === forwardPasses) yield { type: "word-delta", index: first + item, delta: text(item).at(-1)! };
      }
    },
    async finish(item) {
      const word = text(item);
      const made = { source: "generated" as const, files: model, sampling, decoding, seed, index: first + item };
      const output = { length: word.length, sha256: sha256(word) };
      const ownIds = Int32Array.from(ids[item]!);
      const manifest = MANIFESTS.of(model, { ...made, ids: ownIds }, { theme, longest }, { word: output });
      const file = { bytes: word, format: "text", extensions: ["txt"], manifest };
      return shownBriefly({
        text: word,
        seed,
        index: first + item,
        manifest,
        save: (path, o) => saveItem(path, file, o),
      });
    },
    async close() {},
  };
}

type Asked = { readonly theme: string; readonly longest: number };
type Made = { readonly word: { readonly length: number; readonly sha256: string } };
export type ToyManifest = ManifestBase<"toy-manifest", keyof TokenSampling> & Asked & Made;

const MANIFESTS = manifests({
  kind: "toy-manifest",
  sampling: TOKEN_SAMPLING,
  asked: { theme: text(), longest: number("a number", () => true) },
  made: { word: record({ length: number("a number", () => true), sha256: text() }) },
});

export const parseToyManifest = (json: unknown): ToyManifest => MANIFESTS.parse(json);

export async function verifyToy(manifest: ToyManifest, model: ToyModel): Promise<Verification> {
  const parsed = parseToyManifest(manifest);
  checkModel(parsed, model);
  const { theme, longest, sampling, decoding, seed, index } = parsed;
  const { words } = await generateToy({ model, theme, longest, ...sampling, decoding, seed, firstIndex: index });
  return compareManifests(parsed, words[0]!.manifest, { name: "letters", sha256: ({ word }) => word.sha256 });
}
