/** Frames as MP4, by the program ffmpeg, which is the user's own. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OutputError, ToolError } from "../base/errors.js";
import { runFfmpeg } from "../media/ffmpeg.js";

/** RGB frames of one size. */
export interface Video {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  /** Rows of red, green, blue, one array per frame. */
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
export async function mp4(program: string | null, { width, height, fps, frames, comment }: Video): Promise<Uint8Array> {
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
    const options = ["-v", "error", "-y", ...input, ...output, ...about, file];
    await runFfmpeg({ program, options, input: frames, others: [".webp", ".png"] });
    return await readFile(file).catch((cause: unknown) => {
      throw new ToolError(program ?? "ffmpeg", "ended without a video", "Check that it is ffmpeg.", { cause });
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
