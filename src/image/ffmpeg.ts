/** Frames as MP4, by the program ffmpeg, which is the user's own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { OutputError, ToolError } from "../base/errors.js";

/** RGB frames of one size. */
export interface Video {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  /** Rows of red, green, blue; one array per frame. */
  readonly frames: readonly Uint8Array[];
  /** What players show as the comment of the file. */
  readonly comment: string;
}

/**
 * The bytes of an MP4 file, in the codec that this ffmpeg prefers for it (H.264 where it has that). Odd sides are padded by a
 * row or column of white, as that codec needs.
 *
 * @throws ToolError where there is no such program or it fails, with the last lines that it printed.
 */
export async function mp4(program: string, { width, height, fps, frames, comment }: Video): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), "tessera-")).catch((cause: unknown) => {
    const reason = `no temporary file can be made there (${(cause as NodeJS.ErrnoException).code})`;
    throw new OutputError(tmpdir(), reason, "Set TMPDIR to a folder that exists and may be written.", { cause });
  });
  try {
    const file = join(folder, "video.mp4");
    const input = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", `${width}x${height}`, "-r", String(fps), "-i", "-"];
    const output = [
      "-vf",
      "pad=ceil(iw/2)*2:ceil(ih/2)*2:color=white",
      "-pix_fmt",
      "yuv420p",
      "-movflags",
      "+faststart",
    ];
    const about = ["-metadata", `comment=${comment}`, "-fflags", "+bitexact", "-flags", "+bitexact"];
    await fed(program, ["-v", "error", "-y", ...input, ...output, ...about, file], frames);
    return await readFile(file).catch((cause: unknown) => {
      throw new ToolError(program, "ended without a video", "Check that it is ffmpeg.", { cause });
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs the program with that on its standard input. */
async function fed(program: string, options: readonly string[], input: readonly Uint8Array[]): Promise<void> {
  const child = spawn(program, options, { stdio: ["pipe", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-500)));
  const ended = once(child, "close") as Promise<[code: number | null]>; // rejects where it cannot be started
  const sent = pipeline(input, child.stdin).catch(() => {}); // a program that ends early says why by itself
  const [code] = await ended.catch((cause: unknown) => {
    const remedy = "Install ffmpeg, or name the program in the option ffmpeg; .webp and .png files need none.";
    throw new ToolError(program, "does not start", remedy, { cause });
  });
  await sent;
  if (code !== 0)
    throw new ToolError(
      program,
      `ended with ${code}: ${said.trim()}`,
      "Try a file ending in .webp or .png, which needs no ffmpeg.",
    );
}
