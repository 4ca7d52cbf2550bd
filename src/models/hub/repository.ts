/** What the hub says of a repository at a commit: its files, their sizes and digests. */
import { isObject } from "../../base/check.js";
import { DownloadError } from "../../base/errors.js";
import { authorization, endpoint } from "./environment.js";
import { fetched } from "./fetched.js";

/** How the content of a file is identified: large files by their SHA-256, others by the SHA-1 of their Git object. */
export type Digest = { readonly kind: "sha256" | "git-sha1"; readonly hex: string };

export interface HubFile {
  readonly name: string;
  readonly size: number;
  readonly digest: Digest;
}

export interface Revision {
  /** 40 hexadecimal digits. */
  readonly commit: string;
  readonly files: readonly HubFile[];
}

/** An answer beyond this is none. */
const MOST_BYTES = 2 ** 24;

export const isCommit = (value: unknown): value is string => typeof value === "string" && /^[0-9a-f]{40}$/.test(value);

/** Names of repositories: "owner/name", of letters, digits and ._- without two dots in a row. */
export const isRepository = (name: string): boolean =>
  /^[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95}$/.test(name) && !name.includes("..");

/** A file of the root folder, whose name can do no harm as a path. */
export const isPlainName = (name: string): boolean => /^[A-Za-z0-9_][\w.-]{0,199}$/.test(name) && !name.includes("..");

/** The files of the root folder at a commit, branch or tag. Throws DownloadError. */
export async function revisionOf(
  repository: string,
  revision: string,
  signal: AbortSignal | undefined,
): Promise<Revision> {
  const url = `${endpoint()}/api/models/${repository}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const response = await fetched(url, { headers: authorization(), signal });
  const json = parsed(url, await textOf(url, response));
  if (!isObject(json) || !isCommit(json.sha) || !Array.isArray(json.siblings))
    throw new DownloadError(url, "the answer does not name a commit and its files", WRONG_SERVER);
  if (isCommit(revision) && json.sha !== revision)
    throw new DownloadError(url, `the answer is about the commit ${json.sha}`, WRONG_SERVER);
  return { commit: json.sha, files: json.siblings.flatMap(fileOf) };
}

const WRONG_SERVER = "Check HF_ENDPOINT and the network; a sign-in page of the network causes this.";

/** Files in folders, files with odd names and incomplete entries are left out. */
function fileOf(sibling: unknown): HubFile[] {
  if (!isObject(sibling)) return [];
  const { rfilename: name, size, blobId, lfs } = sibling;
  if (typeof name !== "string" || !isPlainName(name) || !Number.isSafeInteger(size) || (size as number) < 0) return [];
  const large = isObject(lfs) ? lfs.sha256 : undefined;
  if (typeof large === "string" && /^[0-9a-f]{64}$/.test(large))
    return [{ name, size: size as number, digest: { kind: "sha256", hex: large } }];
  if (lfs === undefined && isCommit(blobId))
    return [{ name, size: size as number, digest: { kind: "git-sha1", hex: blobId } }];
  return [];
}

async function textOf(url: string, { body }: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body as unknown as AsyncIterable<Uint8Array>) {
    bytes += part.length;
    if (bytes > MOST_BYTES) throw new DownloadError(url, `the answer has more than ${MOST_BYTES} bytes`, WRONG_SERVER);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function parsed(url: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DownloadError(url, "the answer is not JSON", WRONG_SERVER, { cause });
  }
}
