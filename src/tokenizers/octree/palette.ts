/** The colours that a shape's ids can name, in sRGB, and the nearest of them to any other. */

/** Names are those of captions. The order is part of every stream: never reorder, only append where the vocabulary is versioned. */
export const PALETTE = [
  { name: "black", rgb: [0x22, 0x22, 0x26] },
  { name: "dark gray", rgb: [0x4a, 0x4c, 0x52] },
  { name: "gray", rgb: [0x86, 0x88, 0x8c] },
  { name: "light gray", rgb: [0xbf, 0xc1, 0xc5] },
  { name: "white", rgb: [0xf2, 0xf1, 0xec] },
  { name: "red", rgb: [0xc8, 0x28, 0x2c] },
  { name: "dark red", rgb: [0x7d, 0x1c, 0x22] },
  { name: "pink", rgb: [0xec, 0x8f, 0xb0] },
  { name: "magenta", rgb: [0xc4, 0x2f, 0x90] },
  { name: "orange", rgb: [0xe8, 0x7b, 0x1e] },
  { name: "yellow", rgb: [0xf0, 0xc8, 0x2d] },
  { name: "gold", rgb: [0xb8, 0x8c, 0x32] },
  { name: "cream", rgb: [0xec, 0xdf, 0xbe] },
  { name: "beige", rgb: [0xcf, 0xb8, 0x91] },
  { name: "light brown", rgb: [0xb0, 0x83, 0x54] },
  { name: "brown", rgb: [0x7a, 0x50, 0x2e] },
  { name: "dark brown", rgb: [0x4b, 0x31, 0x20] },
  { name: "olive", rgb: [0x7c, 0x7f, 0x2f] },
  { name: "light green", rgb: [0x93, 0xc9, 0x5b] },
  { name: "green", rgb: [0x3c, 0x94, 0x3f] },
  { name: "dark green", rgb: [0x20, 0x55, 0x2f] },
  { name: "teal", rgb: [0x1f, 0x8a, 0x86] },
  { name: "turquoise", rgb: [0x55, 0xc8, 0xc0] },
  { name: "light blue", rgb: [0x8c, 0xc0, 0xe8] },
  { name: "blue", rgb: [0x2c, 0x62, 0xc2] },
  { name: "dark blue", rgb: [0x1c, 0x32, 0x74] },
  { name: "lavender", rgb: [0xb6, 0xa5, 0xdc] },
  { name: "purple", rgb: [0x74, 0x3c, 0xa6] },
  { name: "dark purple", rgb: [0x41, 0x22, 0x5e] },
  { name: "skin", rgb: [0xe4, 0xb0, 0x8c] },
  { name: "steel", rgb: [0x9c, 0xaa, 0xb8] },
  { name: "copper", rgb: [0xb4, 0x67, 0x45] },
] as const;

export type ColourName = (typeof PALETTE)[number]["name"];

/** The place of a named colour in the palette. */
export const colourOf = (name: ColourName): number => PALETTE.findIndex((row) => row.name === name);

const LABS = PALETTE.map(({ rgb }) => oklab(rgb[0] / 255, rgb[1] / 255, rgb[2] / 255));

/** The nearest colour of the palette to an sRGB colour (each 0 to 1), by distance in OKLab (Ottosson 2020). */
export function nearestColour(red: number, green: number, blue: number): number {
  const [L, a, b] = oklab(red, green, blue);
  let best = 0;
  let least = Infinity;
  for (const [i, lab] of LABS.entries()) {
    const distance = (lab[0] - L) ** 2 + (lab[1] - a) ** 2 + (lab[2] - b) ** 2;
    if (distance < least) {
      least = distance;
      best = i;
    }
  }
  return best;
}

function oklab(red: number, green: number, blue: number): [L: number, a: number, b: number] {
  const [r, g, bl] = [red, green, blue].map(linearOf) as [number, number, number];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * bl);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * bl);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * bl);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/** The linear light of one sRGB channel, 0 to 1 (IEC 61966-2-1). */
export function linearOf(channel: number): number {
  return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
}
