/**
 * The language model of CosyVoice 1 (arXiv 2407.05407 §2.2) as mathematics: an encoder reads the text, and a transformer that knows
 * distances speaks behind it. Weight names are those of the files.
 */
import {
  type Attend,
  attendTo,
  CONFORMER_FORMS,
  conformerLayers,
  type ConformerSizes,
  type Meeting,
  OUTER_EPSILON,
} from "../../engine/blocks/conformer.js";
import { weightedLayers } from "../../engine/blocks/layers.js";
import { type Graph, GraphBuilder, type Value } from "../../engine/graph.js";
import { opsOf } from "../../engine/ops/index.js";
import { taps } from "../prompt/taps.js";

export interface ConformerLmConfig {
  /** Rows and columns of the table of text. */
  readonly text: { readonly vocabulary: number; readonly width: number };
  readonly encoder: ConformerSizes & { readonly layers: number };
  readonly body: ConformerSizes & { readonly layers: number };
  /** Tokens of speech; the one end has the id behind them. */
  readonly speech: number;
  /** Length of the vector of a speaker. */
  readonly speaker: number;
}

const CONFORMER = { width: 1024, heads: 16, hidden: 4096 } as const;

export const CONFORMER_LMS = {
  "cosyvoice-300m": {
    text: { vocabulary: 51_866, width: 512 },
    encoder: { ...CONFORMER, layers: 6 },
    body: { ...CONFORMER, layers: 14 },
    ...{ speech: 4096, speaker: 192 },
  },
} as const satisfies Readonly<Record<string, ConformerLmConfig>>;

/** Whether the front of a speech says who speaks. */
export type Front = "with speaker" | "without speaker";

/**
 * What stands in front of the tokens of a prompt: [sos], the speaker, the text, [task]. Inputs: `text` [1, N] ids, `distances`
 * [1, 2·N - 1, width], `bias` [1, 1, N, N] and, by need, `speaker` [1, S]. Output `rows` [1, N + 2 or 3, C].
 */
export function frontGraph(config: ConformerLmConfig, front: Front, tapped: readonly string[] = []): Graph {
  const { text, encoder, body, speaker } = config;
  const g = new GraphBuilder("speech-lm-front");
  const o = opsOf(g);
  const { tap, outputs } = taps();
  const { linear, norm } = weightedLayers(g);
  const { embedded, layer } = conformerLayers(g, encoder);
  const attend = attendTo(g, {
    distances: g.input("distances", [1, "R", encoder.width]),
    mask: () => g.input("bias", [1, 1, "N", "N"]),
  });
  const table = g.weight("text_embedding.weight", [text.vocabulary, text.width]);
  let x = embedded("text_encoder.embed", o.embedding(g.input("text", [1, "N"], "i32"), table));
  for (let i = 0; i < encoder.layers; i++) x = layer(`text_encoder.encoders.${i}`, x, attend);
  x = tap("encoded", norm("text_encoder.after_norm", x, OUTER_EPSILON));
  const marks = g.weight("llm_embedding.weight", [2, body.width]);
  const mark = (row: number) =>
    o.reshape(o.slice(marks, { axis: 0, start: row, end: row + 1 }), { shape: [1, 1, body.width] });
  const said = linear("text_encoder_affine_layer", x, body.width);
  if (front === "without speaker") return g.build({ rows: o.concat(mark(0), said, mark(1), { axis: 1 }) });
  const unit = o.l2Normalize(g.input("speaker", [1, speaker]), { axis: -1, epsilon: 1e-12 });
  const who = o.reshape(linear("spk_embed_affine_layer", unit, body.width), { shape: [1, 1, body.width] });
  return g.build({ rows: o.concat(mark(0), who, said, mark(1), { axis: 1 }), ...outputs(tapped) });
}

/**
 * A pass over T places. Inputs: `given` [1, T, C], rows of a front, and zeros where tokens stand; `speech` [1, T] ids, and `spoken`
 * [1, T, 1], 1 where they stand; `asked` [R] places; and those of `attendToMemory`. Output `logits` [1, R, speech + 1].
 */
export function conformerLmGraph({ body, speech }: ConformerLmConfig, tapped: readonly string[] = []): Graph {
  const { width: C } = body;
  const g = new GraphBuilder("speech-lm");
  const o = opsOf(g);
  const { tap, outputs } = taps();
  const { linear, norm } = weightedLayers(g, "linear");
  const { normed, scaled, layer } = conformerLayers(g, body, CONFORMER_FORMS.transformer, "linear");
  const sounds = o.embedding(g.input("speech", [1, "T"], "i32"), g.weight("speech_embedding.weight", [speech, C]));
  const rows = o.add(g.input("given", [1, "T", C]), o.mul(sounds, g.input("spoken", [1, "T", 1])));
  let x = scaled(o.relu(normed("llm.embed", tap("embedded", rows))));
  for (let i = 0; i < body.layers; i++) x = layer(`llm.encoders.${i}`, x, attendToMemory(g, `layers.${i}`, body));
  const asked = o.gather(x, g.input("asked", ["R"], "i32"), { axis: 1 });
  const hidden = tap("hidden", norm("llm.after_norm", asked, OUTER_EPSILON));
  return g.build({ logits: linear("llm_decoder", hidden, speech + 1), ...outputs(tapped) });
}

/**
 * Attention of T places to those that the memory holds and to themselves. The memory keeps distances as the queries meet them, too,
 * in slots of their own: a pass adds as many distances as places, so that each distance is projected once in a speech.
 *
 * Inputs: `distances` [1, T, width], sinusoids of the new ones; `bias` [1, 1, T, S+T]; and, because slots lie apart from new places,
 * which slot has the distance from a query to a key that is remembered, `past slots` [S+T-1], or new, `new slots` [2·T-1].
 */
function attendToMemory(g: GraphBuilder, path: string, { width, heads }: ConformerSizes): Attend {
  const o = opsOf(g);
  const remember = (name: string, fresh: Value): Value => {
    const state = g.state(`${path}.${name}`, [1, heads, "S", width / heads]);
    g.append(state, fresh);
    return state;
  };
  return ({ toKeys, toDistances, key, value, scale, projected }: Meeting) => {
    const [pastKey, pastValue] = [remember("key", key), remember("value", value)];
    const far = projected(g.input("distances", [1, "T", width]));
    const known = o.concat(remember("distance", far), far, { axis: 2 });
    const scores = o.matmul(toDistances, o.transpose(known, { permutation: [0, 1, 3, 2] })); // [1, H, T, S+T], by slot
    const against = (keys: Value, slots: string, size: string) =>
      o.relativeShift(o.gather(scores, g.input(slots, [size], "i32"), { axis: 3 }), keys);
    const byDistance = o.concat(against(pastKey, "past slots", "P"), against(key, "new slots", "Q"), { axis: 3 });
    const bias = o.add(o.affine(byDistance, { scale }), g.input("bias", [1, 1, "T", "S+T"]));
    return o.attention(toKeys, key, value, pastKey, pastValue, bias, { scale });
  };
}
