/** SHA-256 of bytes and of files, as 64 lower-case hexadecimal digits. */
import { createHash } from "node:crypto";
import { pipeline } from "node:stream/promises";
import { openRegular } from "./read-file.js";

export const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

/** The digest of a file, read in pieces so that its size does not matter. Throws InputError. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  const file = await openRegular(path);
  await pipeline(file.createReadStream({ highWaterMark: 2 ** 20 }), hash); // closes the file
  return hash.digest("hex");
}

export const isSha256 = (value: unknown): value is string => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
