/** Pulling from a hub that misbehaves: what is visible afterwards is right, or nothing is. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { copyFile, mkdir, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  generateImage,
  generateText,
  type ImageModel,
  loadImageModel,
  loadTextEncoder,
  loadTextModel,
} from "../../src/index.js";
import { pullModel, type PullOptions } from "../../src/models/hub/pull.js";
import { pulledModel, pulledModels, removePulled, verifyPulled } from "../../src/models/hub/pulled.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { writeTinyJanus } from "../support/tiny-janus.js";
import { writeTinyTextModel } from "../support/tiny-text-model.js";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const LATER = "fedcba9876543210fedcba9876543210fedcba98";
const ROW = "var-d16"; // its files are var_d16.pth and vae_ch160v4096z32.pth of FoundationVision/var
const REPOSITORY = "FoundationVision/var";
const WEIGHTS = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 251));
const VAE = Buffer.from("a small file of weights");

type Answer = (request: IncomingMessage, response: ServerResponse, content: Buffer) => void;

const sha256 = (content: Buffer) => createHash("sha256").update(content).digest("hex");
const gitSha1 = (content: Buffer) =>
  createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");

/** A hub with the files of one repository; `answers` is taken first, one for each request of a file. */
class Hub {
  readonly files = new Map<string, Buffer>();
  readonly answers: Answer[] = [];
  readonly asked: { readonly path: string; readonly range: string | undefined }[] = [];
  commit = COMMIT;
  private constructor(private readonly server: Server) {}

  static async start(): Promise<Hub> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const hub = new Hub(server);
    server.on("request", (request, response) => hub.answer(request, response));
    return hub;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url!;
    if (path.startsWith("/api/")) {
      response.setHeader("Content-Type", "application/json");
      return void response.end(JSON.stringify({ sha: this.commit, siblings: [...this.files].map(siblingOf) }));
    }
    this.asked.push({ path, range: request.headers.range });
    const content = this.files.get(path.split("/").at(-1)!)!;
    (this.answers.shift() ?? honest)(request, response, content);
  }
}

/** JSON files are told of as Git tells of them, others as large files. */
function siblingOf([rfilename, content]: [string, Buffer]) {
  const told = { rfilename, size: content.length, blobId: gitSha1(content) };
  return rfilename.endsWith(".json") ? told : { ...told, lfs: { sha256: sha256(content), size: content.length } };
}

const honest: Answer = ({ headers }, response, content) => {
  const [, from] = /^bytes=(\d+)-$/.exec(headers.range ?? "") ?? [];
  if (from === undefined) return void response.end(content);
  response.writeHead(206, { "Content-Range": `bytes ${from}-${content.length - 1}/${content.length}` });
  response.end(content.subarray(Number(from)));
};

const cutAfter =
  (bytes: number): Answer =>
  ({ headers }, response, content) => {
    const from = Number(/\d+/.exec(headers.range ?? "0")![0]);
    const range = `bytes ${from}-${content.length - 1}/${content.length}`;
    const rest = content.length - from;
    if (from === 0) response.writeHead(200, { "Content-Length": rest });
    else response.writeHead(206, { "Content-Length": rest, "Content-Range": range });
    response.write(content.subarray(from, from + bytes), () => setTimeout(() => response.destroy(), 20));
  };

const changed = (content: Buffer) => {
  const other = Buffer.from(content);
  other[10]! ^= 1;
  return other;
};

const BAD: Readonly<Record<string, Answer>> = {
  "other bytes": (_, response, content) => void response.end(changed(content)),
  "a web page": (_, response) =>
    void response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end("<html>Sign in</html>"),
  "a web page that says it is none": (_, response) => void response.end("<html>Sign in</html>"),
  "too little, with a length to match": (_, response, content) => void response.end(content.subarray(1)),
  "too much": (_, response, content) => void response.end(Buffer.concat([content, content])),
  nothing: (_, response) => void response.end(),
  silence: (_, response) => void response.writeHead(200).write("x"),
  "no such file": (_, response) => void response.writeHead(404).end(),
  "its own failure": (_, response) => void response.writeHead(500).end(),
};

let hub: Hub;
let home: string;
const root = temporaryFolder();
const environment = { ...process.env };
let number = 0;

beforeAll(async () => {
  hub = await Hub.start();
});
afterAll(() => hub.close());
beforeEach(async () => {
  home = join(root, String(number++));
  Object.assign(process.env, { HF_HOME: home, HF_ENDPOINT: hub.url, HF_HUB_OFFLINE: "0" });
  delete process.env.HF_HUB_CACHE;
  hub.files.clear();
  hub.files.set("var_d16.pth", WEIGHTS).set("vae_ch160v4096z32.pth", VAE).set("README.md", Buffer.from("not wanted"));
  hub.answers.length = hub.asked.length = 0;
  hub.commit = COMMIT;
});
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
});

const pull = (name = ROW, options: PullOptions = {}) =>
  pullModel(name, { pause: 1, most: 3, stallMilliseconds: 300, ...options });
const folderOf = (repository = REPOSITORY) => join(home, "hub", `models--${repository.replace("/", "--")}`);
const inFolder = (...names: string[]) => readdir(join(folderOf(), ...names)).catch(() => []);

describe("pull", () => {
  test("lays files out as the hub's own tools do, and records the commit", async () => {
    const seen: [number, number][] = [];
    const model = await pull(ROW, { onProgress: (_, done, total) => seen.push([done, total]) });
    const size = WEIGHTS.length + VAE.length;
    expect(model).toMatchObject({ name: ROW, repository: REPOSITORY, commit: COMMIT, size });
    expect(await readFile(join(folderOf(), "refs", "main"), "utf8")).toBe(COMMIT);
    expect((await inFolder("blobs")).sort()).toEqual([sha256(WEIGHTS), sha256(VAE)].sort());
    const link = await readlink(join(folderOf(), "snapshots", COMMIT, "var_d16.pth"));
    expect(link).toBe(join("..", "..", "blobs", sha256(WEIGHTS)));
    expect(await readFile(join(model.folder, "var_d16.pth"))).toEqual(WEIGHTS);
    expect(await inFolder("snapshots", COMMIT)).not.toContain("README.md");
    expect(hub.asked.every(({ path }) => path.startsWith(`/${REPOSITORY}/resolve/${COMMIT}/`))).toBe(true);
    expect(seen.at(-1)).toEqual([size, size]);
    expect(seen.map(([done]) => done)).toEqual(seen.map(([done]) => done).sort((a, b) => a - b));
  });

  test("asks nobody the second time, and stays at its commit until told otherwise", async () => {
    await pull();
    hub.asked.length = 0;
    hub.commit = LATER;
    process.env.HF_HUB_OFFLINE = "1";
    expect((await pull()).commit).toBe(COMMIT);
    process.env.HF_HUB_OFFLINE = "0";
    expect((await pull(ROW, { revision: "main" })).commit).toBe(LATER);
    expect(hub.asked).toEqual([]); // the blobs are there
    expect((await inFolder("snapshots")).sort()).toEqual([COMMIT, LATER].sort());
  });

  test.each([1, 5, 40])("goes on where it was cut, %i times, by ranges", async (cuts) => {
    for (let i = 0; i < cuts; i++) hub.answers.push(cutAfter(5000));
    hub.answers.unshift(honest); // the tokenizer comes first
    const { folder } = await pull(ROW, { most: 50, pause: 0 }); // on a busy machine a cut may come before the first byte
    expect(sha256(await readFile(join(folder, "var_d16.pth")))).toBe(sha256(WEIGHTS));
    const starts = hub.asked.flatMap(({ range }) => (range ? Number(/\d+/.exec(range)![0]) : []));
    expect(starts.length).toBeGreaterThanOrEqual(1);
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
  });

  test("goes on with what another process left", async () => {
    await mkdir(join(folderOf(), "blobs"), { recursive: true });
    const partial = join(folderOf(), "blobs", `${sha256(WEIGHTS)}.incomplete`);
    await writeFile(partial, WEIGHTS.subarray(0, 123_456));
    await pull();
    expect(hub.asked.find(({ path }) => path.endsWith("var_d16.pth"))!.range).toBe("bytes=123456-");
    expect((await inFolder("blobs")).some((name) => name.endsWith(".incomplete"))).toBe(false);
  });

  test.each<[string, Buffer]>([
    ["of another file", changed(WEIGHTS).subarray(0, 1000)],
    ["that is too long", Buffer.concat([WEIGHTS, VAE])],
    ["that is whole, but wrong", changed(WEIGHTS)],
  ])("begins anew after a part %s", async (_, part) => {
    await mkdir(join(folderOf(), "blobs"), { recursive: true });
    await writeFile(join(folderOf(), "blobs", `${sha256(WEIGHTS)}.incomplete`), part);
    const { folder } = await pull();
    expect(await readFile(join(folder, "var_d16.pth"))).toEqual(WEIGHTS);
  });

  test("begins anew where the server knows no ranges", async () => {
    hub.answers.push(honest, cutAfter(5000), (_, response, content) => void response.end(content));
    const { folder } = await pull();
    expect(await readFile(join(folder, "var_d16.pth"))).toEqual(WEIGHTS);
  });

  test.each(Object.keys(BAD))("refuses %s, for ever or once", async (kind) => {
    hub.answers.push(...Array<Answer>(40).fill(BAD[kind]!));
    await expect(pull()).rejects.toMatchObject({ code: "download", remedy: expect.any(String) });
    expect(await inFolder("snapshots", COMMIT)).toEqual([]);
    expect((await inFolder("blobs")).filter((name) => !name.endsWith(".incomplete"))).toEqual([]);
    expect(await pulledModel(ROW)).toBe(null);
    hub.answers.length = 0;
    const { folder } = await pull();
    expect(await readFile(join(folder, "var_d16.pth"))).toEqual(WEIGHTS);
  });

  test("a length that lies about the right bytes does no harm", async () => {
    const lies: Answer = (_, response, content) => {
      response.writeHead(200, { "Content-Length": content.length + 5 });
      response.write(content, () => setTimeout(() => response.destroy(), 20));
    };
    hub.answers.push(lies, lies);
    expect(await verifyPulled(await pull())).toEqual([]);
    expect(hub.asked).toHaveLength(2);
  });

  test.each<[string, (hub: Hub) => void, string]>([
    ["a commit that is none", (it) => (it.commit = "main"), "download"],
    ["no such file", (it) => it.files.delete("var_d16.pth"), "download"],
  ])("refuses a repository with %s", async (_, spoil, code) => {
    spoil(hub);
    await expect(pull()).rejects.toMatchObject({ code });
    expect(hub.asked).toEqual([]);
  });

  test("takes nothing from a network that is not to be used", async () => {
    process.env.HF_HUB_OFFLINE = "1";
    await expect(pull()).rejects.toThrow(/HF_HUB_OFFLINE/);
    delete process.env.HF_HUB_OFFLINE;
    process.env.CI = "true";
    await expect(pull()).rejects.toThrow(/CI is set/);
    process.env.HF_HUB_OFFLINE = "0";
    await pull();
  });

  test("stops at an abort, and goes on from there", async () => {
    const controller = new AbortController();
    hub.answers.push(honest, (_, response, content) => void response.write(content.subarray(0, 5000)));
    const onProgress = (file: string) => file === "var_d16.pth" && controller.abort(new Error("enough"));
    await expect(pull(ROW, { signal: controller.signal, onProgress })).rejects.toThrow("enough");
    await pull();
    expect(hub.asked).toHaveLength(3);
  });

  test("goes by the proxy of the environment", async () => {
    const targets: string[] = [];
    const proxy = createServer().listen(0, "127.0.0.1");
    await once(proxy, "listening");
    proxy.on("connect", ({ url }, socket: Socket) => {
      targets.push(url!);
      const [host, port] = url!.split(":");
      const through = connect(Number(port), host, () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        through.pipe(socket).pipe(through);
      });
      through.on("error", () => socket.destroy());
      socket.on("error", () => through.destroy());
    });
    const script = `
      const { pullModel } = await import(${JSON.stringify(new URL("../../dist/index.js", import.meta.url).href)});
      await pullModel("${ROW}");
      process.exit(0);`;
    const { execFile } = await import("node:child_process");
    const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const env = { ...process.env, HTTP_PROXY: address, HTTPS_PROXY: address, NO_PROXY: "" };
    const child = execFile(process.execPath, ["--input-type=module", "-e", script], { env });
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(targets).toContain(new URL(hub.url).host);
    proxy.closeAllConnections();
    proxy.close();
  });

  test.each(["nothing-of-that-name", "../../etc/passwd", "a/b/c", "a/..", ""])("refuses the name %j", async (name) => {
    await expect(pull(name)).rejects.toMatchObject({ code: "unknown-name" });
  });
});

describe("a text model", () => {
  const NAME = "somebody/words";
  beforeEach(async () => {
    hub.files.clear();
    const folder = await writeTinyTextModel(join(root, "words"));
    for (const name of await readdir(folder)) hub.files.set(name, await readFile(join(folder, name)));
  });

  test("is pulled by its repository, loaded by that name, and small files are verified, too", async () => {
    hub.answers.push((_, response, content) => void response.end(changed(content)));
    await expect(pull(NAME)).rejects.toThrow(/git-sha1/);
    const { files, folder } = await pull(NAME);
    expect(files.map(({ name }) => name)).toEqual([
      ...["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"],
    ]);
    await using model = await loadTextModel(NAME, { device: "reference" });
    await using same = await loadTextModel(folder, { device: "reference" });
    expect([model.name, model.revision]).toEqual(["words", same.revision]);
    const { text } = await generateText({ model, prompt: "Hello", maxOutputTokens: 3 });
    expect(text).toBe((await generateText({ model: same, prompt: "Hello", maxOutputTokens: 3 })).text);
  });

  test("may be a text encoder", async () => {
    hub.files.clear();
    const folder = join(import.meta.dirname, "../fixtures/text-encoders/folders/t5");
    for (const name of await readdir(folder)) hub.files.set(name, await readFile(join(folder, name)));
    await pull(NAME);
    await using encoder = await loadTextEncoder(NAME, { device: "reference" });
    expect([encoder.name, encoder.architecture]).toEqual(["words", "t5"]);
    expect((await encoder.encode("a cat")).features.shape[2]).toBe(12);
  });

  test("of an architecture that is not there is refused before its weights are downloaded", async () => {
    hub.files.set("config.json", Buffer.from(JSON.stringify({ model_type: "mamba" })));
    await expect(pull(NAME)).rejects.toMatchObject({ code: "unknown-name", received: "mamba" });
    expect(hub.asked).toHaveLength(1);
  });
});

describe("Janus", () => {
  const pullTiny = async (name: string) => {
    hub.files.clear();
    const folder = join(root, "janus-files");
    await writeTinyJanus(folder, "authors", { shards: true });
    for (const file of await readdir(folder)) hub.files.set(file, await readFile(join(folder, file)));
    return pull(name);
  };

  test("is pulled by its repository, with all its shards, and drawn from by that name", async () => {
    const NAME = "somebody/Janus-Pro";
    const { files, folder } = await pullTiny(NAME);
    expect(files.map(({ name }) => name)).toEqual([
      ...["config.json", "tokenizer.json", "model.safetensors.index.json"],
      ...["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"],
    ]);
    await using model = await loadImageModel(NAME, { device: "reference" });
    await using same = await loadImageModel(folder, { device: "reference" });
    expect([model.name, model.revision]).toEqual(["Janus-Pro", same.revision]);
    const { images } = await generateImage({ model, prompt: "red fox" });
    expect(images[0]!.ids).toEqual((await generateImage({ model: same, prompt: "red fox" })).images[0]!.ids);
  });

  test("of the older repository speaks in the older words", async () => {
    const { folder } = await pullTiny("deepseek-ai/Janus-1.3B");
    await using older = await loadImageModel("deepseek-ai/Janus-1.3B", { device: "reference" });
    await using stated = await loadImageModel({ folder, dialogue: "janus" }, { device: "reference" });
    await using newer = await loadImageModel(folder, { device: "reference" });
    const idsOf = (model: ImageModel) => model.conversation!.written("red fox", 99).ids;
    expect(idsOf(older)).toEqual(idsOf(stated));
    expect(idsOf(older)).not.toEqual(idsOf(newer));
  });
});

describe("what was pulled", () => {
  test("an image model is loaded by its name, which says what to do where it was not pulled", async () => {
    await expect(loadImageModel(ROW)).rejects.toThrow(/tessera models pull var-d16/);
    await pull();
    await expect(loadImageModel(ROW, { device: "reference" })).rejects.toMatchObject({ code: "checkpoint" }); // no weights
  });

  test("verify takes bad files away", async () => {
    const model = await pull();
    expect(await verifyPulled(model)).toEqual([]);
    await writeFile(join(folderOf(), "blobs", sha256(VAE)), "a small file of WEIGHTS");
    expect(await verifyPulled(model)).toEqual(["vae_ch160v4096z32.pth"]);
    expect(await pulledModel(ROW)).toBe(null);
    await pull();
    expect(await verifyPulled((await pulledModel(ROW))!)).toEqual([]);
  });

  test("rm leaves what others use", async () => {
    hub.files.set("var_d20.pth", Buffer.from("more weights"));
    const [model, other] = [await pull(), await pull("var-d20")];
    expect((await pulledModels()).map(({ name }) => name)).toEqual([ROW, "var-d20"]);
    expect(await removePulled(model)).toBe(WEIGHTS.length);
    expect(await verifyPulled(other)).toEqual([]);
    expect(await pulledModel(ROW)).toBe(null);
    expect(await removePulled(other)).toBe(VAE.length + 12);
    expect(await inFolder("blobs")).toEqual([]);
    expect(await pulledModels()).toEqual([]);
  });

  test("a record that somebody changed is no record", async () => {
    const model = await pull();
    const path = join(home, "hub", ".tessera", `${ROW}.json`);
    for (const text of ["{", JSON.stringify({ ...model, files: [{ ...model.files[0], name: "../../x" }] })]) {
      await writeFile(path, text);
      expect(await pulledModel(ROW)).toBe(null);
    }
    await rm(path);
    await copyFile(join(model.folder, "var_d16.pth"), path);
    expect(await pulledModels()).toEqual([]);
  });
});
