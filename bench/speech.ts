/**
 * The default voice, or the folder that VOICE names, on two threads: time to load, time to the first sound of a short phrase and of a long
 * sentence, speech made in how much of its time, and how much memory a text of ten minutes takes while it is streamed.
 *   npm run bench -- speech      VOICE=folder npm run bench -- speech
 * Each figure is of a process of its own. MINUTES shortens the long text.
 */
import { loadSpeechModel } from "../src/audio/model.js";
import { streamSpeech } from "../src/audio/generate-speech.js";
import { inOwnProcess, isScript, peakMemory } from "./own-process.js";

const THREADS = 2;
const SHORT = ["button", "search, edit text"];
const LONG =
  "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, and nobody in " +
  "the whole wide valley could tell which of these would win in the end.";

export async function speech(): Promise<void> {
  const voice = process.env.VOICE ?? "";
  const { load, phrase, menu, sentence, warm, factor } = inOwnProcess(import.meta.url, "latency", voice);
  const { start, minute, end, seconds, longFactor } = inOwnProcess(
    import.meta.url,
    "memory",
    voice,
    process.env.MINUTES ?? "10",
  );
  const ms = (n: number | undefined) => `${n!.toFixed(0)} ms`;
  const mb = (n: number | undefined) => `${(n! / 2 ** 20).toFixed(0)} MB`;
  console.log(`speech on ${THREADS} threads${voice && `, ${voice}`}`);
  console.log(
    `  load ${ms(load)}; first sound: "button" ${ms(phrase)}, "search, edit text" ${ms(menu)}, a long sentence ${ms(sentence)}, again ${ms(warm)}`,
  );
  console.log(
    `  a sentence takes ${factor!.toFixed(3)} of its time; ${seconds!.toFixed(0)} s of text take ${longFactor!.toFixed(3)}`,
  );
  console.log(`  memory: ${mb(start)} loaded, ${mb(minute)} after a minute, ${mb(end)} at the end`);
}

/** Speaks a text and throws the sound away: milliseconds to the first piece and in all, seconds of sound. */
async function listen(
  model: Awaited<ReturnType<typeof loadSpeechModel>>,
  text: string | AsyncIterable<string>,
  heard = (_: number) => {},
) {
  const began = performance.now();
  let [first, samples] = [0, 0];
  for await (const event of streamSpeech({ model, text, keep: "times" })) {
    if (event.type !== "speech-chunk") continue;
    first ||= performance.now() - began;
    samples += event.samples.length;
    heard(samples / model.sampleRate);
  }
  return { first, all: performance.now() - began, seconds: samples / model.sampleRate };
}

async function main(kind: string, voice: string, minutes: number): Promise<Readonly<Record<string, number>>> {
  const began = performance.now();
  await using model = await loadSpeechModel(voice || undefined, { device: "cpu", threads: THREADS });
  const load = performance.now() - began;
  if (kind === "latency") {
    const [phrase, menu, sentence] = [
      await listen(model, SHORT[0]!),
      await listen(model, SHORT[1]!),
      await listen(model, LONG),
    ];
    const warm = await listen(model, LONG);
    return {
      load,
      phrase: phrase.first,
      menu: menu.first,
      sentence: sentence.first,
      warm: warm.first,
      factor: warm.all / 1000 / warm.seconds,
    };
  }
  await listen(model, LONG);
  const start = process.memoryUsage.rss();
  let spoken = 0;
  let minute = 0;
  async function* text() {
    while (spoken < 60 * minutes) yield `${LONG} `;
  }
  const { all, seconds } = await listen(model, text(), (now) => {
    spoken = now;
    if (now > 60 && minute === 0) minute = process.memoryUsage.rss();
  });
  return {
    start,
    minute: minute || start,
    end: process.memoryUsage.rss(),
    peak: await peakMemory(),
    seconds,
    longFactor: all / 1000 / seconds,
  };
}

if (isScript(import.meta.url))
  console.log(JSON.stringify(await main(process.argv[2]!, process.argv[3]!, Number(process.argv[4]))));
