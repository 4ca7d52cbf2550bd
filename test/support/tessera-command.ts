/** The command as users run it: built, in a process of its own. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** dist/cli/main.js, which `npm run build` makes. */
export const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `tessera` in a folder, with variables of the environment added to those of the test. */
export function commandIn(folder: string, variables: NodeJS.ProcessEnv = {}): (...words: string[]) => Promise<Ended> {
  if (!existsSync(MAIN)) throw new Error("dist/ is not built: run npm run build first");
  return (...words) =>
    new Promise((resolve) => {
      const env = { ...process.env, ...variables };
      const child = execFile(process.execPath, [MAIN, ...words], { cwd: folder, env }, (_, stdout, stderr) => {
        resolve({ code: child.exitCode!, stdout, stderr });
      });
    });
}
