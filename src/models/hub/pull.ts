/** `pullModel`: a published model from the hub into the cache, at a commit that is pinned by the first pull. */
import { join } from "node:path";
import { readFile } from "node:fs/promises";
import { check, checkOptions } from "../../base/check.js";
import { DownloadError, UnknownNameError } from "../../base/errors.js";
import { PUBLISHED_IMAGE_MODELS, type PublishedImageModel } from "../known.js";
import { JANUS_TYPES } from "../janus.js";
import { TEXT_ENCODER_TYPES } from "../text-encoder-config.js";
import { TEXT_MODEL_TYPES } from "../text-config.js";
import { download, type DownloadSettings } from "./download.js";
import { endpoint, offlineReason } from "./environment.js";
import { blobPath, link, pulledModel, type PulledModel, record, snapshotFolder } from "./pulled.js";
import { type HubFile, isRepository, type Revision, revisionOf } from "./repository.js";

export interface PullOptions extends DownloadSettings {
  /** A commit, branch or tag. Default: the commit that was pulled before, else that of "main". */
  readonly revision?: string | undefined;
  /** Is told how many bytes of all files are there. */
  readonly onProgress?: ((file: string, done: number, total: number) => void) | undefined;
}

/** What is pulled for a name: its repository, and which of the files. */
interface Source {
  readonly repository: string;
  /** The first of them is looked at before the others are downloaded. Throws DownloadError where one is not there. */
  choose(files: readonly HubFile[]): readonly HubFile[];
  /** Throws where the first file says that this library cannot run the model. */
  judge(firstFile: string): Promise<void>;
}

/**
 * Downloads the files of a published model: a row of PUBLISHED_IMAGE_MODELS, or the repository of a text model or of Janus, such as
 * "Qwen/Qwen2.5-0.5B-Instruct" or "deepseek-community/Janus-Pro-1B". Every file is compared with the digest that the hub states before it can be seen. What was
 * cut is gone on with. HF_ENDPOINT, HF_HOME, HF_HUB_CACHE, HF_TOKEN, HF_HUB_OFFLINE and HTTPS_PROXY are heeded.
 *
 * @throws UnknownNameError for a name that is neither, or an architecture that is not there; DownloadError; the reason of `signal`.
 * @example
 * await pullModel("llamagen-c2i-b-256");
 * const model = await loadImageModel("llamagen-c2i-b-256");
 */
export async function pullModel(name: string, options: PullOptions = {}): Promise<PulledModel> {
  checkOptions("pullModel", options);
  const { revision, signal, onProgress } = options;
  check("revision", "a commit, branch or tag", revision, (r) => r === undefined || isRevision(r));
  const source = sourceOf(name);
  const { repository } = source;
  const known = await pulledModel(name);
  if (known && (revision === undefined || revision === known.commit)) return known;
  const offline = offlineReason();
  if (offline !== null)
    throw new DownloadError(endpoint(), offline, "Set HF_HUB_OFFLINE=0 to download, or pull the model beforehand.");
  const wanted = revision ?? "main";
  const { commit, files }: Revision = await revisionOf(repository, wanted, signal);
  const chosen = source.choose(files);
  const size = chosen.reduce((sum, file) => sum + file.size, 0);
  let before = 0;
  for (const [number, file] of chosen.entries()) {
    const url = `${endpoint()}/${repository}/resolve/${commit}/${file.name}`;
    const blob = blobPath(repository, file);
    await download(url, blob, file, { ...options, onBytes: (bytes) => onProgress?.(file.name, before + bytes, size) });
    if (number === 0) await source.judge(blob);
    await link(repository, commit, file);
    before += file.size;
    onProgress?.(file.name, before, size);
  }
  const model = { name, repository, commit, files: chosen, size, folder: snapshotFolder(repository, commit) };
  await record(model, wanted === commit ? null : wanted);
  return model;
}

const isRevision = (value: unknown): boolean => typeof value === "string" && /^[A-Za-z0-9][\w./-]{0,99}$/.test(value);

function sourceOf(name: string): Source {
  if (Object.hasOwn(PUBLISHED_IMAGE_MODELS, name)) {
    const { origin, files }: PublishedImageModel = PUBLISHED_IMAGE_MODELS[name as keyof typeof PUBLISHED_IMAGE_MODELS];
    const repository = origin.replace(/^huggingface\.co\//, "");
    const wanted = [files.tokenizer, files.transformer];
    return { repository, choose: (all) => wanted.map((each) => named(all, each, repository)), judge: async () => {} };
  }
  if (typeof name !== "string" || !isRepository(name))
    throw new UnknownNameError("published model or repository", name, Object.keys(PUBLISHED_IMAGE_MODELS));
  return { repository: name, choose: (files) => folderFiles(files, name), judge: judgeType };
}

function named(files: readonly HubFile[], name: string, repository: string): HubFile {
  const found = files.find((file) => file.name === name);
  if (found) return found;
  throw new DownloadError(`${endpoint()}/${repository}`, `it has no ${name}`, "Check the name and the revision.");
}

/** Files that are taken where they are there, besides config.json, tokenizer.json and the weights. */
const BESIDE = ["tokenizer_config.json", "generation_config.json", "chat_template.jinja"];

/** Weights in one file, or in several that an index names; the first of which there is anything. */
const WEIGHTS = [
  { whole: "model.safetensors", shard: /^model-\d{5}-of-\d{5}\.safetensors$/ },
  { whole: "pytorch_model.bin", shard: /^pytorch_model-\d{5}-of-\d{5}\.bin$/ },
];

function folderFiles(files: readonly HubFile[], repository: string): readonly HubFile[] {
  const has = (name: string) => files.some((file) => file.name === name);
  const shardsOf = (shard: RegExp) => files.filter(({ name }) => shard.test(name)).map(({ name }) => name);
  const weights = WEIGHTS.flatMap(({ whole, shard }) => {
    const index = `${whole}.index.json`;
    return has(whole) ? [[whole]] : has(index) ? [[index, ...shardsOf(shard)]] : [];
  });
  const names = ["config.json", "tokenizer.json", ...BESIDE.filter(has), ...(weights[0] ?? [WEIGHTS[0]!.whole])];
  return names.map((name) => named(files, name, repository));
}

async function judgeType(config: string): Promise<void> {
  const json = JSON.parse(await readFile(config, "utf8")) as { readonly model_type?: unknown };
  const known = [...TEXT_MODEL_TYPES, ...TEXT_ENCODER_TYPES, ...JANUS_TYPES];
  if (!known.includes(json.model_type as string)) throw new UnknownNameError("architecture", json.model_type, known);
}

/** The files of a pulled row of published image models; null where it was not pulled. */
export async function pulledFiles(
  name: string,
): Promise<{ readonly transformer: string; readonly tokenizer: string } | null> {
  const row: PublishedImageModel = PUBLISHED_IMAGE_MODELS[name as keyof typeof PUBLISHED_IMAGE_MODELS];
  const model = await pulledModel(name);
  if (!model) return null;
  return { transformer: join(model.folder, row.files.transformer), tokenizer: join(model.folder, row.files.tokenizer) };
}
