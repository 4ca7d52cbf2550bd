/** pocket-tts from the folders that its authors publish. */
import { readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { ArgumentError, CheckpointError } from "../base/errors.js";
import { once } from "../base/once.js";
import type { FlowLmConfig } from "../core/flow-lm/config.js";
import { openFlowLm, type VoiceStates } from "../core/flow-lm/flow-lm.js";
import { stateOf } from "../core/flow-lm/graphs.js";
import { tensor } from "../engine/tensor.js";
import type { Checkpoint } from "../engine/weights/checkpoint.js";
import { openCheckpoint } from "../engine/weights/open.js";
import { subset } from "../engine/weights/views.js";
import { type LoadSettings, loaded } from "../media/load.js";
import { digestsOf, openFile, publishedFiles } from "../media/recipe.js";
import { POCKET_TTS_FILES, type PocketTtsConfig } from "../models/pocket-tts.js";
import { openLatentCodec } from "../tokenizers/speech/codecs/latent-codec.js";
import { loadSentencePiece } from "../tokenizers/text/load-sentencepiece.js";
import { latentVoice } from "./latent-voice.js";
import type { SpeechModel } from "./model.js";

const NAME = "pocket-tts";
/** The weights have terms of their own, which are stated where they are had from. */
const LICENCE = "see huggingface.co/kyutai/pocket-tts";
const REMEDY = "Download the whole folder of the language, as its authors publish it.";

/** Who speaks where the caller says nothing, if the folder has that voice: the authors' default. */
const FIRST_VOICE = "alba";

/** Loads a folder of that configuration, which is in `file`. Throws what loadSpeechModel throws. */
export async function loadPocketTts(
  folder: string,
  { config, file }: { readonly config: PocketTtsConfig; readonly file: string },
  settings: LoadSettings,
): Promise<SpeechModel> {
  const path = resolve(folder);
  const [weights, tokenizer] = [join(path, POCKET_TTS_FILES.weights), join(path, POCKET_TTS_FILES.tokenizer)];
  const paths = [weights, tokenizer, resolve(file)];
  const files = await publishedFiles(paths, settings.verify, REMEDY);
  return loaded(settings, async (opening, parts) => {
    const checkpoint = await openFile(files, weights, parts);
    const text = await loadSentencePiece(tokenizer);
    const known = config.languageModel.textRows - 1; // behind the pieces stands a row for padding
    if (text.vocabularySize !== known)
      throw new CheckpointError(tokenizer, "bad-size", `has ${text.vocabularySize} pieces for ${known} rows`, REMEDY);
    const voices = await voicesOf(join(path, POCKET_TTS_FILES.voices), config.languageModel);
    const engine = await opening;
    const precision = settings.precision ?? "f32";
    const languageModel = await parts.own(
      openFlowLm(engine, config.languageModel, subset(checkpoint, "flow_lm."), precision),
    );
    const codec = openLatentCodec(engine, config.codec, subset(checkpoint, "mimi."));
    await parts.own(Promise.resolve(codec));
    const first = voices.find(({ name }) => name === FIRST_VOICE) ?? voices[0];
    const { sampleRate } = config.codec;
    return {
      ...{ name: NAME, licence: LICENCE, precision, revision: basename(path), device: engine.device },
      clones: await hears(checkpoint),
      fixed: ["speed", "topP"] as const,
      ...{ sampleRate, tokenSamples: sampleRate / config.frameRate },
      voices: voices.map(({ name }) => ({ name, description: `${name}, of ${POCKET_TTS_FILES.voices}` })),
      defaults: { voice: first?.name ?? null, temperature: 0.7, topP: 1 },
      sha256: digestsOf(files, paths),
      voice: latentVoice(NAME, config, { text, languageModel, codec, voices }),
      tokenizer: () => {
        const remedy = "Use loadAudioCodec for ids of sound, or a model that has a tokenizer of speech.";
        throw new ArgumentError("model", "a model that speaks in tokens", NAME, remedy);
      },
    };
  });
}

/** Whether the file can encode recordings: in one that is published without voice cloning these weights may say nothing. */
async function hears(checkpoint: Checkpoint): Promise<boolean> {
  const names = ["flow_lm.speaker_proj_weight", "mimi.encoder.model.0.conv.weight"];
  const rows = await Promise.all(names.map((name) => checkpoint.floats(name)));
  return rows.every((row) => row.every(Number.isFinite) && row.some((x) => x !== 0));
}

/** The voices in a folder of states, by the names of the files; none where there is no such folder. */
async function voicesOf(
  folder: string,
  config: FlowLmConfig,
): Promise<{ readonly name: string; states(): Promise<VoiceStates> }[]> {
  const ending = ".safetensors";
  const names = (await readdir(folder).catch((): string[] => [])).filter((name) => name.endsWith(ending)).sort();
  return names.map((name) => ({
    name: name.slice(0, -ending.length),
    states: once(() => statesOf(join(folder, name), config)),
  }));
}

/**
 * The states behind a recording as the authors' code exports them: keys and values of a layer in one tensor [2, 1, T, H, D], of which
 * the first `offset` places are filled. Older files say that by the length of `current_end`.
 */
async function statesOf(file: string, { width, heads: H, layers }: FlowLmConfig): Promise<VoiceStates> {
  const D = width / H;
  await using checkpoint = await openCheckpoint(file);
  const states: Record<string, VoiceStates[string]> = {};
  for (let layer = 0; layer < layers; layer++) {
    const path = `transformer.layers.${layer}.self_attn`;
    const shape = checkpoint.entries.get(`${path}/cache`)?.shape ?? [];
    const [two, one, T = 0, ...head] = shape;
    const count = await filledOf(checkpoint, path);
    if (two !== 2 || one !== 1 || head.join() !== `${H},${D}` || !(count >= 1 && count <= T))
      throw new CheckpointError(
        file,
        "bad-size",
        `${path}/cache is [${shape}], with ${count} places filled; the model needs [2,1,T,${H},${D}]`,
        "Bring the voices of the same folder as the model's weights.",
      );
    const cache = await checkpoint.floats(`${path}/cache`);
    for (const [half, kind] of (["key", "value"] as const).entries()) {
      const data = new Float32Array(H * count * D);
      for (let h = 0; h < H; h++)
        for (let t = 0; t < count; t++) {
          const from = ((half * T + t) * H + h) * D;
          data.set(cache.subarray(from, from + D), (h * count + t) * D);
        }
      states[stateOf(layer, kind)] = tensor([1, H, count, D], data);
    }
  }
  return states;
}

async function filledOf(checkpoint: Checkpoint, path: string): Promise<number> {
  const older = checkpoint.entries.get(`${path}/current_end`);
  if (older) return older.shape[0] ?? 0;
  const name = `${path}/offset`;
  return checkpoint.entries.has(name) ? (await checkpoint.floats(name))[0]! : 0;
}
