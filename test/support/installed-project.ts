/** A project of a user that has the built package and vitest installed. */
import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Copies the project at `source`, a path in the repository, and installs. `vitest` is the folder of one, by default of this repository's. */
export function installProject(source: string, folder: string, vitest = join(root, "node_modules/vitest")): void {
  cpSync(join(root, source), folder, { recursive: true });
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "tessera-sdk"), { recursive: true });
  for (const part of ["dist", "package.json"])
    cpSync(join(root, part), join(modules, "tessera-sdk", part), { recursive: true });
  symlinkSync(join(root, "models"), join(modules, "tessera-sdk/models"));
  symlinkSync(vitest, join(modules, "vitest"));
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { dependencies: object };
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
}
