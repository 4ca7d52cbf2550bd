/** Deviations from a request that are not errors. */
import type { Decoding, DecodingName } from "../core/orders.js";
import type { Precision } from "../engine/engine.js";

/** In the shape of the AI SDK's warnings. */
export type Warning =
  | { readonly type: "unsupported"; readonly feature: string; readonly details?: string }
  | { readonly type: "other"; readonly message: string };

export const other = (message: string): Warning => ({ type: "other", message });

const LOOKUPS: readonly DecodingName[] = ["prompt-lookup", "run-lookup"];

/** Of orders that promise the tokens of another one, on weights of a precision whose products depend on the size of a pass. */
export function precisionWarnings(decoding: Decoding, precision: Precision): Warning[] {
  const promises = LOOKUPS.includes(decoding.kind) || (decoding.kind === "jacobi" && decoding.rule === "coupled");
  if (!promises || precision === "f32" || precision === "f16") return [];
  const remedy = 'Load the model with precision "f32" for the same tokens.';
  return [
    other(
      `In ${precision}, tokens depend on how many are computed per pass, and may differ from those of next-token. ${remedy}`,
    ),
  ];
}

/** Adds a warning, unless another item has caused the same one. */
export function warnOnce(warnings: Warning[], warning: Warning): void {
  if (!warnings.some((known) => JSON.stringify(known) === JSON.stringify(warning))) warnings.push(warning);
}
