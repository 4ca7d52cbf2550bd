/** Sprite sheets: which items are the frames of which sheet, and the two files that come of them. */
import { basename } from "node:path";
import { ArgumentError, UnknownNameError } from "../../base/errors.js";
import { described } from "../../base/words.js";
import { type Picture, pictureFile, markingOf, VERSION } from "../../index.js";
import type { Item } from "../expand.js";
import { KINDS } from "../kinds/index.js";
import type { MadeFile } from "../media/medium.js";
import { relativePath } from "../output-names.js";
import type { AssetsFile, SheetSource } from "../schema.js";
import { packed } from "./pack.js";

export interface Sheet {
  readonly name: string;
  readonly options: SheetSource;
  /** Path of its files below the output folder, without the suffix. */
  readonly stem: string;
  readonly frames: readonly Item[];
}

/** A frame: its name in the JSON, and its picture after the steps that change it. */
export interface Frame {
  readonly name: string;
  readonly picture: Picture;
}

/** The sheets of a manifest. Throws UnknownNameError, ArgumentError for frames that are no pictures or names that are taken. */
export function sheetsOf({ assets, sheets = {} }: AssetsFile, items: readonly Item[], where: string): readonly Sheet[] {
  const taken = new Set(items.map(({ stem }) => stem.toLowerCase()));
  return Object.entries(sheets).map(([name, options]) => {
    const place = `${where}: sheets.${name}`;
    for (const asset of options.assets) {
      if (!Object.hasOwn(assets, asset)) throw new UnknownNameError(`asset for ${place}`, asset, Object.keys(assets));
      const { medium } = KINDS[assets[asset]!.kind];
      if (medium !== "picture")
        throw new ArgumentError(
          `${place}.assets`,
          "assets that are pictures",
          described(`${asset}, which is a ${medium}`),
        );
    }
    const stem = relativePath(options.output ?? name, `${place}.output`);
    if (taken.has(stem.toLowerCase())) throw new ArgumentError(`${place}.output`, "a name that no item has", stem);
    taken.add(stem.toLowerCase());
    return { name, options, stem, frames: items.filter(({ asset }) => options.assets.includes(asset)) };
  });
}

/** The picture and the JSON of a sheet. Throws ArgumentError where it would exceed its side. */
export async function sheetFiles(
  { name, options, stem }: Sheet,
  frames: readonly Frame[],
): Promise<readonly MadeFile[]> {
  const { padding, side, format } = options;
  const { width, height, places } = packed(
    frames.map(({ picture }) => picture),
    padding,
  );
  if (Math.max(width, height) > side) {
    const received = described(`${frames.length} frames that take ${width} x ${height}`);
    throw new ArgumentError(
      `sheets.${name}`,
      `a sheet of at most ${side} x ${side}`,
      received,
      "Resize the frames, or raise side.",
    );
  }
  const data = new Uint8Array(4 * width * height);
  const rows = frames.map(({ name: frame, picture }, i) => {
    const { x, y } = places[i]!;
    lay(picture, data, width, x, y);
    return [frame, { x, y, w: picture.width, h: picture.height }] as const;
  });
  const image = `${basename(stem)}.${format}`;
  const mark = markingOf({ model: null, prompt: null, seed: null, index: null });
  return [
    { suffix: `.${format}`, bytes: await pictureFile({ width, height, data }, format, mark) },
    { suffix: ".json", bytes: Buffer.from(atlas(image, width, height, rows)) },
  ];
}

/** The JSON that TexturePacker calls "hash" and Phaser and PixiJS load. */
function atlas(
  image: string,
  width: number,
  height: number,
  rows: readonly (readonly [
    string,
    { readonly x: number; readonly y: number; readonly w: number; readonly h: number },
  ])[],
): string {
  const frames = rows.map(([name, frame]) => {
    const size = { w: frame.w, h: frame.h };
    return [
      name,
      { frame, rotated: false, trimmed: false, spriteSourceSize: { x: 0, y: 0, ...size }, sourceSize: size },
    ];
  });
  const meta = {
    app: "tessera-sdk",
    version: VERSION,
    image,
    format: "RGBA8888",
    size: { w: width, h: height },
    scale: "1",
  };
  return `${JSON.stringify({ frames: Object.fromEntries(frames), meta }, null, 2)}\n`;
}

function lay({ width, height, data }: Picture, onto: Uint8Array, stride: number, x: number, y: number): void {
  for (let row = 0; row < height; row++)
    onto.set(data.subarray(4 * row * width, 4 * (row + 1) * width), 4 * ((y + row) * stride + x));
}
