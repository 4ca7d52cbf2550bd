/**
 * A store in a bucket of S3, or of a server that speaks like it. Region, endpoint and credentials are those that the client finds by
 * itself, such as AWS_REGION, AWS_ENDPOINT_URL_S3 and AWS_ACCESS_KEY_ID.
 */
import type { S3Client } from "@aws-sdk/client-s3";
import { sha256 } from "../../base/digest.js";
import { ArgumentError, InputError, InstallationError, OutputError } from "../../base/errors.js";
import { MOST_STORED_BYTES } from "./folder-store.js";
import { digestMatches, type Store } from "./store.js";

type Client = typeof import("@aws-sdk/client-s3");

/** Opens s3://bucket/prefix. Throws InstallationError, ArgumentError. */
export async function openS3Store(location: string): Promise<Store> {
  const address = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*?))?\/*$/.exec(location);
  if (!address) throw new ArgumentError("cache", "s3://bucket/prefix", location);
  const [, bucket, prefix = ""] = address;
  const sdk = await import("@aws-sdk/client-s3").catch((cause: unknown) => {
    throw new InstallationError("@aws-sdk/client-s3", "Run: npm install @aws-sdk/client-s3", { cause });
  });
  const own = Boolean(process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL);
  // Other servers know buckets by their path alone, and no checksums in the trailer of a request.
  const client = new sdk.S3Client({ forcePathStyle: own, requestChecksumCalculation: "WHEN_REQUIRED" });
  return new S3Store(sdk, client, bucket!, prefix === "" ? "" : `${prefix}/`);
}

class S3Store implements Store {
  constructor(
    private readonly sdk: Client,
    private readonly client: S3Client,
    private readonly bucket: string,
    private readonly prefix: string,
  ) {}

  async bytes(digest: string): Promise<Uint8Array | null> {
    const bytes = await this.get(this.key("bytes", digest));
    return bytes && digestMatches(bytes, digest) ? bytes : null;
  }

  async keep(bytes: Uint8Array): Promise<string> {
    const digest = sha256(bytes);
    await this.put(this.key("bytes", digest), bytes, "application/octet-stream");
    return digest;
  }

  async record(key: string): Promise<unknown> {
    const bytes = await this.get(this.key("records", key));
    try {
      return bytes && JSON.parse(Buffer.from(bytes).toString("utf8"));
    } catch {
      return null; // damaged: what it tells is made again
    }
  }

  note(key: string, value: object): Promise<void> {
    return this.put(this.key("records", key), Buffer.from(`${JSON.stringify(value)}\n`), "application/json");
  }

  private key(kind: "bytes" | "records", digest: string): string {
    return `${this.prefix}${kind}/${digest}`;
  }

  private async get(key: string): Promise<Uint8Array | null> {
    try {
      const { Body, ContentLength = 0 } = await this.client.send(
        new this.sdk.GetObjectCommand({ Bucket: this.bucket, Key: key }),
      );
      if (!Body || ContentLength > MOST_STORED_BYTES) return null; // no item of ours comes near
      return await Body.transformToByteArray();
    } catch (cause) {
      if (isMissing(cause)) return null;
      const remedy = "Check the address, the endpoint and the credentials of the bucket.";
      throw new InputError(this.urlOf(key), `the store refuses to read it (${wordsOf(cause)})`, remedy, { cause });
    }
  }

  private async put(key: string, bytes: Uint8Array, type: string): Promise<void> {
    try {
      const object = { Bucket: this.bucket, Key: key, Body: bytes, ContentType: type };
      await this.client.send(new this.sdk.PutObjectCommand(object));
    } catch (cause) {
      const remedy = "Check the address, the endpoint and the credentials of the bucket.";
      throw new OutputError(this.urlOf(key), `the store refuses to write it (${wordsOf(cause)})`, remedy, { cause });
    }
  }

  private urlOf(key: string): string {
    return `s3://${this.bucket}/${key}`;
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && (error.name === "NoSuchKey" || error.name === "NotFound");

const wordsOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);
