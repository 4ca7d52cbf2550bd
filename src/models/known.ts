/** Which models exist: the embedded ones, which travel in the package, and the published ones whose files a user brings. */
import type { TransformerName } from "../core/configs.js";
import type { VQ_CONFIGS } from "../tokenizers/image/vq-config.js";
import type { ImageDefaults } from "./image-config.js";

/** A model whose files lie in the package, in models/<name>/. */
export interface EmbeddedModel {
  readonly kind: "image";
  readonly about: string;
  readonly licence: string;
}

/** The model that is used where none is named. */
export const DEFAULT_IMAGE_MODEL = "tessera-icons";

export const EMBEDDED_MODELS = {
  "tessera-icons": {
    kind: "image",
    about: "a prompt and a style to a 128 x 128 picture with transparency",
    licence: "Apache-2.0",
  },
} as const satisfies Record<string, EmbeddedModel>;

export type EmbeddedName = keyof typeof EMBEDDED_MODELS;

/** A published checkpoint: what its two files are called at their origin, how they are to be read, and how it is sampled. */
export interface PublishedImageModel {
  readonly tokenizer: keyof typeof VQ_CONFIGS;
  readonly files: { readonly transformer: string; readonly tokenizer: string };
  readonly origin: string;
  readonly licence: string;
  readonly defaults: ImageDefaults;
}

const CLASSES = { style: "none", guidance: 4, temperature: 1, topK: 2000, topP: 1, minP: 0 } as const;
const TEXT = { ...CLASSES, guidance: 7.5, topK: 1000 } as const;

const c2i = (transformer: string): PublishedImageModel => ({
  tokenizer: "vq-ds16",
  files: { transformer, tokenizer: "vq_ds16_c2i.pt" },
  origin: "huggingface.co/FoundationVision/LlamaGen",
  licence: "MIT",
  defaults: CLASSES,
});

const t2i = (transformer: string): PublishedImageModel => ({
  tokenizer: "vq-ds16",
  files: { transformer, tokenizer: "vq_ds16_t2i.pt" },
  origin: "huggingface.co/peizesun/llamagen_t2i",
  licence: "MIT",
  defaults: TEXT,
});

/** LlamaGen (arXiv 2406.06525); the sampling defaults are those of the authors' demos. */
export const PUBLISHED_IMAGE_MODELS = {
  "llamagen-c2i-b-256": c2i("c2i_B_256.pt"),
  "llamagen-c2i-b-384": c2i("c2i_B_384.pt"),
  "llamagen-c2i-l-256": c2i("c2i_L_256.pt"),
  "llamagen-c2i-l-384": c2i("c2i_L_384.pt"),
  "llamagen-c2i-xl-384": c2i("c2i_XL_384.pt"),
  "llamagen-c2i-xxl-384": c2i("c2i_XXL_384.pt"),
  "llamagen-c2i-3b-384": c2i("c2i_3B_384.pt"),
  "llamagen-t2i-xl-256": t2i("t2i_XL_stage1_256.pt"),
  "llamagen-t2i-xl-512": t2i("t2i_XL_stage2_512.pt"),
} as const satisfies Partial<Record<TransformerName, PublishedImageModel>>;

export type PublishedName = keyof typeof PUBLISHED_IMAGE_MODELS;
