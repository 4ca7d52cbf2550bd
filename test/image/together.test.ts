/** Requests that are drawn together: each stream tells what it would tell alone, whatever becomes of the others. */
import { getEventListeners } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import {
  ArgumentError,
  type DecodingName,
  type GenerateImageOptions,
  generateImage,
  type ImageEvent,
  type ImageModel,
  type ImageResult,
  loadImageModel,
  streamImage,
  streamImages,
} from "../../src/index.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { writeTinyImageModel } from "../support/tiny-image-model.js";

const ORDERS: readonly DecodingName[] = ["next-scale", "next-token", "jacobi", "next-neighbor"];

const folder = temporaryFolder();
let model: ImageModel;
beforeAll(async () => {
  await writeTinyImageModel(folder, undefined, ["next-scale", "next-token", "next-neighbor"]);
  model = await loadImageModel(folder, { device: "cpu", threads: 1 });
});
afterAll(() => model.close());
afterEach(() => vi.restoreAllMocks());

/** What is told, without clocks. */
async function told(events: AsyncIterable<ImageEvent>) {
  const out: object[] = [];
  for await (const event of events) {
    if (event.type !== "run-end") out.push(event.type === "image-end" ? event.image.manifest : event);
    else {
      const { images, usage, warnings, seed } = event.result;
      out.push({ ids: images.map(({ ids }) => ids), bytes: images.map(({ bytes }) => bytes), warnings, seed });
      out.push({ ...usage, milliseconds: 0 });
    }
  }
  return out;
}

const resultOf = async (events: AsyncIterable<ImageEvent>): Promise<ImageResult> => {
  for await (const event of events) if (event.type === "run-end") return event.result;
  throw new Error("no result");
};

/** Sees the batches that are begun in an order. */
async function watched(decoding: DecodingName) {
  const route = model.routes.find(({ decodings }) => decodings.includes(decoding))!;
  return vi.spyOn(await route.network(), "begin");
}

const REQUESTS = [
  { prompt: "red apple", seed: 7, n: 2 },
  { prompt: ["le", "apple apple"], seed: 8, style: "round", format: "webp" },
  { prompt: "apple ".repeat(20), seed: 9, size: "20x20", firstIndex: 3, previewEvery: 2 },
] as const;

describe.each(ORDERS)("%s", (decoding) => {
  test("each request is told what it would be told alone", async () => {
    const requests = REQUESTS.map((request): GenerateImageOptions => ({ model, decoding, ...request }));
    const alone = [];
    for (const request of requests) alone.push(await told(streamImage(request)));
    const begin = await watched(decoding);
    expect(await Promise.all(streamImages(requests).map(told))).toEqual(alone);
    expect(begin).toHaveBeenCalledTimes(decoding === "jacobi" ? 5 : 1);
  });
});

describe("requests", () => {
  const request = (seed: number, options: Partial<GenerateImageOptions> = {}): GenerateImageOptions =>
    ({ model, prompt: "red apple", seed, decoding: "next-token", ...options }) as GenerateImageOptions;
  const idsAlone = async (seed: number) => (await generateImage(request(seed))).images[0]!.ids;
  const ids = async (events: AsyncIterable<ImageEvent>) => (await resultOf(events)).images[0]!.ids;

  test("that differ in how they are drawn go one after the other", async () => {
    const begin = await watched("next-token");
    const all = [request(1), request(2, { temperature: 0.5 }), request(3), request(4, { decoding: "next-scale" })];
    const results = await Promise.all(streamImages(all).map(resultOf));
    expect(begin.mock.calls.map(([{ seed }]) => seed)).toEqual([[1, 3], [2]]);
    for (const [i, options] of all.entries())
      expect(results[i]!.images[0]!.ids).toEqual((await generateImage(options)).images[0]!.ids);
  });

  test("that fail, are aborted before or on the way, or are left, leave the others as they are", async () => {
    const [early, midway] = [new AbortController(), new AbortController()];
    early.abort(new Error("early"));
    const [first, wrong, gone, stopped, left, never, last] = streamImages([
      request(1),
      request(2, { style: "no such style" }),
      request(3, { signal: early.signal }),
      request(4, { signal: midway.signal }),
      request(5),
      request(6),
      request(7),
    ]);
    const passes = async (events: AsyncIterable<ImageEvent>, then: () => void) => {
      for await (const event of events) if (event.type === "tokens-accept" && event.forwardPasses === 3) return then();
    };
    const ends = Promise.allSettled([
      ids(first!),
      told(wrong!),
      told(gone!),
      (async () => {
        for await (const event of stopped!)
          if (event.type === "tokens-accept" && event.forwardPasses === 4) midway.abort(new Error("midway"));
      })(),
      passes(left!, () => {}),
      never!.return(),
      ids(last!),
    ]);
    expect(await ends).toMatchObject([
      { value: await idsAlone(1) },
      { reason: { code: "unknown-name" } },
      { reason: new Error("early") },
      { reason: new Error("midway") },
      { status: "fulfilled" },
      { value: { done: true } },
      { value: await idsAlone(7) },
    ]);
  });

  test("stop after the pass that they are in when all have gone", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const begin = await watched("next-token");
    const run = async (events: AsyncIterable<ImageEvent>) => {
      for await (const event of events) if (event.type === "tokens-accept") controller.abort(new Error("gone"));
    };
    const streams = streamImages([request(1, { signal }), request(2, { signal })]);
    const ends = await Promise.allSettled(streams.map(run));
    expect(ends.map((end) => (end as PromiseRejectedResult).reason)).toEqual([new Error("gone"), new Error("gone")]);
    expect(begin).toHaveBeenCalledTimes(1);
    expect(await idsAlone(1)).toEqual((await generateImage(request(1))).images[0]!.ids);
  });

  test("may share a signal, on which nothing is left behind, and of which Node does not warn", async () => {
    const { signal } = new AbortController();
    const warned = vi.spyOn(process, "emitWarning");
    await Promise.all(streamImages(Array.from({ length: 12 }, (_, seed) => request(seed, { signal }))).map(resultOf));
    expect(getEventListeners(signal, "abort")).toEqual([]);
    expect(warned).not.toHaveBeenCalled();
  });

  test("wait for one that reads slowly, and not for one that has left", async () => {
    const [slow, other] = streamImages([request(1), request(2)]);
    let done = false;
    const rest = ids(other!).finally(() => (done = true));
    for (let event = await slow!.next(); !event.done; event = await slow!.next())
      if (event.value.type === "tokens-accept") break;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(done).toBe(false);
    await slow!.return();
    expect(await rest).toEqual(await idsAlone(2));
  });

  test("that share a failure all hear of it, and the next ones are drawn", async () => {
    const begin = await watched("next-token");
    begin.mockRejectedValueOnce(new Error("out of memory"));
    const ends = await Promise.allSettled(streamImages([request(1), request(2)]).map(resultOf));
    expect(ends).toMatchObject([{ reason: new Error("out of memory") }, { reason: new Error("out of memory") }]);
    expect(await Promise.all(streamImages([request(1), request(2)]).map(ids))).toEqual([
      await idsAlone(1),
      await idsAlone(2),
    ]);
  });

  test.each([[[]], [{}], [Array(1001).fill({})]])("%#: what is no list of them is refused", (requests) => {
    expect(() => streamImages(requests as never)).toThrow(ArgumentError);
  });
});
