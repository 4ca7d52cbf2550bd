/** The published checkpoints of OctGPT: what their two files are called, and how they are to be read. */
import { OCTGPT_CONFIGS, type OctgptConfig } from "../core/octgpt/config.js";
import { SHAPE_CODECS, type ShapeCodecConfig } from "../tokenizers/octgpt/config.js";

export interface PublishedShapeModel {
  readonly files: { readonly transformer: string; readonly codec: string };
  readonly transformer: OctgptConfig;
  readonly codec: ShapeCodecConfig;
  /** The classes in order; of models that read the rows of another network, none. */
  readonly categories: readonly string[];
}

/** Where the files are; the authors state no licence. */
export const SHAPE_MODEL_ORIGIN = "huggingface.co/wst2001/OctGPT";

const category = (name: string): PublishedShapeModel => ({
  files: { transformer: `octgpt_${name}.pth`, codec: "vqvae_large_uncond_bsq32.pth" },
  transformer: OCTGPT_CONFIGS.category,
  codec: SHAPE_CODECS.large,
  categories: [name],
});

/** One row per checkpoint. */
export const PUBLISHED_SHAPE_MODELS = {
  "octgpt-airplane": category("airplane"),
  "octgpt-car": category("car"),
  "octgpt-chair": category("chair"),
  "octgpt-rifle": category("rifle"),
  "octgpt-table": category("table"),
  "octgpt-im5": {
    files: { transformer: "octgpt_im5.pth", codec: "vqvae_large_im5_uncond_bsq32.pth" },
    transformer: OCTGPT_CONFIGS["five-categories"],
    codec: SHAPE_CODECS.large,
    categories: ["airplane", "car", "chair", "table", "rifle"],
  },
  "octgpt-objaverse-text": {
    files: { transformer: "octgpt_objv_text.pth", codec: "vqvae_large_objv_bsq32.pth" },
    transformer: OCTGPT_CONFIGS.text,
    codec: SHAPE_CODECS.large,
    categories: [],
  },
  "octgpt-room": {
    files: { transformer: "octgpt_room.pth", codec: "vqvae_large_room_bsq32.pth" },
    transformer: OCTGPT_CONFIGS.room,
    codec: { ...SHAPE_CODECS.large, pointsScale: 0.6 },
    categories: ["room"],
  },
} as const satisfies Record<string, PublishedShapeModel>;

export type PublishedShapeName = keyof typeof PUBLISHED_SHAPE_MODELS;
