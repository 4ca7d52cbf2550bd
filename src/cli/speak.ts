/** `tessera speak "Hello, world." -o hello.wav`: speech from text. */
import { extname } from "node:path";
import { Command } from "commander";
import {
  ArgumentError,
  DEFAULT_SPEECH_MODEL,
  type GeneratedSpeech,
  loadSpeechModel,
  type RecordedVoice,
  SPEECH_FORMATS,
  type SpeechFormat,
  streamSpeech,
} from "../index.js";
import type { Context } from "./context.js";
import { stemOf } from "./file-names.js";
import {
  type LoadOptions,
  loadSettingsOf,
  numberOf,
  printJson,
  type ReportOptions,
  type SamplingOptions,
  withLoadOptions,
  withModelOption,
  withReportOptions,
  withSamplingOptions,
} from "./options.js";
import { progressOn } from "./progress.js";
import { print, tell } from "./streams.js";

interface SpeakOptions extends LoadOptions, SamplingOptions, ReportOptions {
  readonly model?: string;
  readonly voice?: string;
  readonly like?: string;
  readonly transcript?: string;
  readonly speed: number;
  readonly seed: number;
  readonly loudness?: number;
  readonly output?: string;
  readonly manifest: boolean;
}

export function speakCommand({ signal }: Context): Command {
  const command = new Command("speak")
    .description("speak a text")
    .argument("<text>", 'what to say, such as "Hello, world."')
    .optionsGroup("What to make:")
    .option("--voice <name>", "who speaks (default: as the model states)")
    .option("--like <recording>", "speak with the voice of a WAV, FLAC, MP3 or Ogg file, where the model can")
    .option("--transcript <words>", "what is said in that recording, word for word: the copy is closer with it")
    .option("--speed <factor>", "how fast, 0.5 to 2", numberOf, 1)
    .option("--seed <number>", "seed; the same seed gives the same sound", numberOf, 0)
    .option("--loudness <LUFS>", "bring it to that integrated loudness, such as -16 (default: as it comes)", numberOf)
    .option(
      "-o, --output <file>",
      `the file, ending in ${SPEECH_FORMATS.join(", ")}; "-" for WAV on standard output (default: by the text, .wav)`,
    )
    .option("--no-manifest", "do not write <file>.json");
  withSamplingOptions(command, "temperature", "topP");
  withModelOption(command.optionsGroup("Which model:"), DEFAULT_SPEECH_MODEL);
  return withReportOptions(withLoadOptions(command)).action(async (text: string, options: SpeakOptions) => {
    const { speed, seed, temperature, topP, loudness } = options;
    const voice = voiceOf(options);
    const toStdout = options.output === "-";
    const path = options.output ?? `${stemOf({ prompt: text })}-${seed}.wav`;
    const format = toStdout ? "wav" : formatOf(path);
    if (toStdout && options.json) throw new ArgumentError("--json", "a file to be named by --output", "-");
    const progress = progressOn(process.stderr, options.quiet || options.json || toStdout);
    const model = await loadSpeechModel(options.model, loadSettingsOf(options));
    try {
      const settings = { voice, speed, seed, temperature, topP, loudness, format };
      for await (const event of streamSpeech({ ...settings, model, signal, text })) {
        if (event.type === "run-start") progress.line(`${event.model.name} on ${event.device.name}`);
        if (event.type === "speech-end" && toStdout) process.stdout.write(event.speech.bytes);
        else if (event.type === "speech-end") {
          const paths = await event.speech.save(path, { manifest: options.manifest });
          report(event.speech, paths, options.json);
        }
        if (event.type === "run-end")
          for (const warning of event.result.warnings)
            if (warning.type === "other") tell(`warning: ${warning.message}\n`);
      }
    } finally {
      progress.clear();
      await model.close();
    }
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

function report(
  { duration, words, mediaType, seed, manifest }: GeneratedSpeech,
  [path, beside]: readonly string[],
  json: boolean,
): void {
  if (!json) return print(`${path}  ${duration.toFixed(2)} s\n`);
  const { tokens, sound } = manifest;
  printJson({
    path,
    manifest: beside ?? null,
    mediaType,
    seed,
    duration,
    words,
    tokensSha256: tokens.sha256,
    pcmSha256: sound.pcmSha256,
  });
}
