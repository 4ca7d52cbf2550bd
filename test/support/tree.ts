/** A folder as a list of its files and what they hold, so that two folders can be compared whole. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Paths below the folder with the digests of their content; those that `leave` matches are left out. */
export function treeOf(folder: string, leave?: RegExp): Readonly<Record<string, string>> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => name.replaceAll("\\", "/"));
  const files = names.filter((name) => !leave?.test(name) && statSync(join(folder, name)).isFile()).sort();
  const digest = (name: string) =>
    createHash("sha256")
      .update(readFileSync(join(folder, name)))
      .digest("hex");
  return Object.fromEntries(files.map((name) => [name, digest(name)]));
}
