/** `tessera speak "Hello, world." -o hello.wav`: speech from text. */
import { extname } from "node:path";
import { Command } from "commander";
import {
  ArgumentError,
  DEFAULT_SPEECH_MODEL,
  loadSpeechModel,
  type RecordedVoice,
  SPEECH_FORMATS,
  type SpeechFormat,
  type SpeechModel,
  type SpeechResult,
  streamSpeech,
} from "../index.js";
import type { Context } from "./context.js";
import { stemOf } from "./file-names.js";
import { filesOf, followed, type MakingOptions, withMakingOptions } from "./making.js";
import { loadSettingsOf, numberOf, printJson, withModelOption, withSamplingOptions } from "./options.js";
import { replaced } from "./replaced.js";
import { print } from "./streams.js";

interface SpeakOptions extends MakingOptions {
  readonly model?: string;
  readonly voice?: string;
  readonly like?: string;
  readonly transcript?: string;
  readonly speed: number;
  readonly seed: number;
  readonly loudness?: number;
  readonly output?: string;
}

export function speakCommand({ signal }: Context): Command {
  const command = new Command("speak")
    .description("speak a text")
    .argument("<text>", 'what to say, such as "Hello, world."')
    .optionsGroup("What to make:")
    .option("--voice <name>", "who speaks (default: as the model states)")
    .option("--like <recording>", "speak with the voice of a WAV, FLAC, MP3 or Ogg file, if the model can")
    .option("--transcript <words>", "what is said in that recording, word for word; it makes the voice more similar")
    .option("--speed <factor>", "how fast, 0.5 to 2", numberOf, 1)
    .option("--seed <number>", "seed; the same seed gives the same sound", numberOf, 0)
    .option("--loudness <LUFS>", "normalise to this integrated loudness, such as -16 (default: unchanged)", numberOf)
    .option(
      "-o, --output <file>",
      `file ending in ${SPEECH_FORMATS.join(", ")}; "-" for WAV on standard output (default: named after the text, .wav)`,
    )
    .option("--no-manifest", "do not write <file>.json");
  withSamplingOptions(command, ["temperature", "topP"]);
  withModelOption(command, DEFAULT_SPEECH_MODEL);
  return withMakingOptions(command).action(async (text: string, options: SpeakOptions) => {
    const { speed, seed, temperature, topP, loudness, json } = options;
    const voice = voiceOf(options);
    const toStdout = options.output === "-";
    const path = options.output ?? `${stemOf({ prompt: text })}-${seed}.wav`;
    const format = toStdout ? "wav" : formatOf(path);
    if (toStdout && json) throw new ArgumentError("--json", "a file to be named by --output", "-");
    const loading = loadSpeechModel(options.model, loadSettingsOf(options));
    const settings = { voice, speed, seed, temperature, topP, loudness, format };
    const stream = (model: SpeechModel) => streamSpeech({ ...settings, model, signal, text });
    let paths: readonly string[] = [];
    const others = replaced();
    const result = await followed({ json, quiet: options.quiet || toStdout }, loading, stream, async (event) => {
      if (event.type !== "speech-end") return;
      if (toStdout) process.stdout.write(event.speech.bytes);
      else paths = await others.during(path, () => event.speech.save(path, { manifest: options.manifest }));
    });
    if (!json) others.tell();
    if (!toStdout) report(result, paths, json);
  });
}

function voiceOf({ voice, like, transcript }: SpeakOptions): string | RecordedVoice | undefined {
  if (like === undefined && transcript !== undefined)
    throw new ArgumentError("--transcript", "a recording to be named by --like", transcript);
  if (like === undefined) return voice;
  if (voice !== undefined) throw new ArgumentError("--like", "a recording or a name of --voice, not both", like);
  return { audio: like, text: transcript };
}

function formatOf(path: string): SpeechFormat {
  const found = SPEECH_FORMATS.find((format) => extname(path).toLowerCase() === `.${format}`);
  if (!found)
    throw new ArgumentError(
      "--output",
      `a name ending in ${SPEECH_FORMATS.map((format) => `.${format}`).join(", ")}`,
      path,
    );
  return found;
}

function report({ speeches, warnings }: SpeechResult, paths: readonly string[], json: boolean): void {
  const { duration, words, mediaType, seed, manifest } = speeches[0]!;
  if (!json) return print(`${paths[0]}  ${duration.toFixed(2)} s\n`);
  const digests = { tokensSha256: manifest.tokens.sha256, pcmSha256: manifest.sound.pcmSha256 };
  printJson({ ...filesOf(paths), mediaType, seed, duration, words, ...digests, warnings });
}
