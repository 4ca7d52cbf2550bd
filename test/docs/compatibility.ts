/** The table of published checkpoints, devices and orders, out of the code's own rows. */
import type { Architecture } from "../../src/core/architecture.js";
import { lineLayout } from "../../src/core/decode/layout.js";
import { FLOW_LM_CONFIGS } from "../../src/core/flow-lm/config.js";
import { backboneGraph, headGraph, latentGraph, textGraph, voiceGraph } from "../../src/core/flow-lm/graphs.js";
import { LLAMAGEN } from "../../src/core/llamagen/architecture.js";
import { type TransformerConfig, TRANSFORMERS } from "../../src/core/llamagen/config.js";
import { JANUS_TYPES } from "../../src/models/janus.js";
import { OCTGPT } from "../../src/core/octgpt/architecture.js";
import type { OctgptConfig } from "../../src/core/octgpt/config.js";
import { ordersOf } from "../../src/core/orders.js";
import { VAR } from "../../src/core/var/architecture.js";
import { SCALE_TRANSFORMERS, type ScaleConfig } from "../../src/core/var/config.js";
import { DEVICE_NAMES, type DeviceName } from "../../src/engine/devices.js";
import { nameOf } from "../../src/engine/feeds.js";
import type { Graph } from "../../src/engine/graph.js";
import { sizeOf } from "../../src/engine/tensor.js";
import { COSYVOICE_CONFIGS } from "../../src/models/cosyvoice.js";
import { EMBEDDED_MODELS, PUBLISHED_IMAGE_MODELS } from "../../src/models/known.js";
import { PUBLISHED_SHAPE_MODELS } from "../../src/models/octgpt.js";
import { TEXT_ENCODER_TYPES } from "../../src/models/text-encoder-config.js";
import { TEXT_MODEL_TYPES } from "../../src/models/text-config.js";
import { LATENT_CODEC_CONFIGS, latentDecoder, latentEncoder } from "../../src/tokenizers/speech/codecs/latent-codec.js";
import { COMPARED_DEVICES, type Network, NETWORKS } from "../golden/on-devices.js";

/** A line of the table. */
interface Row {
  readonly name: string;
  readonly medium: "pictures" | "meshes" | "speech" | "texts" | "text encoders";
  /** The network of on-devices.ts that stands for it; null: none does. */
  readonly network: Network | null;
  readonly orders: readonly string[];
  /** Numbers in the transformer's files; null where a row stands for models of many sizes. */
  readonly parameters: number | null;
  /** How it is loaded. */
  readonly loaded: string;
}

const DEVICES = DEVICE_NAMES.filter((device) => device !== "reference");

const CELLS = {
  compared: "🟩",
  operations: "🟨",
  untried: "⬜",
  impossible: "🟥",
} as const;

/** What no machine of the tests has: a driver, an operating system or a package that is built by hand. */
const UNTRIED: ReadonlySet<DeviceName> = new Set([
  "cuda",
  "webgpu",
  "coreml",
  "dml",
  "tensorflow",
  "tensorflow-webgpu",
]);

/** What WebAssembly addresses. */
const WASM_BYTES = 2 ** 32;

function cellOf(device: DeviceName, { network, parameters }: Row): string {
  // TensorFlow.js holds weights of every precision in float32.
  if (device === "tensorflow-wasm" && 4 * (parameters ?? 0) > WASM_BYTES) return CELLS.impossible;
  if (UNTRIED.has(device)) return CELLS.untried;
  const compared = network !== null && (COMPARED_DEVICES as readonly DeviceName[]).includes(device);
  return compared ? CELLS.compared : CELLS.operations;
}

/** The rows of an architecture, with what follows from the configuration of each. */
function rowsOf<Config>(
  {
    objective,
    conditionGraph,
    decoderGraph,
  }: Pick<Architecture<Config, never, never>, "objective" | "conditionGraph" | "decoderGraph">,
  configs: Readonly<Record<string, Config>>,
  {
    medium,
    network,
    loaded,
  }: Pick<Row, "medium"> & {
    readonly network: (name: string, config: Config) => Network | null;
    readonly loaded: (name: string) => string;
  },
): Row[] {
  return Object.entries(configs).map(([name, config]) => {
    const graphs = [conditionGraph(config), decoderGraph(config)].flatMap((graph) => graph ?? []);
    const parameters = parametersOf(graphs);
    const [orders, by] = [ordersOf(objective(config)), loaded(name)];
    return { name, medium, network: network(name, config), orders, parameters, loaded: by };
  });
}

const pulled = (name: string): string =>
  Object.hasOwn(PUBLISHED_IMAGE_MODELS, name) ? "`--model`, once pulled" : "as a folder with its config.json";

function gridNetwork(name: string, { condition }: TransformerConfig): Network {
  if (name.startsWith("par-")) return "par";
  if (name.startsWith("nar-ucf101")) return "nar of video";
  const family = name.startsWith("nar-") ? "nar" : "llamagen";
  return condition.kind === "features" ? `${family} of features` : `${family} of classes`;
}

const REPOSITORY = "its folder, or its repository once pulled";

function allRows(): readonly Row[] {
  const shapes: Readonly<Record<string, OctgptConfig>> = Object.fromEntries(
    Object.entries(PUBLISHED_SHAPE_MODELS).map(([name, { transformer }]) => [name, transformer]),
  );
  const text = ordersOf({ kind: "next-token", positions: 1, layout: lineLayout(2), prompt: [] });
  return [
    ...rowsOf<TransformerConfig>(LLAMAGEN, TRANSFORMERS, { medium: "pictures", network: gridNetwork, loaded: pulled }),
    ...rowsOf<ScaleConfig>(VAR, SCALE_TRANSFORMERS, {
      medium: "pictures",
      network: (_, { modulation }) => (modulation === "own" ? "var, own modulation" : null),
      loaded: pulled,
    }),
    ...JANUS_TYPES.map((type): Row => {
      const orders = ordersOf({ kind: "next-token", positions: 1, layout: lineLayout(2) });
      const name = `\`model_type: ${type}\` (Janus)`;
      return { name, medium: "pictures", network: "janus", orders, parameters: null, loaded: REPOSITORY };
    }),
    ...rowsOf<OctgptConfig>(OCTGPT, shapes, {
      medium: "meshes",
      network: (_, { condition }) => (condition.kind === "context" ? "octgpt of a context" : "octgpt of classes"),
      loaded: () => "two files and `--config`",
    }),
    ...Object.values(COSYVOICE_CONFIGS).map(({ name }): Row => {
      const network = name.includes("CosyVoice3") ? "CosyVoice 3" : null;
      return { name, medium: "speech", network, orders: ["next-token"], parameters: null, loaded: "its folder" };
    }),
    pocketTtsRow(),
    ...TEXT_MODEL_TYPES.map((type): Row => {
      const network = type in NETWORKS ? (type as Network) : null;
      const name = `\`model_type: ${type}\``;
      return { name, medium: "texts", network, orders: text, parameters: null, loaded: REPOSITORY };
    }),
    ...TEXT_ENCODER_TYPES.map((type): Row => {
      const network = type === "t5" ? "t5" : "clip-text";
      const [name, loaded] = [`\`model_type: ${type}\``, "its folder, by `loadTextEncoder`"];
      return { name, medium: "text encoders", network, orders: [], parameters: null, loaded };
    }),
  ];
}

/** The six layers of most languages; some have a model of 24. */
function pocketTtsRow(): Row {
  const [model, codec] = [FLOW_LM_CONFIGS["pocket-tts"], LATENT_CODEC_CONFIGS["pocket-tts"]];
  const graphs = [voiceGraph, textGraph, latentGraph, backboneGraph, headGraph].map((graph) => graph(model));
  const parameters = parametersOf(graphs) + parametersOf([latentEncoder(codec), latentDecoder(codec, "whole")]);
  const loaded = "its folder, with its configuration";
  return { name: "pocket-tts", medium: "speech", network: null, orders: ["next latent"], parameters, loaded };
}

/** Numbers in all weights of graphs, each counted once. */
function parametersOf(graphs: readonly Graph[]): number {
  const shapes = new Map(graphs.flatMap(({ weights }) => weights.map(({ source, shape }) => [nameOf(source), shape])));
  return [...shapes.values()].reduce((sum, shape) => sum + sizeOf(shape as number[]), 0);
}

const millions = (parameters: number | null): string =>
  parameters === null ? "" : `${Math.round(parameters / 1e6)} M`;

const tableOf = (head: readonly string[], lines: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/** The page docs/compatibility.md. */
export function compatibility(): string {
  const rows = allRows();
  const sections = [...new Set(rows.map(({ medium }) => medium))].map((medium) => {
    const own = rows.filter((row) => row.medium === medium);
    const lines = own.map((row) => [
      ...[row.name, row.orders.join(", "), millions(row.parameters), row.loaded],
      ...DEVICES.map((device) => cellOf(device, row)),
    ]);
    return `## ${medium[0]!.toUpperCase()}${medium.slice(1)}\n\n${tableOf(["checkpoint", "orders", "size", "loaded by", ...DEVICES.map((d) => `\`${d}\``)], lines)}`;
  });
  return `# What runs where

This page is made from the rows of the code by \`npm run pages\`; a test fails where it is old.

- ${CELLS.compared} A test compares a small network of this kind with the authors' numbers on this device.
- ${CELLS.operations} A test compares every operation that it uses with its definition on this device, but not the network as a whole.
- ${CELLS.untried} No machine of the tests has this device. \`npm run golden -- test/fixtures --device NAME\` compares there.
- ${CELLS.impossible} It cannot run there: WebAssembly addresses 4 GiB, and TensorFlow.js holds weights of every precision in float32.

None of the published files themselves has been run by the tests, which have no network: their names, shapes and layouts are those that the
authors' code reads. Of masks there is no published row; HiMTok's tokenizer is compared like the networks below. The embedded models (${Object.keys(EMBEDDED_MODELS).join(", ")}) run on \`cpu\` in every test run. On \`cpu\`, \`cuda\`
and the other devices of ONNX Runtime every precision (f32, f16, q8, q4) is held as it is named. \`tensorflow-cpu\` is plain JavaScript: right, and
slow.

${sections.join("\n\n")}
`;
}
