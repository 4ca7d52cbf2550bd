/** Threads and child processes start from a file, and Node runs JavaScript: when these sources run as they are, from dist/. */
import { existsSync } from "node:fs";
import { InstallationError } from "../../base/errors.js";
import { packageRoot } from "../../base/package-root.js";

/** The compiled form of a file of this package, such as "engine/thread/main.js". Throws InstallationError if it is not built. */
export function builtFile(file: string): URL {
  const url = new URL(`dist/${file}`, packageRoot());
  if (existsSync(url)) return url;
  throw new InstallationError(
    `dist/${file}`,
    import.meta.url.endsWith(".ts") ? "Run `npm run build` first." : undefined,
  );
}
