/** One prompt and seed in every order in which a model can be decoded: what each costs, and how its picture comes to be. */
import {
  type DecodingName,
  type GeneratedImage,
  type GenerateImageOptions,
  generateImage,
  type ImageModel,
  streamImage,
} from "../index.js";

/** What is compared: a subject as generateImage takes it, and one seed. */
export interface Compared {
  readonly model: ImageModel;
  readonly prompt: string;
  readonly style?: string | undefined;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

export interface ComparedOrder {
  readonly decoding: DecodingName;
  readonly image: GeneratedImage;
  readonly forwardPasses: number;
  /** Of a run without previews, after one that opened what it needs. */
  readonly milliseconds: number;
  /** PNG files, evenly spread over the passes. */
  readonly previews: readonly Uint8Array[];
}

/** How many previews a picture has at most. */
export const PREVIEWS = 5;

/** Draws the picture in each order, one after the other. Throws what generateImage throws. */
export async function* compareOrders({ model, ...subject }: Compared): AsyncGenerator<ComparedOrder, void, void> {
  for (const decoding of model.decodings) {
    const options = { ...subject, model, decoding } satisfies GenerateImageOptions;
    await generateImage(options); // opens the files that this order needs
    const { images, usage } = await generateImage(options);
    const { forwardPasses, milliseconds } = usage;
    const previewEvery = Math.ceil(forwardPasses / (PREVIEWS + 1));
    const previews: Uint8Array[] = [];
    for await (const event of streamImage({ ...options, previewEvery })) {
      if (event.type === "image-preview") previews.push(event.bytes);
    }
    yield { decoding, image: images[0]!, forwardPasses, milliseconds, previews };
  }
}
