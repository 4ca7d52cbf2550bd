/** The paced voice (phones to tokens to mel to waveform, in one case) against numbers of its recipe. */
import { pacedTokens, type Pacing, textRows } from "../../../src/core/speech-lm/paced.js";
import { type Fed, openSpeechLm } from "../../../src/core/speech-lm/speech-lm.js";
import type { Engine } from "../../../src/engine/engine.js";
import { type FloatTensor, i32, tensor } from "../../../src/engine/tensor.js";
import { subset } from "../../../src/engine/weights/views.js";
import { fields } from "../../../src/base/fields.js";
import { parseVoice } from "../../../src/models/speech-config.js";
import { logMel } from "../../../src/tokenizers/speech/audio/mel.js";
import { openFlowDecoder } from "../../../src/tokenizers/speech/flow/flow-decoder.js";
import { harmonicSource } from "../../../src/tokenizers/speech/vocoder/harmonic-source.js";
import { openHift } from "../../../src/tokenizers/speech/vocoder/hift.js";
import { hopOf } from "../../../src/tokenizers/speech/vocoder/hift-config.js";
import { merged } from "../../../src/tokenizers/speech/vocoder/hift-graphs.js";
import { type GoldenCase, openWeights, readTensors } from "../case.js";
import { type Comparison, compare, type Numbers } from "../compare.js";
import { judge } from "../judge.js";
import { shapedLike, tapped } from "./tapped.js";

export async function* tesseraVoice(folder: string, golden: GoldenCase, engine: Engine): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  await using weights = await openWeights(folder);
  const { flowSteps, mostTokensOfPhone, ...described } = golden.config as Readonly<Record<string, unknown>>;
  const voice = parseVoice(fields(described, "case.json config"), "case.json config");
  const pacing: Pacing = { ...voice.pacing, mostTokens: mostTokensOfPhone as number };
  const ids = (name: string) => [...io.get(name)!.data];
  const data = (name: string) => io.get(name)!.data as Float32Array;
  const [phones, speaker] = [ids("in.phones"), ids("in.voice")[0]!];
  const answers = new Map<string, Numbers>();

  const rows = phones.map((_, i) => textRows(pacing, speaker, phones, i));
  answers.set("out.text_rows", i32([rows.length, rows[0]!.length], rows.flat()));
  await using lm = await openSpeechLm(engine, voice.languageModel, subset(weights, "lm/"));
  const forced = ids("in.forced");
  const logits: number[] = [];
  {
    await using line = await lm.begin(1 + 3 * phones.length);
    const say = async (place: Fed) => logits.push(...(await line.feed([place])));
    await say({ kind: "mark", row: 0 });
    for (const [i, row] of rows.entries()) {
      await say({ kind: "text", rows: row });
      for (const id of forced.slice(2 * i, 2 * i + 2)) await say({ kind: "speech", id });
    }
  }
  answers.set("out.logits", tensor([1 + 3 * phones.length, voice.languageModel.speechRows], Float32Array.from(logits)));
  const greedy = { voice: speaker, phones, sampling: { temperature: 0, topP: 1 }, seed: 0, item: 0, sentence: 0 };
  const said: { id: number; phone: number }[] = [];
  for await (const token of pacedTokens(lm, pacing, greedy)) said.push(token);
  answers.set(
    "out.greedy",
    i32(
      [said.length],
      said.map(({ id }) => id),
    ),
  );
  answers.set(
    "out.greedy_owners",
    i32(
      [said.length],
      said.map(({ phone }) => phone),
    ),
  );

  const config = { ...voice.flow, steps: flowSteps as number };
  await using flow = openFlowDecoder(engine, config, subset(weights, "flow/"));
  const z = io.get("in.z") as FloatTensor;
  const mel = await flow.decode({
    ...{ tokens: ids("in.token"), prompt: null, speaker: data("in.embedding"), masks: "chunks", ending: "final" },
    noise: () => z.data,
  });
  answers.set("out.mel", mel);

  const vocoderWeights = subset(weights, "vocoder/");
  await using vocoder = await openHift(engine, voice.vocoder, vocoderWeights);
  const stored = tensor(mel.shape, data("out.mel"));
  const f0 = await vocoder.fundamental(stored, "final");
  answers.set("out.f0", tensor([f0.length], f0));
  const [hop, count] = [hopOf(voice.vocoder), voice.vocoder.harmonics + 1];
  const sines = harmonicSource(voice.vocoder, {
    ...{ f0: data("out.f0"), from: 0, to: f0.length, initial: new Float32Array(count), noise: () => 0 },
  });
  const { source } = await tapped(
    engine,
    vocoderWeights,
    (g, tap) => tap("source", merged(g, voice.vocoder, g.input("sines", ["B", "L", count]))),
    { sines: tensor([1, f0.length * hop, count], sines) },
  );
  answers.set("out.source", source!);
  const wav = await vocoder.synthesise(stored, data("out.source"), "final");
  answers.set("out.wav", tensor([wav.length], wav));
  const plain = logMel(data("in.samples"), voice.mel);
  const { centre, spread } = voice.melScale;
  answers.set(
    "out.mel_of_samples",
    tensor(
      plain.shape,
      plain.data.map((x) => (x - centre) / spread),
    ),
  );

  // mu has no face of its own: what is wrong in it is wrong in mel.
  const inputs = [...[...io.keys()].filter((name) => name.startsWith("in.")), "out.mu"];
  yield* judge(golden, io, inputs, (name, expected) => {
    const actual = answers.get(name);
    return actual && shapedLike(actual, expected);
  });
  yield compare("out.wav given the source", tensor([wav.length], wav), io.get("out.wav")!, { abs: 2e-4, rel: 0 });
}
