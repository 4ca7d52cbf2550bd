/** Pictures in a row as an animation, a video or numbered files: of video tokens, or of a picture in the making. */
import { extname, join } from "node:path";
import { check, isIntegerIn, isNumberIn, type Options, withDefaults } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";
import { described } from "../base/words.js";
import { writeWhole } from "../base/write-file.js";
import { type Marking, markingOf } from "../media/marking.js";
import type { Picture } from "../tokenizers/image/pixels.js";
import { animatedPng } from "./animated-png.js";
import { encodePicture } from "./encode.js";
import { mp4 } from "./mp4.js";
import { xmpOf } from "../media/xmp.js";
import { loadSharp, sharpOf } from "../tokenizers/image/sharp.js";

export interface FramesSettings {
  /** Frames per second, 0.1 … 120; up to 90 in an animation, as viewers slow faster ones down. */
  readonly fps: number;
  /** How often an animation is shown, 0 … 65535; 0 is for ever. A video leaves that to the player. */
  readonly plays: number;
  /** What the files say about their origin: by default, that a model made them. */
  readonly marking: Marking;
  /** The program that writes MP4: a name on the PATH, or a path. null: FFMPEG_PATH, else "ffmpeg". */
  readonly ffmpeg: string | null;
}

export const FRAMES_DEFAULTS: FramesSettings = Object.freeze({
  fps: 8,
  plays: 0,
  marking: markingOf({ model: null, prompt: null, seed: null, index: null }),
  ffmpeg: null,
});

/** What stands in a frame: a picture of a preview or of a tokenizer, or a generated image. */
export type FrameSource = Picture | { readonly width: number; readonly height: number; readonly rgba: Uint8Array };

interface Format {
  readonly write: (frames: readonly Picture[], settings: FramesSettings) => Promise<Uint8Array>;
  /** The longest side that the format has room for. */
  readonly mostPixels: number;
  /** Browsers show an animation whose frames last 10 ms or less at 10 frames per second. */
  readonly mostFps: number;
}

/** By what the name ends in. WebP and PNG keep every pixel and transparency; MP4 is lossy, on white. */
const FORMATS: Readonly<Record<string, Format>> = {
  ".webp": {
    mostPixels: 16_383,
    mostFps: 90,
    async write(frames, { fps, plays, marking }) {
      const pages = await Promise.all(frames.map((frame) => encodePicture(frame, "png", xmpOf(marking))));
      const sharp = await loadSharp();
      // sharp joins two pages or more; one alone is a still picture.
      const animation =
        pages.length === 1 ? sharp(pages[0]!) : sharp(pages as Uint8Array[], { join: { animated: true } });
      const delay = frames.map(() => Math.round(1000 / fps));
      return animation.withXmp(xmpOf(marking)).webp({ lossless: true, exact: true, loop: plays, delay }).toBuffer();
    },
  },
  ".png": {
    mostPixels: 65_535,
    mostFps: 90,
    async write(frames, { fps, plays, marking }) {
      const files = await Promise.all(frames.map((frame) => encodePicture(frame, "png", xmpOf(marking))));
      return animatedPng(files, Math.round(1000 / fps), plays);
    },
  },
  ".mp4": {
    mostPixels: 16_383,
    mostFps: 120,
    async write(frames, { fps, marking, ffmpeg }) {
      const { width, height } = frames[0]!;
      const onWhite = async (frame: Picture) =>
        (await sharpOf(frame.data as Uint8Array, frame)).flatten({ background: "#ffffff" }).raw().toBuffer();
      const comment = `${marking.digitalSourceType}, ${marking.system} ${marking.systemVersion}`;
      return mp4(ffmpeg, { width, height, fps, frames: await Promise.all(frames.map(onWhite)), comment });
    },
  },
};

/** Numbered PNG files, which no player hurries. */
const NUMBERED: Pick<Format, "mostPixels" | "mostFps"> = { mostPixels: 65_535, mostFps: 120 };

/**
 * Writes frames of one size to `path`: an animated WebP (.webp) or PNG (.png), a video (.mp4, by ffmpeg), or, where the name has
 * no ending, a folder of 0001.png, 0002.png and so on. Files appear whole or not at all; folders are made.
 *
 * @returns the paths written.
 * @throws ArgumentError for no frames, sizes that differ or are too large, another ending; ToolError where ffmpeg is missing or fails; OutputError.
 * @example
 * const frames = [];
 * for await (const event of streamImage({ prompt: "fox", decoding: "next-token", previewEvery: 8 })) {
 *   if (event.type === "image-preview") frames.push(event.picture);
 * }
 * await saveFrames("fox.webp", frames, { fps: 12 });
 */
export async function saveFrames(
  path: string,
  frames: readonly FrameSource[],
  options: Options<FramesSettings> = {},
): Promise<readonly string[]> {
  check("path", "a path", path, (p) => typeof p === "string" && p !== "");
  const settings = withDefaults("saveFrames", FRAMES_DEFAULTS, options);
  const ending = extname(path).toLowerCase();
  const format = FORMATS[ending];
  if (ending !== "" && !format) {
    const expected = `a name ending in ${Object.keys(FORMATS).join(", ")}, or a folder without an ending`;
    throw new ArgumentError("path", expected, path);
  }
  const limits = format ?? NUMBERED;
  checkSettings(settings, limits, ending);
  const pictures = checkedPictures(frames, limits);
  if (format) {
    await writeWhole(path, await format.write(pictures, settings));
    return [path];
  }
  const digits = Math.max(4, String(frames.length).length);
  const paths = frames.map((_, i) => join(path, `${String(i + 1).padStart(digits, "0")}.png`));
  for (const [i, picture] of pictures.entries())
    await writeWhole(paths[i]!, await encodePicture(picture, "png", xmpOf(settings.marking)));
  return paths;
}

function checkSettings(settings: FramesSettings, { mostFps }: { readonly mostFps: number }, ending: string): void {
  const { fps, plays, marking, ffmpeg } = settings;
  check("fps", "a number from 0.1 to 120", fps, isNumberIn(0.1, 120));
  if (fps > mostFps) {
    const remedy = "Lower it or save an .mp4: viewers slow faster animations down to 10 frames per second.";
    throw new ArgumentError("fps", `at most ${mostFps} for a ${ending} file`, fps, remedy);
  }
  check("plays", "a whole number from 0 to 65535", plays, isIntegerIn(0, 65_535));
  check("marking", "a marking, as markingOf() makes it", marking, (m) => typeof m?.digitalSourceType === "string");
  check(
    "ffmpeg",
    "the name or the path of a program, or null",
    ffmpeg,
    (name) => name === null || (typeof name === "string" && name !== ""),
  );
}

/** The frames as pictures, all of one size that the format has room for. */
function checkedPictures(
  frames: readonly FrameSource[],
  { mostPixels }: { readonly mostPixels: number },
): readonly Picture[] {
  check("frames", "an array of at least one picture", frames, (f) => Array.isArray(f) && f.length > 0);
  const pictures = Array.from(frames, (frame): Picture => {
    const { width, height, data, rgba } = (frame ?? {}) as Partial<Picture & { rgba: Uint8Array }>;
    const bytes = data ?? rgba;
    const whole = isIntegerIn(1, mostPixels);
    if (
      !(bytes instanceof Uint8Array || bytes instanceof Uint8ClampedArray) ||
      width === undefined ||
      height === undefined
    )
      throw new ArgumentError("frames", "pictures with width, height and data, or generated images", frame);
    if (!whole(width) || !whole(height))
      throw new ArgumentError("frames", `sides from 1 to ${mostPixels} pixels`, described(`${width} x ${height}`));
    return { width, height, data: bytes };
  });
  const [first] = pictures as [Picture, ...Picture[]];
  for (const { width, height, data } of pictures) {
    if (width === first.width && height === first.height && data.length === width * height * 4) continue;
    const received = described(`one of ${width} x ${height} with ${data.length} bytes`);
    throw new ArgumentError(
      "frames",
      `pictures of ${first.width} x ${first.height} with four bytes per pixel`,
      received,
    );
  }
  return pictures;
}
