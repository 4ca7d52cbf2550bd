/** Speech tokens to the mean that the flow starts from, mu, in the three generations. Weight names are those of the files. */
import type { Dim, GraphBuilder, Value } from "../../../engine/graph.js";
import { opsOf } from "../../../engine/ops/index.js";
import { type Attend, attendTo, conformerLayers, OUTER_EPSILON, type Sight } from "../../../engine/blocks/conformer.js";
import { channelsOf, weightedLayers } from "../../../engine/blocks/layers.js";
import { type Tap, untapped } from "../../tap.js";
import type { Carry } from "../carry.js";
import type { Ending } from "../ending.js";
import { type FlowConfig, LOOKAHEAD } from "./flow-config.js";

type Of<G extends FlowConfig["generation"]> = Extract<FlowConfig, { generation: G }>;

const embedding = (g: GraphBuilder, { vocabulary }: FlowConfig, width: number, ids: Value): Value =>
  opsOf(g).embedding(ids, g.weight("input_embedding.weight", [vocabulary, width]));

/** The vector of a speaker [1, S] as the estimators take it, [1, mels]. */
export function speakerOf(g: GraphBuilder, { mels }: FlowConfig, vector: Value): Value {
  const unit = opsOf(g).l2Normalize(vector, { axis: -1, epsilon: 1e-12 });
  return weightedLayers(g).linear("spk_embed_affine_layer", unit, mels);
}

/** Generation 1: ids [1, N] to one column of mel per token, [1, mels, N]; `regulated` makes frames of them. */
export function tokenColumns(g: GraphBuilder, config: Of<1>, ids: Value, sight: Sight, tap: Tap = untapped): Value {
  const { linear, norm, swapped } = weightedLayers(g);
  const { embedded, layer } = conformerLayers(g, config.encoder);
  let x = embedded("encoder.embed", embedding(g, config, config.encoder.width, ids));
  for (let i = 0; i < config.encoder.layers; i++) x = layer(`encoder.encoders.${i}`, x, attendTo(g, sight));
  x = tap("encoder.after_norm", norm("encoder.after_norm", x, OUTER_EPSILON));
  return swapped(linear("encoder_proj", x, config.mels));
}

/** Generation 1: columns stretched to frames, [1, mels, T], to mu [1, mels, T]. */
export function regulated(g: GraphBuilder, { mels }: Of<1>, columns: Value): Value {
  const o = opsOf(g);
  const { conv } = weightedLayers(g);
  let x = columns;
  for (const i of [0, 3, 6, 9]) {
    const path = `length_regulator.model.${i + 1}`;
    const affine = [g.weight(`${path}.weight`, [mels]), g.weight(`${path}.bias`, [mels])] as const;
    x = conv(`length_regulator.model.${i}`, x, mels, 3, { pads: [1, 1] });
    x = o.mish(o.groupNorm(x, ...affine, { groups: 1, epsilon: 1e-5 }));
  }
  return conv("length_regulator.model.12", x, mels, 1);
}

/** What the tokens of a pass see, which may come in pieces. */
export interface Places extends Sight {
  /** What the graph calls the number of places in front. */
  readonly past: string;
}

/** How tokens come to an encoder of generation 2 or 3. */
export interface Coming {
  readonly ending: Ending;
  readonly carry: Carry;
  /** [1, N, 1]: 1 for a token, 0 for one that only stands in for the silence behind the last; null where all are tokens. */
  readonly known: Value | null;
}

/** Generation 2: ids [1, N] to mu [1, mels, 2·N]; with more to come the last LOOKAHEAD ids give no frames. */
export function upsampledMean(
  g: GraphBuilder,
  config: Of<2>,
  ids: Value,
  places: (of: "tokens" | "frames", T: Dim) => Places,
  coming: Coming,
  tap: Tap = untapped,
): Value {
  const o = opsOf(g);
  const { conv, linear, norm, swapped } = weightedLayers(g);
  const { width, layers, upLayers } = config.encoder;
  const { embedded, layer } = conformerLayers(g, config.encoder);
  const within = (places: Places): Attend => {
    const joined = (rows: Value) => coming.carry.withPast(rows, 2, places.past);
    return (meeting) => attendTo(g, places)({ ...meeting, key: joined(meeting.key), value: joined(meeting.value) });
  };
  let x = tap("encoder.embed", embedded("encoder.embed", embedding(g, config, width, ids)));
  x = tap("encoder.pre_lookahead_layer", lookahead(g, "encoder.pre_lookahead_layer", x, width, coming));
  const tokens = places("tokens", x.shape[1]!);
  for (let i = 0; i < layers; i++) x = layer(`encoder.encoders.${i}`, x, within(tokens));
  tap("encoder.encoders", x);
  const times = config.framesPerToken;
  const wider = o.repeat(swapped(x), { axis: 2, times });
  const up = tap(
    "encoder.up_layer",
    conv("encoder.up_layer.conv", coming.carry.before(wider, 2, 2 * times), width, 2 * times + 1),
  );
  x = embedded("encoder.up_embed", swapped(up));
  const frames = places("frames", x.shape[1]!);
  for (let i = 0; i < upLayers; i++) x = layer(`encoder.up_encoders.${i}`, x, within(frames));
  x = norm("encoder.after_norm", x, OUTER_EPSILON);
  return swapped(tap("encoder_proj", linear("encoder_proj", x, config.mels)));
}

/** Generation 3: the same by two convolutions and repetition. */
export function repeatedMean(g: GraphBuilder, config: Of<3>, ids: Value, coming: Coming, tap: Tap = untapped): Value {
  const x = embedding(g, config, config.mels, ids);
  const y = tap("pre_lookahead_layer", lookahead(g, "pre_lookahead_layer", x, config.lookaheadChannels, coming));
  return opsOf(g).repeat(weightedLayers(g).swapped(y), { axis: 2, times: config.framesPerToken });
}

/** x [1, N, C] plus what two convolutions make of it, of which the first sees LOOKAHEAD tokens ahead: zeros where the speech ends. */
function lookahead(g: GraphBuilder, path: string, x: Value, hidden: number, { ending, known, carry }: Coming): Value {
  const o = opsOf(g);
  const { conv, swapped } = weightedLayers(g);
  const map = swapped(known ? o.mul(x, known) : x);
  const ahead = conv(`${path}.conv1`, map, hidden, LOOKAHEAD + 1, { pads: [0, ending === "final" ? LOOKAHEAD : 0] });
  const y = conv(`${path}.conv2`, carry.before(o.leakyRelu(ahead, { slope: 0.01 }), 2, 2), channelsOf(map), 3);
  return swapped(o.add(y, ending === "final" ? map : o.cropTo(map, y, { axis: 2 })));
}
