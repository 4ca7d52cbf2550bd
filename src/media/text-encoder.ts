/** Text encoders from published folders: texts become the vectors that other models are conditioned on. */
import { basename, join } from "node:path";
import { check, checkName, isIntegerIn, type Options, withDefaults } from "../base/check.js";
import { CheckpointError, TokenizerError } from "../base/errors.js";
import { openTextEncoder, type TextEncoderNetwork, type TextVectors } from "../core/text-encoder.js";
import { type FloatTensor, type Tensor, tensor } from "../engine/tensor.js";
import { openCheckpoint } from "../engine/weights/open.js";
import { type TextEncoderNetworkConfig, textEncoderNetwork } from "../models/text-encoder-config.js";
import { loadSentencePiece } from "../tokenizers/text/load-sentencepiece.js";
import { loadTextTokenizer } from "../tokenizers/text/load-text-tokenizer.js";
import type { TextTokenizer } from "../tokenizers/text/text-tokenizer.js";
import { type HubFolder, hubFolder, revisionOf, shardsOf, tokenText } from "./hub-folder.js";
import { type LoadedModel, type LoadSettings, loaded, loadSettings } from "./load.js";
import { checkPrompt, promptIds } from "./prompt.js";
import { publishedFiles } from "./recipe.js";
import { type Warning, warnOnce } from "./warnings.js";

export interface EncodeTextSettings {
  /**
   * Tokens of each text, special ones included. Longer texts are cut, with a warning; shorter ones padded on the right. null: those of the
   * longest text, and of CLIP, as many as it reads.
   */
  readonly length: number | null;
  /** "last": the vectors after the last block and the final norm; "penultimate": those after the last block but one, without a norm. */
  readonly layer: "last" | "penultimate";
}

/** What an encoder makes of B texts, T tokens each. */
export interface TextEncoding {
  /** int32 [B, T]. */
  readonly ids: Tensor;
  /** int32 [B, T]: 1 at tokens, 0 at padding. */
  readonly mask: Tensor;
  /** [B, T, width]. At padding, zeros of T5, whose tokens do not see it; of CLIP, the vectors that models trained on it were shown. */
  readonly features: FloatTensor;
  /** [B, width], the last layer's vector at the end token; null for an encoder that does not pool. */
  readonly pooled: FloatTensor | null;
  /** [B, projection], pooled and projected to where CLIP's texts and pictures meet; null where the files have no projection. */
  readonly projected: FloatTensor | null;
  readonly warnings: readonly Warning[];
}

/** A loaded text encoder: any number of models and calls may share it. */
export interface TextEncoderModel extends LoadedModel {
  /** "t5" or "clip-text". */
  readonly architecture: string;
  readonly tokenizer: TextTokenizer;
  /** Numbers per vector. */
  readonly width: number;
  /** The most tokens of a text; null: no bound of the network's own, and 2,048 here. */
  readonly contextLength: number | null;
  /**
   * The ids of a text as encode() gives them without padding, and a warning if it was cut.
   *
   * @throws ArgumentError for what is no text, or a length that the encoder does not have; TokenizerError.
   */
  tokenize(
    text: string,
    length?: number | null,
  ): { readonly ids: readonly number[]; readonly warnings: readonly Warning[] };
  /**
   * Encodes texts, each as if it were alone. Names of special tokens in a text are text.
   *
   * @throws ArgumentError for what is no text, or a length that the encoder does not have; TokenizerError; ClosedError.
   */
  encode(texts: string | readonly string[], options?: Options<EncodeTextSettings>): Promise<TextEncoding>;
}

/** Of a text, where the network has no bound: four times what T5 was trained with. Scores take the square of it in memory. */
const MOST_TOKENS = 2048;

const ENCODE: EncodeTextSettings = Object.freeze({ length: null, layer: "last" });

const REMEDY =
  "Download the whole folder of the encoder: config.json, the weights, tokenizer.json or spiece.model, tokenizer_config.json.";

/**
 * Loads a text encoder from a folder as the Hugging Face hub lays it out: the encoder of T5, T5 v1.1 or flan-T5 (config.json, weights,
 * tokenizer.json or spiece.model), or the text half of CLIP (config.json, weights, tokenizer.json, tokenizer_config.json). Weights are
 * model.safetensors or pytorch_model.bin, or several with their index.
 *
 * @throws UnknownNameError for an architecture that is not there, with the list of those that are; InputError for a missing file;
 *   WeightsError for weights missing, misshapen or left over; TokenizerError, CheckpointError, DeviceError, ArgumentError.
 * @example
 * const encoder = await loadTextEncoder("models/flan-t5-xl", { precision: "q8" });
 * const { features, mask } = await encoder.encode("a red apple on a table");
 * await encoder.close();
 */
export async function loadTextEncoder(folder: string, options: Options<LoadSettings> = {}): Promise<TextEncoderModel> {
  const settings = loadSettings("loadTextEncoder", options);
  check("folder", "the path of a folder", folder, (path) => typeof path === "string" && path.length > 0);
  const hub = await hubFolder(folder, REMEDY);
  const json = await hub.json("config.json");
  return loaded(settings, async (opening, parts) => {
    const file = await hub.weights();
    const weights = await parts.own(openCheckpoint(join(hub.path, file)));
    const described = textEncoderNetwork(json, weights);
    const { architecture, config } = described;
    const [words, tokenizer] = await openTokenizer(hub, config.vocabulary);
    const wrap = await wrapping(hub, described, tokenizer);
    const names = [file, "config.json", words].map((name) => join(hub.path, name));
    const { sha256 } = await publishedFiles([...names, ...shardsOf(weights, hub)], settings.verify, REMEDY);
    const engine = await opening;
    const precision = settings.precision ?? "f32";
    const network = await parts.own(openTextEncoder(engine, architecture, config, weights, { precision }));
    const encoder = { network, tokenizer, wrap, padding: described.padding };
    return {
      ...{ name: basename(hub.name), revision: revisionOf(sha256), licence: "see the model's own card" },
      ...{ device: engine.device, precision, sha256 },
      ...{ architecture: architecture.name, tokenizer, width: config.width, contextLength: config.contextLength },
      tokenize: (text, length = null) => tokenize(encoder, text, length),
      encode: (texts, options = {}) => encode(encoder, texts, options),
    };
  });
}

/** The tokenizer of a folder and the name of its file. */
async function openTokenizer(hub: HubFolder, rows: number): Promise<readonly [file: string, tokenizer: TextTokenizer]> {
  const [whole, pieces] = ["tokenizer.json", "spiece.model"];
  const file = !(await hub.has(whole)) && (await hub.has(pieces)) ? pieces : whole;
  const path = join(hub.path, file);
  const tokenizer = await (file === pieces ? loadSentencePiece(path) : loadTextTokenizer(path));
  if (tokenizer.vocabularySize <= rows) return [file, tokenizer];
  const problem = `it has ${tokenizer.vocabularySize} tokens, the encoder ${rows}`;
  throw new CheckpointError(path, "bad-size", problem, "Use the tokenizer that belongs to the encoder.");
}

/** What stands around the tokens of a text. */
interface Wrapping {
  readonly before: readonly number[];
  readonly end: number;
  readonly pad: number;
}

async function wrapping(
  hub: HubFolder,
  { around }: TextEncoderNetworkConfig,
  tokenizer: TextTokenizer,
): Promise<Wrapping> {
  if (around !== "tokenizer") return { before: [], ...around };
  const [begin, end, ...more] = tokenizer.encode("");
  if (begin === undefined || end === undefined || more.length > 0)
    throw new TokenizerError(
      `${join(hub.path, "tokenizer.json")}: puts no begin and end around a text.`,
      "Use the tokenizer.json that is published beside the encoder.",
    );
  const pad = tokenText((await hub.optional("tokenizer_config.json"))?.pad_token);
  return { before: [begin], end, pad: (pad === null ? undefined : tokenizer.idOf(pad)) ?? end };
}

interface Encoder {
  readonly network: TextEncoderNetwork;
  readonly tokenizer: TextTokenizer;
  readonly wrap: Wrapping;
  readonly padding: TextEncoderNetworkConfig["padding"];
}

function tokenize({ network, tokenizer, wrap }: Encoder, text: string, length: number | null) {
  const special = wrap.before.length + 1;
  const most = network.config.contextLength ?? MOST_TOKENS;
  if (length !== null)
    check("length", `a whole number from ${special} to ${most}, or null`, length, isIntegerIn(special, most));
  const prompt = checkPrompt("texts", text);
  const { ids, warnings } = promptIds(tokenizer, prompt, (length ?? most) - special, false);
  return { ids: [...wrap.before, ...ids, wrap.end], warnings };
}

async function encode(
  encoder: Encoder,
  texts: string | readonly string[],
  options: Options<EncodeTextSettings>,
): Promise<TextEncoding> {
  const { network, wrap, padding } = encoder;
  const { length, layer } = withDefaults("encode", ENCODE, options);
  checkName("layer", layer, ["last", "penultimate"]);
  const { contextLength, width } = network.config;
  const list = typeof texts === "string" ? [texts] : texts;
  check("texts", "a text, or a list of at least one", list, (each) => Array.isArray(each) && each.length > 0);
  const warnings: Warning[] = [];
  const lines = list.map((text) => {
    const { ids, warnings: cut } = tokenize(encoder, text, length);
    for (const warning of cut) warnOnce(warnings, warning);
    return ids;
  });
  const T = length ?? contextLength ?? Math.max(...lines.map((line) => line.length));
  const B = lines.length;
  const batch = {
    ids: tensor([B, T], new Int32Array(B * T).fill(wrap.pad)),
    mask: tensor([B, T], new Int32Array(B * T)),
    features: tensor([B, T, width], new Float32Array(B * T * width)),
  };
  const found: TextVectors[] = [];
  for (const [item, line] of lines.entries()) {
    batch.ids.data.set(line, item * T);
    batch.mask.data.fill(1, item * T, item * T + line.length);
    const shown = padding === "vectors" ? T : line.length;
    const ids = tensor([1, shown], batch.ids.data.slice(item * T, item * T + shown) as Int32Array);
    const vectors = await network.run({ ids, mask: null }); // alone, so that no text depends on its neighbours
    batch.features.data.set(vectors[layer].data, item * T * width);
    found.push(vectors);
  }
  return { ...batch, pooled: rowsOf(found, "pooled"), projected: rowsOf(found, "projected"), warnings };
}

/** The one row that each text has of an output, as [B, C]; null where the encoder has no such output. */
function rowsOf(found: readonly TextVectors[], name: "pooled" | "projected"): FloatTensor | null {
  const rows = found.map((vectors) => vectors[name]?.data);
  const [first] = rows;
  if (!first) return null;
  const data = new Float32Array(rows.length * first.length);
  rows.forEach((row, item) => data.set(row!, item * first.length));
  return tensor([rows.length, first.length], data);
}
