/** Icon files: several PNG files of one picture behind a table of contents. */

export interface IconEntry {
  readonly side: number;
  readonly png: Uint8Array;
}

/** A Windows icon (.ico): a header of 6 bytes, an entry of 16 bytes per picture, the pictures. A side of 256 is written as 0. */
export function ico(entries: readonly IconEntry[]): Uint8Array {
  const head = Buffer.alloc(6 + 16 * entries.length);
  head.writeUInt16LE(1, 2); // an icon, not a cursor
  head.writeUInt16LE(entries.length, 4);
  let offset = head.length;
  for (const [i, { side, png }] of entries.entries()) {
    const at = 6 + 16 * i;
    head.writeUInt8(side % 256, at);
    head.writeUInt8(side % 256, at + 1);
    head.writeUInt16LE(1, at + 4); // colour planes
    head.writeUInt16LE(32, at + 6); // bits a pixel
    head.writeUInt32LE(png.length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += png.length;
  }
  return Buffer.concat([head, ...entries.map(({ png }) => png)]);
}

/**
 * Types of an Apple icon (.icns) that hold PNG files, by the side in pixels. 16 x 16 points have none that every version of macOS
 * shows, so it takes the next larger one.
 */
const ICNS_TYPES: readonly (readonly [type: string, side: number])[] = [
  ["ic11", 32], //  16 points at 2x
  ["ic12", 64], //  32 points at 2x
  ["ic07", 128],
  ["ic13", 256], // 128 points at 2x
  ["ic08", 256],
  ["ic14", 512], // 256 points at 2x
  ["ic09", 512],
  ["ic10", 1024], // 512 points at 2x
];

export const ICNS_SIDES: readonly number[] = [...new Set(ICNS_TYPES.map(([, side]) => side))];

/** An Apple icon (.icns) of pictures of all ICNS_SIDES: a header of 8 bytes, then type, length and file of each. */
export function icns(entries: readonly IconEntry[]): Uint8Array {
  const chunk = (type: string, bytes: Uint8Array) => {
    const head = Buffer.alloc(8);
    head.write(type, "latin1");
    head.writeUInt32BE(8 + bytes.length, 4);
    return Buffer.concat([head, bytes]);
  };
  const pngs = new Map(entries.map(({ side, png }) => [side, png]));
  return chunk("icns", Buffer.concat(ICNS_TYPES.map(([type, side]) => chunk(type, pngs.get(side)!))));
}
