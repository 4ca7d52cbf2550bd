/** Words on a sheet. */
import type { OverlayOptions } from "sharp";
import { html } from "../base/html.js";

export const BACKGROUND = "#f7f5f2";
const TONES = { ink: "#2b2926", soft: "#8a857d" } as const;

export interface Label {
  readonly x: number;
  /** The line on which the letters stand. */
  readonly y: number;
  readonly text: string;
  readonly tone: keyof typeof TONES;
  readonly anchor: "start" | "middle";
}

/**
 * A layer with labels for a sheet of that size. They are set by the fonts of the system; where it has none, they stay empty and
 * nothing else changes, which is why all that a sheet says is on a page, too.
 */
export function labelled(
  { width, height }: { readonly width: number; readonly height: number },
  labels: readonly Label[],
): OverlayOptions {
  const texts = labels.map(
    ({ x, y, text, tone, anchor }) =>
      `<text x="${x}" y="${y}" fill="${TONES[tone]}" text-anchor="${anchor}">${html(text)}</text>`,
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
<g font-family="sans-serif" font-size="13">${texts.join("")}</g></svg>`;
  return { input: Buffer.from(svg), left: 0, top: 0 };
}
