/** Threads and child processes start from a file, and Node runs JavaScript: when these sources run as they are, from dist/. */
import { existsSync } from "node:fs";
import { InstallationError } from "../../base/errors.js";

/** The compiled form of a file of this package, such as "engine/thread/main.js". Throws InstallationError if it is not built. */
export function builtFile(file: string): URL {
  const here = import.meta.url; // <package>/src/engine/thread/built.ts or <package>/dist/engine/thread/built.js
  const root = here.endsWith(".ts") ? "../../../dist/" : "../../";
  const url = new URL(root + file, here);
  if (!existsSync(url))
    throw new InstallationError(
      `dist/${file}`,
      import.meta.url.endsWith(".ts") ? "Run `npm run build` first." : undefined,
    );
  return url;
}
