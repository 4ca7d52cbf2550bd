/** A server as OpenAI's own client sees it. */
import OpenAI, { toFile } from "openai";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  generateImage,
  generateSpeech,
  generateText,
  type ImageModel,
  readMarking,
  type SpeechModel,
  type TextModel,
} from "../../src/index.js";
import { createServer, type RunningServer } from "../../src/serve/index.js";
import { type ServedModels, servedModels } from "../support/served-models.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { TINY_SIDE } from "../support/tiny-image-model.js";

const folder = temporaryFolder();
let [image, speech, text]: [ImageModel, SpeechModel, TextModel] = [] as never;
let models: ServedModels;
let server: RunningServer;
let client: OpenAI;

beforeAll(async () => {
  models = await servedModels(folder);
  ({ image, speech, text } = models);
  const aliases = { "gpt-image-1": "tiny" };
  server = await createServer({ images: [image], speech: [speech], texts: [text], aliases, port: 0 });
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none", maxRetries: 0 });
});
afterAll(async () => {
  await server.close();
  await models[Symbol.asyncDispose]();
});

const bytesOf = (base64: string | undefined) => new Uint8Array(Buffer.from(base64!, "base64"));
const drawn = async (options: object) =>
  (await generateImage({ model: image, prompt: "red apple", ...options })).images.map(
    ({ bytes }) => new Uint8Array(bytes),
  );
const white = (alpha: (x: number) => number) => {
  const rgba = Uint8Array.from({ length: 4 * TINY_SIDE ** 2 }, (_, i) => {
    return i % 4 === 3 ? alpha((i >> 2) % TINY_SIDE) : 200;
  });
  return sharp(rgba, { raw: { width: TINY_SIDE, height: TINY_SIDE, channels: 4 } })
    .png()
    .toBuffer();
};

test("lists its models", async () => {
  const { data } = await client.models.list();
  expect(data.map(({ id }) => id)).toEqual(["tiny", "tiny-voice", "words"]);
  expect(await client.models.retrieve("tiny")).toMatchObject({ id: "tiny", object: "model", medium: "image" });
});

describe("pictures", () => {
  test("are those of generateImage, and say by which seed they come again", async () => {
    const asked = { model: "gpt-image-1", prompt: "red apple", n: 2, style: "round", output_format: "webp" } as const;
    const answer = await client.images.generate({ ...asked, seed: 5, quality: "high" } as never);
    const expected = await drawn({ seed: 5, n: 2, style: "round", format: "webp" });
    const { data, usage, ...rest } = answer as OpenAI.ImagesResponse & { warnings: string[] };
    expect(data!.map(({ b64_json }) => bytesOf(b64_json))).toEqual(expected);
    expect(usage).toMatchObject({ input_tokens: 6, total_tokens: usage!.input_tokens + usage!.output_tokens });
    expect(rest).toMatchObject({ output_format: "webp", size: `${TINY_SIDE}x${TINY_SIDE}`, seed: 5, model: "tiny" });
    expect(rest.warnings).toEqual(['"quality" has no effect here.']);
    const seeds = new Set<unknown>();
    for (const _ of [1, 2]) seeds.add(((await client.images.generate({ prompt: "red" })) as { seed?: number }).seed);
    expect(seeds.size).toBe(2);
  });

  test("come as a URL that holds them where asked for", async () => {
    const { data } = await client.images.generate({ prompt: "red apple", response_format: "url", seed: 1 } as never);
    const [before, base64] = data![0]!.url!.split(",");
    expect(before).toBe("data:image/png;base64");
    expect([bytesOf(base64)]).toEqual(await drawn({ seed: 1 }));
  });

  test("are shown in the making", async () => {
    const asked = { prompt: "red apple", seed: 3, decoding: "next-token", stream: true, partial_images: 2 } as const;
    const events: { type: string; b64_json: string }[] = [];
    const stream = (await client.images.generate(asked as never)) as unknown as AsyncIterable<(typeof events)[number]>;
    for await (const event of stream) events.push(event);
    const types = events.map(({ type }) => type.replace("image_generation.", ""));
    expect(types).toEqual(["partial_image", "partial_image", "completed"]);
    expect(events.slice(0, 2)).toMatchObject([{ partial_image_index: 0 }, { partial_image_index: 1 }]);
    expect([bytesOf(events[2]!.b64_json)]).toEqual(await drawn({ seed: 3, decoding: "next-token" }));
    expect(await sharp(bytesOf(events[0]!.b64_json)).metadata()).toMatchObject({ format: "png", width: TINY_SIDE });
    expect(events[2]).toMatchObject({ usage: { total_tokens: expect.any(Number) }, seed: 3 });
  });

  test.each(["its own", "transparency of the picture"])("are edited by a mask: %s", async (kind) => {
    const clear = await white((x) => (x < 8 ? 0 : 255));
    const source = await toFile(kind === "its own" ? await white(() => 255) : clear, "a.png", { type: "image/png" });
    const mask = kind === "its own" ? { mask: await toFile(clear, "mask.png", { type: "image/png" }) } : {};
    const { data } = await client.images.edit({ image: source, ...mask, prompt: "red", seed: 2, seam: 0 } as never);
    const pixels = await sharp(bytesOf(data![0]!.b64_json)).raw().toBuffer();
    const differ = (x: number) => [...pixels.subarray(4 * x, 4 * x + 3)].join() !== "200,200,200";
    expect(Array.from({ length: TINY_SIDE }, (_, x) => differ(x)).slice(8)).toEqual(Array(TINY_SIDE - 8).fill(false));
    expect(Array.from({ length: 8 }, (_, x) => differ(x))).toContain(true);
    expect((await readMarking(bytesOf(data![0]!.b64_json)))?.digitalSourceType).toMatch(/composite/);
  });
});

describe("speech", () => {
  const asked = { model: "tiny-voice", voice: "", input: "hello world" };
  const said = async () => (await generateSpeech({ model: speech, text: asked.input })).speeches[0]!;

  test("is the file of generateSpeech", async () => {
    const { voice: _, ...rest } = asked;
    const answer = await client.audio.speech.create({ ...rest, response_format: "wav" } as never);
    expect(answer.headers.get("content-type")).toBe("audio/wav");
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(new Uint8Array((await said()).bytes));
  });

  test("comes in pieces as samples", async () => {
    const { voice: _, ...rest } = asked;
    const answer = await client.audio.speech.create({ ...rest, response_format: "pcm" } as never);
    const samples = new Int16Array(await answer.arrayBuffer());
    const expected = (await said()).samples;
    expect(samples).toHaveLength(expected.length);
    expect(Math.max(...samples.map((sample, i) => Math.abs(sample - 32767 * expected[i]!)))).toBeLessThanOrEqual(1);
  });

  test("and as events", async () => {
    const { voice: _, ...rest } = asked;
    const body = { ...rest, response_format: "pcm", stream_format: "sse" };
    const events = await (await client.audio.speech.create(body as never)).text();
    expect(events.match(/^event: speech\.audio\.delta$/gm)!.length).toBeGreaterThan(1);
    expect(events).toMatch(/event: speech\.audio\.done\ndata: .*"output_tokens":\d+/);
  });
});

describe("texts", () => {
  const messages = [{ role: "user", content: "Hello" }] as const;
  const settings = { model: "words", seed: 4, temperature: 1, max_tokens: 12 } as const;
  const written = (n = 1) => generateText({ model: text, messages, seed: 4, temperature: 1, maxOutputTokens: 12, n });

  test("are those of generateText", async () => {
    const parts = [{ role: "user", content: [{ type: "text", text: "Hello" }] }] as const;
    const asked = { ...settings, messages: [...parts], n: 2, logprobs: true, top_logprobs: 2 };
    const { choices, usage, object } = await client.chat.completions.create(asked as never);
    const { texts, usage: used } = await written(2);
    expect(object).toBe("chat.completion");
    expect(choices.map(({ message }) => message.content)).toEqual(texts.map((item) => item.text));
    expect(choices.map((choice) => choice.finish_reason)).toEqual(texts.map((item) => item.finishReason));
    expect(choices[0]!.logprobs!.content![0]!.top_logprobs).toHaveLength(2);
    expect(usage).toMatchObject({ prompt_tokens: used.inputTokens, completion_tokens: used.outputTokens });
  });

  test("come piece by piece", async () => {
    const asked = { ...settings, messages: [...messages], stream: true, stream_options: { include_usage: true } };
    let [all, end, usage]: [string, string | null, unknown] = ["", null, null];
    let chunks = 0;
    const stream = await client.chat.completions.create(asked as never);
    for await (const chunk of stream as unknown as AsyncIterable<OpenAI.ChatCompletionChunk>) {
      const { choices, usage: used } = chunk;
      all += choices[0]?.delta.content ?? "";
      end ??= choices[0]?.finish_reason ?? null;
      usage = used;
      chunks++;
    }
    const expected = await written();
    expect({ all, end }).toEqual({ all: expected.text, end: expected.finishReason });
    expect(usage).toMatchObject({ completion_tokens: expected.usage.outputTokens });
    expect(chunks).toBeGreaterThan(4);
  });

  test("keep to a negative prompt", async () => {
    const asked = {
      ...settings,
      messages: [...messages],
      guidance: 3,
      negative_prompt: "b",
      decoding: "prompt-lookup",
    };
    const { choices } = await client.chat.completions.create(asked as never);
    const guided = { guidance: 3, negativePrompt: "b", decoding: "prompt-lookup" } as const;
    const expected = await generateText({
      model: text,
      messages,
      seed: 4,
      temperature: 1,
      maxOutputTokens: 12,
      ...guided,
    });
    expect(choices[0]!.message.content).toBe(expected.text);
    expect(expected.text).not.toBe((await written()).text);
  });

  test("keep to a schema", async () => {
    const schema = { type: "object", properties: { a: { enum: [1, 2] } }, required: ["a"] };
    const format = { type: "json_schema", json_schema: { name: "answer", schema } };
    const asked = { ...settings, max_tokens: 100, messages: [...messages], response_format: format };
    const { choices } = await client.chat.completions.create(asked as never);
    expect([1, 2]).toContain(JSON.parse(choices[0]!.message.content!).a);
  });
});

describe("what cannot be", () => {
  const chat = { model: "words", messages: [{ role: "user", content: "a" }] };
  test.each<[string, object, number, string | null, string]>([
    ["/images/generations", { model: "tiny", prompt: "a", size: "1024x1024" }, 400, "size", "argument"],
    ["/images/generations", { model: "tini", prompt: "a" }, 404, "model", "model_not_found"],
    ["/images/generations", { model: "words", prompt: "a" }, 404, "model", "model_not_found"],
    ["/images/generations", { prompt: "a", style: "vivid" }, 400, "style", "unknown-name"],
    ["/images/generations", { prompt: "a", partial_images: 9 }, 400, "partial_images", "argument"],
    ["/images/generations", { prompt: 7 }, 400, "prompt", "argument"],
    ["/images/generations", { promt: "a" }, 400, "body", "argument"],
    ["/images/generations", { prompt: "a", stream: true, n: 0 }, 400, "n", "argument"],
    ["/audio/speech", { model: "tiny-voice" }, 400, "input", "argument"],
    ["/audio/speech", { input: "a", voice: "alloy" }, 400, "voice", "unknown-name"],
    ["/chat/completions", { ...chat, tools: [] }, 400, "body", "argument"],
    ["/chat/completions", { ...chat, max_tokens: 1e6 }, 400, "max_completion_tokens", "argument"],
    ["/chat/completions", { ...chat, response_format: { type: "json_object" } }, 400, "response_format", "argument"],
    ["/chat/completions", { ...chat, negative_prompt: "b" }, 400, "negative_prompt", "argument"],
    ["/chat/completions", { ...chat, repetition_penalty: 0 }, 400, "repetition_penalty", "argument"],
    [
      "/chat/completions",
      { ...chat, messages: [{ role: "user", content: [{ type: "image_url" }] }] },
      400,
      "messages.0.content",
      "argument",
    ],
    ["/chat/completion", chat, 404, null, "not_found"],
  ])("%s %j", async (path, body, status, param, code) => {
    const failure = await client.post(path, { body }).then(
      () => null,
      (error: unknown) => error as InstanceType<typeof OpenAI.APIError>,
    );
    expect(failure).toBeInstanceOf(OpenAI.APIError);
    expect(failure).toMatchObject({ status, param, code });
    expect(failure!.message).toMatch(/\w+.*\.$/);
  });

  test.each<[string, RequestInit, number]>([
    ["no JSON", { body: "{", headers: { "Content-Type": "application/json" } }, 400],
    ["what a page may send unasked", { body: "{}", headers: { "Content-Type": "text/plain" } }, 415],
    [
      "another origin",
      { body: "{}", headers: { "Content-Type": "application/json", Origin: "https://a.example" } },
      403,
    ],
    ["a long body", { body: `"${"a".repeat(2 ** 20)}"`, headers: { "Content-Type": "application/json" } }, 413],
  ])("%s", async (_, init, status) => {
    const answer = await fetch(`${server.url}/v1/images/generations`, { method: "POST", ...init });
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ error: { message: expect.any(String), code: expect.any(String) } });
  });
});

test("health and metrics", async () => {
  await client.images.generate({ prompt: "red", seed: 1 } as never);
  expect(await (await fetch(`${server.url}/health`)).json()).toMatchObject({ status: "ok" });
  const answer = await fetch(`${server.url}/metrics`);
  expect(answer.headers.get("content-type")).toMatch(/^text\/plain/);
  const metrics = await answer.text();
  expect(metrics).toMatch(/^tessera_requests_total\{route="\/v1\/images\/generations",status="200"\} [1-9]/m);
  expect(metrics).toMatch(/^tessera_tokens_total\{model="tiny",direction="output"\} [1-9]/m);
  expect(metrics).toMatch(/^tessera_queue_requests\{model="tiny",state="waiting"\} 0$/m);
  expect(metrics).toMatch(/^process_resident_memory_bytes [1-9]/m);
});
