/** CosyVoice from the folders that their authors publish. */
import { basename, join, resolve } from "node:path";
import { CheckpointError, InputError } from "../base/errors.js";
import { openPromptedLm } from "../core/speech-lm/open-prompted.js";
import type { Engine } from "../engine/engine.js";
import { openEngine } from "../engine/open.js";
import type { Checkpoint } from "../engine/weights/checkpoint.js";
import { openCheckpoint } from "../engine/weights/open.js";
import { subset } from "../engine/weights/views.js";
import { type LoadSettings, loaded } from "../media/load.js";
import type { Parts } from "../media/parts.js";
import { digestsOf, openFile, publishedFiles } from "../media/recipe.js";
import type { CosyvoiceConfig, TextFiles } from "../models/cosyvoice.js";
import { openFlowDecoder } from "../tokenizers/speech/flow/flow-decoder.js";
import { openHift } from "../tokenizers/speech/vocoder/hift.js";
import { loadQwenTokenizer } from "../tokenizers/text/load-qwen-tokenizer.js";
import { loadWhisperTokenizer } from "../tokenizers/text/load-whisper-tokenizer.js";
import type { TextTokenizer } from "../tokenizers/text/text-tokenizer.js";
import type { SpeechModel } from "./model.js";
import { promptedVoice } from "./prompted-voice.js";
import { idsBy, openEars } from "./recording.js";

const FILES = { languageModel: "llm.pt", flow: "flow.pt", vocoder: "hift.pt", speaker: "campplus.onnx" } as const;
/** The speakers that a folder knows by name; CosyVoice 2 and 3 are published without any. */
const SPEAKERS = "spk2info.pt";

const REMEDY = "Download the whole folder of the model, as its authors publish it.";

/** Loads a folder of that configuration. Throws what loadSpeechModel throws. */
export async function loadCosyvoice(
  folder: string,
  config: CosyvoiceConfig,
  settings: LoadSettings,
): Promise<SpeechModel> {
  const path = resolve(folder);
  const at = (file: string) => join(path, file);
  const paths = [FILES.languageModel, FILES.flow, FILES.vocoder, FILES.speaker, config.tokenizer].map(at);
  const files = await publishedFiles(paths, settings.verify, REMEDY);
  return loaded(settings, async (opening, parts) => {
    const open = (file: string) => openFile(files, at(file), parts);
    const text = await textOf(config.text, at);
    const speakers = await speakersOf(at(SPEAKERS), config);
    const engine = await opening;
    const precision = settings.precision ?? "f32";
    const languageModel = await parts.own(
      openPromptedLm(engine, config.languageModel, await open(FILES.languageModel), precision),
    );
    const flow = openFlowDecoder(engine, config.flow, await open(FILES.flow), precision);
    await parts.own(Promise.resolve(flow));
    const vocoder = await parts.own(openHift(engine, config.vocoder, withoutPrefix(await open(FILES.vocoder))));
    const ears = () =>
      parts.share(FILES, async () => {
        const runs = await onnxEngine(engine, parts);
        return openEars(runs, at(config.tokenizer), at(FILES.speaker));
      });
    const { name, licence, flow: sizes, vocoder: sound } = config;
    return {
      ...{ name, licence, precision, revision: basename(path), device: engine.device, clones: true, fixed: [] },
      ...{ sampleRate: sound.sampleRate, tokenSamples: sound.sampleRate / sizes.tokenRate },
      voices: speakers.map(({ name }) => ({ name, description: `${name}, of ${SPEAKERS}` })),
      defaults: { voice: speakers[0]?.name ?? null, temperature: 1, topP: 0.8 },
      sha256: digestsOf(files, paths),
      voice: promptedVoice(config, { text, languageModel, flow, vocoder, ears, speakers }),
      tokenizer: async () => ({
        encode: async (samples) => idsBy((await ears()).tokenizer, config.tokenizerMels, samples),
      }),
    };
  });
}

function textOf(text: TextFiles, at: (file: string) => string): Promise<TextTokenizer> {
  switch (text.kind) {
    case "qwen":
      return loadQwenTokenizer(at(text.folder), text.specials);
    case "whisper":
      return loadWhisperTokenizer(at(text.file)).catch((cause: unknown) => {
        if (!InputError.isInstance(cause)) throw cause;
        const remedy =
          "Bring it from the package openai-whisper (whisper/assets): the authors of CosyVoice do not publish it.";
        throw new CheckpointError(at(text.file), "unreadable", "is not there", remedy, { cause });
      });
  }
}

/** Files run on ONNX Runtime alone: on the model's own engine, or on the CPU beside it. */
async function onnxEngine(engine: Engine, parts: Parts): Promise<Engine> {
  return engine.openFile ? engine : parts.own(openEngine({ device: "cpu" }));
}

/** Some files have the vocoder among the parts of its training. */
function withoutPrefix(checkpoint: Checkpoint): Checkpoint {
  const prefix = "generator.";
  return [...checkpoint.entries.keys()].every((name) => name.startsWith(prefix))
    ? subset(checkpoint, prefix)
    : checkpoint;
}

/** The vectors of a file's speakers, `NAME.embedding` [1, size]; none where there is no such file. */
async function speakersOf(
  file: string,
  { flow }: CosyvoiceConfig,
): Promise<{ readonly name: string; readonly vector: Float32Array }[]> {
  const ending = ".embedding";
  const checkpoint = await openCheckpoint(file).catch((error: unknown) => {
    if (CheckpointError.isInstance(error) && error.fault === "unreadable") return null;
    throw error;
  });
  if (!checkpoint) return [];
  try {
    const names = [...checkpoint.entries.keys()].filter((name) => name.endsWith(ending));
    const rows = await Promise.all(
      names.map(async (name) => ({ name: name.slice(0, -ending.length), vector: await checkpoint.floats(name) })),
    );
    const misfit = rows.find(({ vector }) => vector.length !== flow.speaker);
    if (misfit)
      throw new CheckpointError(file, "bad-size", `"${misfit.name}" has ${misfit.vector.length} numbers`, REMEDY);
    return rows;
  } finally {
    await checkpoint.close();
  }
}
