/** Texts of a small random model: batches, streams, ends, penalties, constraints, and requests that cannot be met. */
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ArgumentError, ConstraintError, TemplateError } from "../../src/base/errors.js";
import type { TextEvent } from "../../src/text/events.js";
import { generateText, type GenerateTextOptions, streamText } from "../../src/text/generate-text.js";
import { parseTextManifest } from "../../src/text/generated-text.js";
import { loadTextModel } from "../../src/text/model.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { TINY_CONFIG, writeTinyTextModel } from "../support/tiny-text-model.js";

const folder = await writeTinyTextModel(join(temporaryFolder(), "tiny"));
const model = await loadTextModel(folder, { device: "cpu", threads: 1 });
afterAll(() => model.close());

const PROMPT = { prompt: "The quick brown", maxOutputTokens: 24 };
const idsOf = async (options: GenerateTextOptions) =>
  (await generateText({ model, ...options })).texts.map(({ ids }) => [...ids]);

test("a text has ids, usage, a manifest and a reason why it ended", async () => {
  const { texts, text, usage, finishReason, seed, warnings } = await generateText({ model, ...PROMPT, seed: 3 });
  const [first] = texts;
  expect(first).toMatchObject({ index: 0, seed: 3, stopSequence: null, logprobs: null });
  expect(first!.text).toBe(text);
  expect(model.tokenizer.decode(first!.ids)).toBe(text);
  expect(usage).toMatchObject({
    inputTokens: model.tokenizer.encode(PROMPT.prompt).length,
    outputTokens: first!.ids.length,
  });
  expect(["stop", "length"]).toContain(finishReason);
  expect(seed).toBe(3);
  expect(warnings).toEqual([]);
  expect(first!.manifest.tokens.count).toBe(first!.ids.length);
  expect(parseTextManifest(JSON.parse(JSON.stringify(first!.manifest)))).toEqual(first!.manifest);
});

describe("an item is the same alone and in a batch", () => {
  test.each([["f32"], ["q8"]] as const)("%s", async (precision) => {
    await using own = await loadTextModel(folder, { device: "cpu", threads: 1, precision });
    const all = await generateText({ model: own, ...PROMPT, n: 4, seed: 5 });
    for (let firstIndex = 0; firstIndex < 4; firstIndex++) {
      const { texts } = await generateText({ model: own, ...PROMPT, seed: 5, firstIndex });
      expect([...texts[0]!.ids]).toEqual([...all.texts[firstIndex]!.ids]);
    }
    expect(new Set(all.texts.map(({ text }) => text)).size).toBeGreaterThan(1);
  });
});

test("jacobi writes what next-token writes, in fewer passes where guesses hold", async () => {
  const request = { ...PROMPT, n: 2, seed: 9, logitBias: { 0: -100 } };
  expect(await idsOf({ ...request, decoding: "jacobi" })).toEqual(await idsOf(request));
  // Where one id is all but certain, repeating it is right.
  const sure = { ...request, logitBias: { 265: 100 } };
  const { usage } = await generateText({ model, ...sure, decoding: "jacobi" });
  expect(usage.forwardPasses).toBeLessThan(usage.outputTokens / 3);
});

test("the stream's pieces are the texts, and each text ends once", async () => {
  const events: TextEvent[] = [];
  for await (const event of streamText({ model, ...PROMPT, n: 3, seed: 1, stopSequences: ["e"] })) events.push(event);
  const pieces = ["", "", ""];
  for (const event of events) if (event.type === "text-delta") pieces[event.index] += event.text;
  const end = events.at(-1)!;
  if (end.type !== "run-end") throw new Error("the last event is run-end");
  expect(pieces).toEqual(end.result.texts.map(({ text }) => text));
  expect(events.filter(({ type }) => type === "text-end").length).toBe(3);
  expect(events[0]!.type).toBe("run-start");
});

test("a stop sequence ends a text before it, wherever its tokens begin", async () => {
  const plain = (await generateText({ model, ...PROMPT, seed: 2, logitBias: { 0: -100 } })).text;
  const sequence = plain.slice(7, 11);
  const at = plain.indexOf(sequence);
  const { texts } = await generateText({
    model,
    ...PROMPT,
    seed: 2,
    logitBias: { 0: -100 },
    stopSequences: ["never", sequence],
  });
  expect(texts[0]).toMatchObject({ text: plain.slice(0, at), finishReason: "stop", stopSequence: sequence });
});

test("an end token ends a text; the others go on", async () => {
  const { texts } = await generateText({ model, ...PROMPT, n: 4, seed: 4, logitBias: { 0: 4.5 }, maxOutputTokens: 60 });
  const lengths = texts.map(({ ids }) => ids.length);
  expect(new Set(lengths).size).toBeGreaterThan(1);
  for (const { ids, finishReason } of texts) expect(ids.indexOf(0)).toBe(finishReason === "stop" ? ids.length - 1 : -1);
});

test("a prompt read in pieces is the prompt", async () => {
  // 700 tokens take two passes; the same model with a short context would have to say so.
  const long = Array.from({ length: 350 }, (_, i) => `${i % 10} `).join("");
  const ids = model.tokenizer.encode(long);
  expect(ids.length).toBeGreaterThan(520);
  const whole = await generateText({ model, prompt: long, maxOutputTokens: 4, temperature: 0, logprobs: 3 });
  await using reference = await loadTextModel(folder, { device: "reference" });
  const other = await generateText({ model: reference, prompt: long, maxOutputTokens: 4, temperature: 0, logprobs: 3 });
  expect([...whole.texts[0]!.ids]).toEqual([...other.texts[0]!.ids]);
  const [a, b] = [whole, other].map(({ texts }) => texts[0]!.logprobs!.map(({ logprob }) => logprob));
  a!.forEach((value, i) => expect(value).toBeCloseTo(b![i]!, 3));
}, 60_000);

test("logprobs are the model's own, whatever the sampling", async () => {
  const { texts } = await generateText({ model, ...PROMPT, temperature: 0, logprobs: 5, maxOutputTokens: 6 });
  const cold = texts[0]!.logprobs!;
  expect(cold.length).toBe(texts[0]!.ids.length);
  for (const { id, logprob, top } of cold) {
    expect(top[0]).toMatchObject({ id, logprob });
    expect(top.map(({ logprob }) => logprob)).toEqual(top.map(({ logprob }) => logprob).toSorted((x, y) => y - x));
    expect(top.length).toBe(5);
    expect(logprob).toBeLessThan(0);
  }
});

describe("the texts of next-token in fewer passes", () => {
  // A text that repeats itself, as code and lists do.
  const asked = {
    prompt: "x",
    maxOutputTokens: 80,
    constraint: { regex: "(7 9 4 )+" },
    logitBias: { 0: -100 },
    n: 2,
    seed: 4,
  };

  test.each([["prompt-lookup"], [{ kind: "prompt-lookup", longest: 2, guesses: 4 }]] as const)(
    "%o",
    async (decoding) => {
      const plain = await generateText({ model, ...asked });
      const { texts, usage } = await generateText({ model, ...asked, decoding });
      expect(texts.map(({ ids }) => [...ids])).toEqual(plain.texts.map(({ ids }) => [...ids]));
      expect(usage.forwardPasses).toBeLessThan(usage.outputTokens * 0.8);
      expect(texts[0]!.manifest.decoding).toMatchObject({ kind: "prompt-lookup" });
    },
  );
});

describe("guidance", () => {
  const asked = { ...PROMPT, seed: 6, n: 2 };

  test("away from the prompt itself leads nowhere; from something else, elsewhere", async () => {
    const plain = await idsOf(asked);
    expect(await idsOf({ ...asked, guidance: 3, negativePrompt: PROMPT.prompt })).toEqual(plain);
    const away = await idsOf({ ...asked, guidance: 3, negativePrompt: "A slow" });
    expect(away).not.toEqual(plain);
    expect(away).not.toEqual(await idsOf({ ...asked, guidance: 3 }));
    expect(await idsOf({ ...asked, guidance: 3, negativePrompt: "A slow", firstIndex: 1, n: 1 })).toEqual([away[1]]);
  });

  test("follows the same tokens in every order, and its manifest says so", async () => {
    const guided = { ...asked, guidance: 2, negativePrompt: "A slow" };
    const plain = await generateText({ model, ...guided });
    for (const decoding of ["jacobi", "prompt-lookup"] as const)
      expect(await idsOf({ ...guided, decoding })).toEqual(plain.texts.map(({ ids }) => [...ids]));
    const { sampling, negativePromptSha256 } = plain.texts[0]!.manifest;
    expect(sampling.guidance).toBe(2);
    expect(negativePromptSha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test("in a conversation the negative prompt stands in for the system message", async () => {
    const messages = [
      { role: "system", content: "be kind" },
      { role: "user", content: "hello" },
    ];
    const plain = await idsOf({ messages, maxOutputTokens: 8 });
    const guided = { messages, maxOutputTokens: 8, guidance: 3 };
    expect(await idsOf({ ...guided, negativePrompt: "be kind" })).toEqual(plain);
    expect(await idsOf({ ...guided, negativePrompt: "shout" })).not.toEqual(plain);
  });

  test("a negative prompt without guidance is refused", async () => {
    await expect(generateText({ model, ...PROMPT, negativePrompt: "A slow" })).rejects.toThrow(/guidance above 1/);
    await expect(generateText({ model, ...PROMPT, guidance: 0.5 })).rejects.toThrow(ArgumentError);
  });
});

test("penalties and biases change what is drawn", async () => {
  const greedy = { ...PROMPT, temperature: 0, maxOutputTokens: 40, logitBias: { 0: -100 } };
  const [plain] = await idsOf(greedy);
  const [once] = await idsOf({ ...greedy, presencePenalty: 100 });
  expect(new Set(once).size).toBe(40);
  expect(new Set(plain).size).toBeLessThan(40);
  const [penalised] = await idsOf({ ...greedy, repetitionPenalty: 100 });
  const prompt = model.tokenizer.encode(PROMPT.prompt);
  expect(penalised!.slice(0, 5).some((id) => prompt.includes(id))).toBe(false);
  const [forced] = await idsOf({ ...greedy, logitBias: { 300: 100 } });
  expect(new Set(forced)).toEqual(new Set([300]));
});

describe("a constraint is met", () => {
  test.each(["next-token", "jacobi"] as const)("%s", async (decoding) => {
    const jsonSchema = {
      type: "object",
      properties: { a: { type: "integer" }, b: { enum: ["x", "yy"] } },
      required: ["a", "b"],
    };
    const { texts } = await generateText({
      model,
      prompt: "x",
      n: 6,
      seed: 8,
      maxOutputTokens: 200,
      constraint: { jsonSchema },
      decoding,
    });
    for (const { text, finishReason } of texts) {
      if (finishReason === "length") continue;
      expect(JSON.parse(text)).toEqual({ a: expect.any(Number), b: expect.stringMatching(/^(x|yy)$/) });
    }
    expect(texts.filter(({ finishReason }) => finishReason === "stop").length).toBeGreaterThan(2);
  });

  test("choices", async () => {
    const choices = ["red", "green"];
    const { texts } = await generateText({ model, prompt: "x", n: 8, constraint: { choices } });
    for (const { text } of texts) expect(choices).toContain(text);
  });
});

test("a conversation is what the template makes of it", async () => {
  const messages = [{ role: "user", content: "hello" }];
  const same = { prompt: "<user>hello\n<assistant>", maxOutputTokens: 8 };
  expect(await idsOf({ messages, maxOutputTokens: 8 })).toEqual(await idsOf(same));
  const open = await idsOf({ messages: [{ role: "user", content: "hel" }], continueLast: true, maxOutputTokens: 8 });
  expect(open).toEqual(await idsOf({ ...same, prompt: "<user>hel" }));
});

test("a signal ends a run between two passes", async () => {
  const stop = new AbortController();
  const events: string[] = [];
  const run = async () => {
    for await (const { type } of streamText({
      model,
      ...PROMPT,
      maxOutputTokens: 500,
      signal: stop.signal,
      logitBias: { 0: -100 },
    })) {
      events.push(type);
      if (type === "text-delta") stop.abort(new Error("enough"));
    }
  };
  await expect(run()).rejects.toThrow("enough");
  expect(events.length).toBeLessThan(20);
  expect((await generateText({ model, ...PROMPT })).text).toBeTypeOf("string"); // the model is still usable
});

describe("a request that cannot be met says so", () => {
  test.each<[string, Record<string, unknown>, new (...args: never[]) => Error]>([
    ["nothing to go on from", {}, ArgumentError],
    ["two things to go on from", { ...PROMPT, messages: [] }, ArgumentError],
    ["an empty prompt", { prompt: "" }, ArgumentError],
    ["a prompt of 1 MB", { prompt: "word ".repeat(200_000) }, ArgumentError],
    ["more than 1 MB", { prompt: "x".repeat(1_000_001) }, ArgumentError],
    [
      "more tokens than there is room",
      { prompt: "a", maxOutputTokens: TINY_CONFIG.max_position_embeddings },
      ArgumentError,
    ],
    ["an unknown option", { ...PROMPT, maxTokens: 3 }, ArgumentError],
    ["a temperature below 0", { ...PROMPT, temperature: -1 }, ArgumentError],
    ["a bias for an id that is none", { ...PROMPT, logitBias: { 99999: 1 } }, ArgumentError],
    ["an empty stop sequence", { ...PROMPT, stopSequences: [""] }, ArgumentError],
    ["an impossible schema", { ...PROMPT, constraint: { jsonSchema: false } }, ConstraintError],
    ["a strange message", { messages: ["hello"] }, ArgumentError],
    [
      "a conversation that cannot be continued",
      { messages: [{ role: "user", content: { no: "text" } }], continueLast: true },
      TemplateError,
    ],
  ])("%s", async (_, options, kind) => {
    await expect(generateText({ model, ...options } as unknown as GenerateTextOptions)).rejects.toThrow(kind);
  });

  test("no model", () => {
    expect(() => streamText({ prompt: "x" })).toThrow(ArgumentError);
  });
});
