/** sharp, which takes longer to load than the rest of the package: it is loaded with the first picture that is read or written. */
import type { Sharp, SharpConstructor } from "sharp";

export const loadSharp = async (): Promise<SharpConstructor> => (await import("sharp")).default;

/** Pixels that lie row by row, a byte for each of their channels: 4 are RGBA, 1 is grey. */
export async function sharpOf(
  data: Uint8Array,
  { width, height }: { readonly width: number; readonly height: number },
  channels: 1 | 4 = 4,
): Promise<Sharp> {
  return (await loadSharp())(data, { raw: { width, height, channels } });
}
