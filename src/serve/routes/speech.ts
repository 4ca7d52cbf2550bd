/** /v1/audio/speech: a file, or the sound as it comes. */
import {
  ArgumentError,
  type GeneratedSpeech,
  type HeardSpeech,
  type SpeechEvent,
  type SpeechFormat,
  type SpeechResult,
  streamSpeech,
  type StreamSpeechOptions,
} from "../../index.js";
import type { Body } from "../body.js";
import { byteStream, eventStream, type ServerSentEvent } from "../sse.js";
import { type Handling, resultOf } from "./handling.js";

/** Formats of the interface by those of ours; null: samples without a header, as they come. */
const FORMATS = {
  mp3: "mp3",
  opus: "ogg",
  flac: "flac",
  wav: "wav",
  pcm: null,
} as const satisfies Readonly<Record<string, SpeechFormat | null>>;

type Format = keyof typeof FORMATS;

/** Samples without a file are not kept. */
type Event = SpeechEvent<GeneratedSpeech | HeardSpeech>;

export async function speech(body: Body, handling: Handling): Promise<Response> {
  const model = body.text("model");
  const text = body.text("input");
  if (text === undefined) throw new ArgumentError("input", "a text", text);
  const format: Format = body.word("response_format", Object.keys(FORMATS) as Format[]) ?? "mp3";
  const asEvents = body.word("stream_format", ["audio", "sse"]) === "sse";
  const options = {
    ...{ text, voice: body.text("voice"), speed: body.number("speed"), seed: body.number("seed") },
    ...{ temperature: body.number("temperature"), topP: body.number("top_p") },
    format: FORMATS[format] ?? "wav",
  };
  body.withoutEffect(["instructions", "user"]);
  body.finish();
  const served = handling.find("speech", model);
  const keep = format === "pcm" ? "times" : "sound";
  const run = (signal: AbortSignal): AsyncGenerator<Event> =>
    streamSpeech({ ...options, keep, model: served.model, signal } as StreamSpeechOptions<"sound">);
  const events = handling.events(served, run);
  if (asEvents) return eventStream(serverSent(events, format), handling.tell);
  if (format === "pcm") return pcmStream(events, served.model.sampleRate);
  const [made] = (await resultOf<SpeechResult>(events)).speeches;
  return new Response(made!.bytes as Uint8Array<ArrayBuffer>, { headers: { "Content-Type": made!.mediaType } });
}

/** 16-bit samples, least byte first, as the interface has them. */
function pcmOf(samples: Float32Array): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(2 * samples.length));
  samples.forEach((sample, i) => bytes.setInt16(2 * i, Math.round(Math.min(Math.max(sample, -1), 1) * 32767), true));
  return new Uint8Array(bytes.buffer);
}

async function pcmStream(events: AsyncGenerator<Event, void, void>, sampleRate: number): Promise<Response> {
  const first = await events.next(); // what fails at once has a status of its own
  async function* pieces(): AsyncGenerator<Uint8Array, void, void> {
    try {
      if (!first.done && first.value.type === "speech-chunk") yield pcmOf(first.value.samples);
      for await (const event of events) if (event.type === "speech-chunk") yield pcmOf(event.samples);
    } finally {
      await events.return();
    }
  }
  const type = `audio/pcm;rate=${sampleRate};channels=1`;
  return new Response(byteStream(pieces()), { headers: { "Content-Type": type } });
}

/** The events of OpenAI's stream: pieces of the sound, whose bytes in a row are the file, then what it took. */
async function* serverSent(
  events: AsyncGenerator<Event, void, void>,
  format: Format,
): AsyncGenerator<ServerSentEvent, void, void> {
  const delta = (bytes: Uint8Array) => {
    const type = "speech.audio.delta";
    return { event: type, data: { type, audio: Buffer.from(bytes).toString("base64") } };
  };
  for await (const event of events) {
    if (event.type === "speech-chunk" && format === "pcm") yield delta(pcmOf(event.samples));
    if (event.type !== "run-end") continue;
    const { speeches, usage } = event.result;
    if (format !== "pcm") yield delta((speeches[0] as GeneratedSpeech).bytes);
    const { inputTokens: input_tokens, outputTokens: output_tokens, totalTokens: total_tokens } = usage;
    const type = "speech.audio.done";
    yield { event: type, data: { type, usage: { input_tokens, output_tokens, total_tokens } } };
  }
}
