/**
 * The program ffmpeg, which is the user's own: it reads and writes the formats for which there is no codec here. All media start it
 * here. It is spawned directly: fluent-ffmpeg, which would do the same, is archived.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { pipeline } from "node:stream/promises";
import { ToolError } from "../base/errors.js";

export interface FfmpegRun {
  /** A name on the PATH, or a path; null: that of the environment variable FFMPEG_PATH, else "ffmpeg". */
  readonly program: string | null;
  readonly options: readonly string[];
  /** Goes to its standard input, part by part. */
  readonly input: readonly Uint8Array[];
  /** Endings of files that need no ffmpeg, for remedies. */
  readonly others: readonly string[];
  /** Bytes of its standard output beyond which it is stopped; 0 where the output is a file. */
  readonly mostOutput?: number;
  /** Stops the program. */
  readonly signal?: AbortSignal | undefined;
}

/** The standard output, at most `mostOutput` bytes of it and one more where there were more. */
export type FfmpegOutput = Uint8Array;

/**
 * Runs it to its end.
 *
 * @throws ToolError where there is no such program or it fails, with the last lines that it printed; the reason of `signal`.
 */
export async function runFfmpeg({
  options,
  input,
  others,
  mostOutput = 0,
  signal,
  ...run
}: FfmpegRun): Promise<FfmpegOutput> {
  signal?.throwIfAborted();
  const program = run.program ?? (process.env.FFMPEG_PATH || "ffmpeg");
  const child = spawn(program, options, { stdio: "pipe" });
  const stop = () => child.kill("SIGKILL");
  signal?.addEventListener("abort", stop, { once: true });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-500)));
  const output: Buffer[] = [];
  let length = 0;
  child.stdout.on("data", (part: Buffer) => {
    if (length > mostOutput) return;
    output.push(part);
    length += part.length;
    if (length > mostOutput) stop();
  });
  const ended = once(child, "close") as Promise<[code: number | null]>; // rejects where it cannot be started
  const sent = pipeline(input, child.stdin).catch(() => {}); // a program that ends early says why by itself
  try {
    const [code] = await ended.catch((cause: unknown) => {
      const remedy = `Install ffmpeg, or name the program in FFMPEG_PATH; ${others.join(" and ")} files need none.`;
      throw new ToolError(program, "does not start", remedy, { cause });
    });
    await sent;
    signal?.throwIfAborted();
    if (code !== 0 && length <= mostOutput)
      throw new ToolError(
        program,
        `ended with ${code}: ${said.trim()}`,
        `Try a file ending in ${others.join(" or ")}, which needs no ffmpeg.`,
      );
    return Buffer.concat(output).subarray(0, mostOutput + 1);
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}
