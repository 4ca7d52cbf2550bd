/** What the gallery shows: things that the default model was trained to draw, spread over its styles. */

/** One picture: a prompt, and a style by name. */
export interface GalleryPrompt {
  readonly prompt: string;
  readonly style: string;
}

const STYLES = [
  "fluent-3d",
  "fluent",
  "fluent-flat",
  "noto",
  "noto-blob",
  "twemoji",
  "emojione",
  "fxemoji",
  "streamline",
] as const;

/** Drawn in several styles each, three per row. */
const THINGS: readonly string[] = [
  "red apple",
  "cat face",
  "rocket",
  "hamburger",
  "sunflower",
  "octopus",
  "birthday cake",
  "guitar",
  "hot air balloon",
  "fox",
  "mushroom",
];

/** One thing in every style, then each thing in three styles; 42 pictures. */
export const GALLERY_PROMPTS: readonly GalleryPrompt[] = [
  ...STYLES.map((style) => ({ prompt: "strawberry", style })),
  ...THINGS.flatMap((prompt, i) => [0, 1, 3].map((step) => ({ prompt, style: STYLES[(i + step) % STYLES.length]! }))),
];
