/**
 * The folder of this package. Code of it may run inside of another file, which a bundler made: then the package is looked for as that
 * file would find it, for its models, its threads and the native runtime cannot be in the bundle.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { InstallationError } from "./errors.js";

const NAME = "tessera-sdk";

/** Its URL, ending in a slash. Throws InstallationError. */
export function packageRoot(): URL {
  const own = new URL("../../", import.meta.url); // from src/base/ and from dist/base/
  if (isPackage(own)) return own;
  for (const from of [import.meta.url, pathToFileURL(`${process.cwd()}/`)]) {
    const found = resolved(from);
    if (found && isPackage(found)) return found;
  }
  throw new InstallationError("package.json beside this bundle", REMEDY);
}

const REMEDY = `Install ${NAME} where the bundle runs, and have the bundler leave it external, or copy its files: see docs/bundlers.md.`;

function resolved(from: string | URL): URL | null {
  try {
    return pathToFileURL(`${dirname(createRequire(from).resolve(`${NAME}/package.json`))}/`);
  } catch {
    return null;
  }
}

function isPackage(folder: URL): boolean {
  try {
    const text = readFileSync(fileURLToPath(new URL("package.json", folder)), "utf8");
    return (JSON.parse(text) as { readonly name?: unknown }).name === NAME;
  } catch {
    return false;
  }
}
