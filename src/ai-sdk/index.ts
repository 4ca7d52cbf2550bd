/** `tessera-sdk/ai-sdk`: models of this machine for Vercel's AI SDK. */
export { createTessera, type TesseraProvider, type TesseraSettings } from "./provider.js";
export type { TesseraImageModel, TesseraLanguageModel, TesseraSpeechModel } from "./specification.js";
