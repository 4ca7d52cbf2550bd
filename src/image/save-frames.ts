/** Pictures in a row as an animation, a video or numbered files: of video tokens, or of a picture in the making. */
import { extname, join } from "node:path";
import sharp from "sharp";
import { check, isIntegerIn, isNumberIn, type Options, withDefaults } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";
import { writeWhole } from "../base/write-file.js";
import { type Marking, markingOf } from "../media/marking.js";
import type { Picture } from "../tokenizers/image/pixels.js";
import { animatedPng } from "./animated-png.js";
import { encodePicture } from "./encode.js";
import { mp4 } from "./mp4.js";
import { xmpOf } from "./xmp.js";

export interface FramesSettings {
  /** Frames a second, 0.1 … 120. */
  readonly fps: number;
  /** How often an animation is shown, 0 … 65535; 0 is for ever. A video leaves that to the player. */
  readonly plays: number;
  /** What the files say about their origin: by default, that a model made them. */
  readonly marking: Marking;
  /** The program that writes MP4: a name on the PATH, or a path. */
  readonly ffmpeg: string;
}

export const FRAMES_DEFAULTS: FramesSettings = Object.freeze({
  fps: 8,
  plays: 0,
  marking: markingOf({ model: null, prompt: null, seed: null, index: null }),
  ffmpeg: "ffmpeg",
});

type Write = (frames: readonly Picture[], settings: FramesSettings) => Promise<Uint8Array>;

/** By what the name ends in. WebP and PNG keep every pixel and transparency; MP4 is lossy, on white. */
const FORMATS: Readonly<Record<string, Write>> = {
  ".webp": async (frames, { fps, plays, marking }) => {
    const pages = await Promise.all(frames.map((frame) => encodePicture(frame, "png", xmpOf(marking))));
    const animation = sharp(pages as Uint8Array[], { join: { animated: true } }).withXmp(xmpOf(marking));
    return animation.webp({ lossless: true, loop: plays, delay: frames.map(() => Math.round(1000 / fps)) }).toBuffer();
  },
  ".png": async (frames, { fps, plays, marking }) => {
    const files = await Promise.all(frames.map((frame) => encodePicture(frame, "png", xmpOf(marking))));
    return animatedPng(files, Math.round(1000 / fps), plays);
  },
  ".mp4": async (frames, { fps, marking, ffmpeg }) => {
    const { width, height } = frames[0]!;
    const onWhite = ({ data }: Picture) =>
      sharp(data as Uint8Array, { raw: { width, height, channels: 4 } })
        .flatten({ background: "#ffffff" })
        .raw()
        .toBuffer();
    const comment = `${marking.digitalSourceType}, ${marking.system} ${marking.systemVersion}`;
    return mp4(ffmpeg, { width, height, fps, frames: await Promise.all(frames.map(onWhite)), comment });
  },
};

/**
 * Writes frames of one size to `path`: an animated WebP (.webp) or PNG (.png), a video (.mp4, by ffmpeg), or, where the name has
 * no ending, a folder of 0001.png, 0002.png and so on. Files appear whole or not at all; folders are made.
 *
 * @returns the paths written.
 * @throws ArgumentError for no frames, sizes that differ, another ending; DeviceError where ffmpeg is missing; OutputError.
 * @example
 * const frames = [];
 * for await (const event of streamImage({ prompt: "fox", decoding: "next-token", previewEvery: 8 })) {
 *   if (event.type === "image-preview") frames.push(event.picture);
 * }
 * await saveFrames("fox.webp", frames, { fps: 12 });
 */
export async function saveFrames(
  path: string,
  frames: readonly Picture[],
  options: Options<FramesSettings> = {},
): Promise<readonly string[]> {
  const settings = withDefaults("saveFrames", FRAMES_DEFAULTS, options);
  check("fps", "a number from 0.1 to 120", settings.fps, isNumberIn(0.1, 120));
  check("plays", "a whole number from 0 to 65535", settings.plays, isIntegerIn(0, 65_535));
  checkFrames(frames);
  const ending = extname(path).toLowerCase();
  const write = FORMATS[ending];
  if (write) {
    await writeWhole(path, await write(frames, settings));
    return [path];
  }
  if (ending !== "") {
    throw new ArgumentError(
      "path",
      `a name ending in ${Object.keys(FORMATS).join(", ")}, or a folder without an ending`,
      path,
    );
  }
  const digits = Math.max(4, String(frames.length).length);
  const paths = frames.map((_, i) => join(path, `${String(i + 1).padStart(digits, "0")}.png`));
  for (const [i, frame] of frames.entries())
    await writeWhole(paths[i]!, await encodePicture(frame, "png", xmpOf(settings.marking)));
  return paths;
}

function checkFrames(frames: readonly Picture[]): void {
  const [first] = frames;
  if (!first) throw new ArgumentError("frames", "at least one picture", frames);
  for (const { width, height, data } of frames) {
    if (width !== first.width || height !== first.height || data.length !== width * height * 4) {
      const received = `${width}x${height} of ${data.length} bytes`;
      throw new ArgumentError("frames", `pictures of ${first.width}x${first.height}, four bytes a pixel`, received);
    }
  }
}
