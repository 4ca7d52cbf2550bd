/** Which models exist: the embedded ones, which travel in the package, and the published ones whose files a user brings. */
import type { TransformerName } from "../core/llamagen/config.js";
import type { TokenSampling } from "../core/sampling/ranges.js";
import type { ScaleTransformerName } from "../core/var/config.js";
import type { MULTI_SCALE_CONFIGS } from "../tokenizers/image/multi-scale-config.js";
import type { VQ_CONFIGS } from "../tokenizers/image/vq-config.js";

/** A model whose files lie in the package, in models/<name>/. */
export type EmbeddedModel = { readonly about: string; readonly licence: string } & (
  | {
      readonly kind: "image";
      /** Names that `style` may have, as its config.json lists them. */
      readonly styles: readonly string[];
    }
  | {
      readonly kind: "speech";
      /** Names that `voice` may have, as its config.json lists them. */
      readonly voices: readonly string[];
    }
  | { readonly kind: "mesh" | "mask" }
);

/** The image model that is used where none is named. */
export const DEFAULT_IMAGE_MODEL = "tessera-icons";

/** The mesh model that is used where none is named. */
export const DEFAULT_MESH_MODEL = "tessera-shapes";

/** The mask model that is used where none is named. */
export const DEFAULT_MASK_MODEL = "tessera-masks";

/** The speech model that is used where none is named. */
export const DEFAULT_SPEECH_MODEL = "tessera-voice";

export const EMBEDDED_MODELS = {
  "tessera-icons": {
    kind: "image",
    about: "pictures of 128 x 128 with transparency, from a prompt and a style",
    styles: [
      ...["fluent-3d", "fluent", "fluent-flat", "noto", "noto-blob", "twemoji", "emojione", "fxemoji", "streamline"],
    ],
    licence: "Apache-2.0",
  },
  "tessera-masks": {
    kind: "mask",
    about: "masks of things in a picture, found by words, and any mask in 32 tokens",
    licence: "Apache-2.0",
  },
  "tessera-shapes": {
    kind: "mesh",
    about: "closed meshes with colours, from words for 60 kinds of things",
    licence: "Apache-2.0",
  },
  "tessera-voice": {
    kind: "speech",
    about: "English speech of 16 kHz",
    voices: ["slt-hts", "rms", "slt", "awb"],
    licence: "Apache-2.0",
  },
} as const satisfies Record<string, EmbeddedModel>;

export type EmbeddedName = keyof typeof EMBEDDED_MODELS;

/** A published checkpoint: what its two files are called at their origin, how they are to be read, and how it is sampled. */
export type PublishedImageModel = {
  readonly files: { readonly transformer: string; readonly tokenizer: string };
  readonly origin: string;
  readonly licence: string;
  readonly sampling: TokenSampling;
} & (
  | { readonly decoding: "next-token"; readonly tokenizer: keyof typeof VQ_CONFIGS }
  | { readonly decoding: "next-scale"; readonly tokenizer: keyof typeof MULTI_SCALE_CONFIGS }
);

const CLASSES: TokenSampling = { guidance: 4, guidanceUntil: 1, temperature: 1, topK: 2000, topP: 1, minP: 0 };

/** LlamaGen (arXiv 2406.06525); the sampling defaults are those of the authors' demos. */
const llamagen = (
  transformer: string,
  tokenizer: string,
  origin: string,
  sampling: TokenSampling,
): PublishedImageModel => ({
  decoding: "next-token",
  tokenizer: "vq-ds16",
  files: { transformer, tokenizer },
  origin: `huggingface.co/${origin}`,
  licence: "MIT",
  sampling,
});

const c2i = (transformer: string) => llamagen(transformer, "vq_ds16_c2i.pt", "FoundationVision/LlamaGen", CLASSES);

const t2i = (transformer: string) =>
  llamagen(transformer, "vq_ds16_t2i.pt", "peizesun/llamagen_t2i", { ...CLASSES, guidance: 7.5, topK: 1000 });

/** VAR (arXiv 2404.02905), sampled as in the authors' demo; its cfg of 4 is a guidance of 5 here (see core/guidance.ts). */
const scales = (transformer: string): PublishedImageModel => ({
  decoding: "next-scale",
  tokenizer: "var-256",
  files: { transformer, tokenizer: "vae_ch160v4096z32.pth" },
  origin: "huggingface.co/FoundationVision/var",
  licence: "MIT",
  sampling: { guidance: 5, guidanceUntil: 1, temperature: 1, topK: 900, topP: 0.95, minP: 0 },
});

/** One row per checkpoint, by the name of its configuration. */
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

  "var-d16": scales("var_d16.pth"),
  "var-d20": scales("var_d20.pth"),
  "var-d24": scales("var_d24.pth"),
  "var-d30": scales("var_d30.pth"),
} as const satisfies Partial<Record<TransformerName | ScaleTransformerName, PublishedImageModel>>;

export type PublishedName = keyof typeof PUBLISHED_IMAGE_MODELS;
