/** The program ffmpeg, which is the user's own: it writes the formats for which there is no encoder here. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { pipeline } from "node:stream/promises";
import { ToolError } from "../base/errors.js";

/**
 * Runs it with `input` on its standard input, part by part. `others` are endings of files that need no ffmpeg, for remedies.
 *
 * @throws ToolError where there is no such program or it fails, with the last lines that it printed.
 */
export async function runFfmpeg(
  program: string,
  options: readonly string[],
  input: readonly Uint8Array[],
  others: readonly string[],
): Promise<void> {
  const child = spawn(program, options, { stdio: ["pipe", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-500)));
  const ended = once(child, "close") as Promise<[code: number | null]>; // rejects where it cannot be started
  const sent = pipeline(input, child.stdin).catch(() => {}); // a program that ends early says why by itself
  const [code] = await ended.catch((cause: unknown) => {
    const remedy = `Install ffmpeg, or name the program in the option ffmpeg; ${others.join(" and ")} files need none.`;
    throw new ToolError(program, "does not start", remedy, { cause });
  });
  await sent;
  if (code !== 0)
    throw new ToolError(
      program,
      `ended with ${code}: ${said.trim()}`,
      `Try a file ending in ${others.join(" or ")}, which needs no ffmpeg.`,
    );
}
