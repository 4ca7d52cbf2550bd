/**
 * The language model of CosyVoice 2 and 3 (arXiv 2412.10117 §2.3): a text model's transformer that is fed rows of text, of speech and of
 * marks, and says the next token of speech. Weight names are those of the files.
 */
import { ClosedError } from "../../base/errors.js";
import type { Engine, Memory, Precision, Program } from "../../engine/engine.js";
import { type Graph, GraphBuilder, type Value } from "../../engine/graph.js";
import { opsOf } from "../../engine/ops/index.js";
import { type FloatTensor, i32, type Tensor, tensor } from "../../engine/tensor.js";
import type { Checkpoint } from "../../engine/weights/checkpoint.js";
import { settle } from "../../engine/weights/settle.js";
import type { LlamaConfig } from "../llama/config.js";
import { llamaTrunk } from "../llama/graph.js";
import { anglesOf } from "../llama/rope.js";
import { attentionBias } from "../masks.js";
import { taps } from "../prompt/taps.js";

export interface SpeechLmConfig {
  readonly llama: LlamaConfig;
  /** Rows of the table of speech, as many as there are logits: tokens, and marks after them. */
  readonly speechRows: number;
  /** Rows of a table of marks of its own; null where marks are rows of the table of speech (CosyVoice 3). */
  readonly markRows: number | null;
  /** Rows of the table of text whose sum stands at one place; 1 where a token is a place. */
  readonly textSum: number;
  /** Whether the head has a bias. */
  readonly headBias: boolean;
}

/** What is fed at a place. */
export type Fed =
  | { readonly kind: "text"; readonly rows: readonly number[] }
  | { readonly kind: "speech"; readonly id: number }
  | { readonly kind: "mark"; readonly row: number };

/** One sequence in the making. */
export interface SpeechLine extends AsyncDisposable {
  /** Feeds places after all before them, and answers the logits after the last one. */
  feed(places: readonly Fed[]): Promise<Float32Array>;
  /** The same, and answers the logits after each of the last `asked` places. */
  feedAsking(places: readonly Fed[], asked: number): Promise<readonly Float32Array[]>;
  /** Forgets the last `count` places. */
  forget(count: number): void;
}

export interface SpeechLm extends AsyncDisposable {
  readonly config: SpeechLmConfig;
  /** Begins a sequence of at most `most` places. */
  begin(most: number): Promise<SpeechLine>;
  close(): Promise<void>;
}

/** Begins the names of the transformer's weights, as `prefix` of its config. */
export const SPEECH_LM_PREFIX = "llm.model.model.";

/** The text model's own head, which is tied to its table and of no use here. */
const UNUSED = [/^llm\.model\.lm_head\.weight$/];

/**
 * The graph of a pass. Inputs: `text` [1, T, textSum], `speech` and `mark` [1, T] ids, any where another kind stands; `kinds`
 * [3, T, 1], 1 for the kind of each place; and those of llamaTrunk(). Output `logits` [1, R, speechRows].
 */
export function speechLmGraph(config: SpeechLmConfig, tapped: readonly string[] = []): Graph {
  const { llama, speechRows, markRows, textSum, headBias } = config;
  const C = llama.width;
  const g = new GraphBuilder("speech-lm");
  const o = opsOf(g);
  const { tap, outputs } = taps();
  const kinds = g.input("kinds", [3, "T", 1]);
  const only = (rows: Value, kind: number) => o.mul(rows, o.slice(kinds, { axis: 0, start: kind, end: kind + 1 }));
  const text = g.input("text", ["B", "T", textSum], "i32");
  const words = o.sum(o.embedding(text, g.weight(`${llama.prefix}embed_tokens.weight`, [llama.vocabulary, C])), {
    axis: 2,
    keepDims: false,
  });
  const sounds = o.embedding(
    g.input("speech", ["B", "T"], "i32"),
    g.weight("speech_embedding.weight", [speechRows, C]),
  );
  let x = o.add(only(words, 0), only(sounds, 1));
  if (markRows !== null) {
    const marks = o.embedding(g.input("mark", ["B", "T"], "i32"), g.weight("llm_embedding.weight", [markRows, C]));
    x = o.add(x, only(marks, 2));
  }
  const hidden = tap("hidden", llamaTrunk(g, llama, tap("embedded", x)));
  const bias = headBias ? g.weight("llm_decoder.bias", [speechRows]) : null;
  const logits = o.linear(hidden, g.weight("llm_decoder.weight", [speechRows, C]), bias);
  return g.build({ logits, ...outputs(tapped) });
}

/** The inputs of a pass over `places` after `filled` others, of which the graph sees `visible` slots, that asks for `rows`. */
export function speechLmInputs(
  { llama, markRows, textSum }: SpeechLmConfig,
  places: readonly Fed[],
  { filled, visible }: { readonly filled: number; readonly visible: number },
  rows: readonly number[],
): Record<string, Tensor> {
  const T = places.length;
  const [text, speech, mark] = [new Int32Array(T * textSum), new Int32Array(T), new Int32Array(T)];
  const kinds = new Float32Array(3 * T);
  for (const [t, place] of places.entries()) {
    if (place.kind === "text") text.set(place.rows, t * textSum);
    else if (place.kind === "speech") speech[t] = place.id;
    else (markRows === null ? speech : mark)[t] = place.row;
    const kind = place.kind === "text" ? 0 : place.kind === "speech" || markRows === null ? 1 : 2;
    kinds[kind * T + t] = 1;
  }
  const positions = Int32Array.from(places, (_, t) => filled + t);
  return {
    text: tensor([1, T, textSum], text),
    speech: tensor([1, T], speech),
    ...(markRows !== null && { mark: tensor([1, T], mark) }),
    kinds: tensor([3, T, 1], kinds),
    bias: attentionBias({ slots: visible, filled, fresh: T, lead: 0, sight: "causal" }, null),
    "angles.global": anglesOf(llama.ropes.global!, [positions], [filled + T]),
    rows: i32([rows.length], rows),
  };
}

/**
 * @throws WeightsError listing all weights that are missing, misshapen or unused.
 */
export async function openSpeechLm(
  engine: Engine,
  config: SpeechLmConfig,
  checkpoint: Checkpoint,
  precision: Precision = "f32",
): Promise<SpeechLm> {
  const graph = speechLmGraph(config);
  settle(checkpoint, [graph], { ignore: UNUSED });
  const program = await engine.compile(graph, checkpoint, { precision });
  let closed = false;
  const close = async () => {
    closed = true;
    await program.close();
  };
  return {
    config,
    async begin(most) {
      if (closed) throw new ClosedError("speech model");
      return lineOf(config, program, await program.allocate({ B: 1, S: most }));
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function lineOf(config: SpeechLmConfig, program: Program, memory: Memory): SpeechLine {
  const feedAsking = async (places: readonly Fed[], asked: number): Promise<readonly Float32Array[]> => {
    const at = { filled: memory.length, visible: memory.visible };
    const rows = Array.from({ length: asked }, (_, i) => places.length - asked + i);
    const { logits } = await program.run(speechLmInputs(config, places, at, rows), memory);
    const size = config.speechRows;
    return rows.map((_, i) => (logits as FloatTensor).data.subarray(i * size, (i + 1) * size));
  };
  return {
    feedAsking,
    feed: async (places) => (await feedAsking(places, 1))[0]!,
    forget: (count) => memory.truncate(memory.length - count),
    [Symbol.asyncDispose]: () => memory.close(),
  };
}
