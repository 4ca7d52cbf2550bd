/** Servers from their start to their end: who may ask, how many, who leaves, what close() waits for. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Hono } from "hono";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ArgumentError, generateImage, type ImageModel, loadImageModel } from "../../src/index.js";
import { createApp, createServer, type RunningServer, type ServerOptions } from "../../src/serve/index.js";
import { commandIn, MAIN } from "../support/tessera-command.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { writeTinyImageModel } from "../support/tiny-image-model.js";

const folder = temporaryFolder();
let model: ImageModel;
beforeAll(async () => {
  await writeTinyImageModel(folder);
  model = await loadImageModel(folder, { device: "cpu", threads: 1 });
});
afterAll(() => model.close());

const TOKEN = "0123456789abcdef-secret";
const clientOf = ({ url }: RunningServer, apiKey = "none") =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
const serving = (options: Partial<ServerOptions> = {}) => createServer({ images: [model], port: 0, ...options });
const metric = async ({ url }: RunningServer, name: string) =>
  Number(
    (await (await fetch(`${url}/metrics`)).text())
      .split("\n")
      .find((line) => line.startsWith(name))
      ?.split(" ")[1],
  );

const base64Of = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(5);
}

/** A request that takes long enough to be caught in the act. */
const LONG = { prompt: "red apple", n: 150, seed: 1 } as never;
const RUNNING = 'tessera_queue_requests{model="tiny",state="running"}';
const WAITING = 'tessera_queue_requests{model="tiny",state="waiting"}';

describe("who may ask", () => {
  test("a token is needed where others can reach the server, and then by everybody", async () => {
    await expect(serving({ host: "0.0.0.0" })).rejects.toThrow(ArgumentError);
    await expect(serving({ token: "short" })).rejects.toThrow(ArgumentError);
    await using server = await serving({ host: "0.0.0.0", token: TOKEN });
    const local = { ...server, url: server.url.replace("0.0.0.0", "127.0.0.1") };
    expect((await clientOf(local, TOKEN).models.list()).data).toHaveLength(1);
    await expect(clientOf(local, `${TOKEN}x`).models.list()).rejects.toMatchObject({ status: 401 });
    for (const [path, status] of [
      ["/health", 200],
      ["/metrics", 401],
      ["/v1/models", 401],
      ["/nothing", 401],
    ] as const)
      expect((await fetch(local.url + path)).status, path).toBe(status);
  });

  test("a name that was made to lead here is no way around", async () => {
    await using server = await serving();
    const asked = request(`${server.url}/v1/models`, { headers: { Host: "evil.example" } }).end();
    const [answer] = await once(asked, "response");
    expect(answer.statusCode).toBe(403);
    answer.destroy();
  });
});

test.each<[string, () => object]>([
  ["no model", () => ({ images: [] })],
  ["two of one name", () => ({ images: [model, model] })],
  ["an alias of nothing", () => ({ aliases: { a: "b" } })],
  ["a port beyond", () => ({ port: 70_000 })],
  ["a limit that is none", () => ({ queueLimit: -1 })],
  ["an option that is none", () => ({ que: 1 })],
])("%s is refused before anything listens", async (_, options) => {
  await expect(serving(options())).rejects.toMatchObject({ code: expect.stringMatching(/argument|unknown-name/) });
});

test("a port that is taken is named", async () => {
  await using server = await serving();
  await expect(serving({ port: server.port })).rejects.toThrow(/EADDRINUSE/);
});

test("one more than may wait is told when to come again", async () => {
  await using server = await serving({ queueLimit: 1 });
  const client = clientOf(server);
  const running = client.images.generate(LONG);
  await until(async () => (await metric(server, RUNNING)) === 1);
  const waiting = client.images.generate({ prompt: "red", seed: 1 } as never);
  await until(async () => (await metric(server, WAITING)) === 1);
  for (const stream of [false, true]) {
    const refused = await client.images.generate({ prompt: "red", stream } as never).catch((error: unknown) => error);
    expect(refused).toMatchObject({ status: 429, code: "queue_full" });
    expect(Number((refused as InstanceType<typeof OpenAI.APIError>).headers!.get("retry-after"))).toBeGreaterThan(0);
  }
  const [, { data }] = await Promise.all([running, waiting]);
  const alone = await generateImage({ model, prompt: "red", seed: 1 });
  expect(data![0]!.b64_json).toBe(base64Of(alone.images[0]!.bytes));
});

test("requests that wait and are alike are drawn in one batch, each as it is alone", async () => {
  const requests = [1, 2, 3, 4].map((seed) => ({
    prompt: ["red", "apple"][seed % 2]!,
    seed,
    n: seed % 3 === 0 ? 2 : 1,
  }));
  const bytes = (images: readonly { readonly bytes: Uint8Array }[]) => images.map((image) => base64Of(image.bytes));
  const alone = [];
  for (const request of requests) alone.push(bytes((await generateImage({ model, ...request })).images));
  const begin = vi.spyOn(await model.routes[0].network(), "begin");
  await using server = await serving({ together: 8 });
  const client = clientOf(server);
  const running = client.images.generate(LONG);
  await until(async () => (await metric(server, RUNNING)) === 1);
  const controller = new AbortController();
  const leaving = client.images.generate({ prompt: "red", seed: 9 } as never, { signal: controller.signal });
  leaving.catch(() => {});
  const answers = requests.map((request) => client.images.generate(request as never));
  await until(async () => (await metric(server, WAITING)) === 5);
  begin.mockClear();
  await running;
  await until(async () => (await metric(server, RUNNING)) === 5 || begin.mock.calls.length > 0);
  controller.abort();
  const drawn = (await Promise.all(answers)).map(({ data }) => data!.map(({ b64_json }) => b64_json));
  expect(drawn).toEqual(alone);
  expect(begin.mock.calls.map(([{ seed }]) => seed.toSorted())).toEqual([[1, 2, 3, 3, 4, 9]]);
  begin.mockRestore();
});

test.each([false, true])("who leaves is not drawn for, streaming: %s", async (stream) => {
  await using server = await serving();
  const controller = new AbortController();
  const left = clientOf(server)
    .images.generate({ ...(LONG as object), stream } as never, { signal: controller.signal })
    .then(async (answer) => {
      for await (const _ of answer as unknown as AsyncIterable<unknown>);
    });
  await until(async () => (await metric(server, RUNNING)) === 1);
  controller.abort();
  await expect(left).rejects.toThrow();
  await until(async () => (await metric(server, RUNNING)) === 0);
  await until(
    async () => (await metric(server, 'tessera_requests_total{route="/v1/images/generations",status="499"}')) === 1,
  );
  expect(await metric(server, "tessera_tokens_total")).toBeNaN();
});

describe("close()", () => {
  test("lets those that are there end, and refuses others", async () => {
    const server = await serving();
    const client = clientOf(server);
    const running = client.images.generate(LONG);
    await until(async () => (await metric(server, RUNNING)) === 1);
    const closed = server.close();
    await expect(client.models.list()).rejects.toThrow();
    expect((await running).data).toHaveLength(150);
    await closed;
    await server.close();
    await expect(fetch(`${server.url}/health`)).rejects.toThrow();
  });

  test("stops them when their time is over", async () => {
    const server = await serving({ drainSeconds: 0 });
    const running = clientOf(server).images.generate(LONG);
    running.catch(() => {});
    await until(async () => (await metric(server, RUNNING)) === 1);
    await server.close();
    await expect(running).rejects.toThrow();
  });
});

test("createApp answers inside of another server", async () => {
  const app = createApp({ images: [model] });
  const answer = await app.request("http://localhost/v1/models");
  expect(await answer.json()).toMatchObject({ data: [{ id: "tiny" }] });
  expect((await app.request("http://example.com/v1/models")).status).toBe(403);
  const outer = new Hono().route("/ai", app);
  expect((await outer.request("http://localhost/ai/v1/models/tiny")).status).toBe(200);
  const refused = await outer.request("http://localhost/ai/v1/models/none");
  expect([refused.status, await refused.json()]).toMatchObject([404, { error: { code: "model_not_found" } }]);
});

describe("tessera serve", () => {
  test("listens, answers, and ends in good order on a signal", async () => {
    const words = [
      MAIN,
      "serve",
      "--image",
      folder,
      "--port",
      "0",
      "--threads",
      "1",
      "--json",
      "--alias",
      "icons=tiny",
    ];
    const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const { url, models } = JSON.parse(String(line));
    expect(models).toEqual(["tiny"]);
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none" });
    expect((await client.images.generate({ model: "icons", prompt: "red" })).data).toHaveLength(1);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  test("refuses an address that others can reach without a token", async () => {
    const { code, stderr } = await commandIn(folder)("serve", "--image", folder, "--host", "0.0.0.0");
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(/token/) });
  });
});
