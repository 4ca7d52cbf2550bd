/** In which order the tokens of a picture come to be: one word, or an object with the settings of that order. */
import { withDefaults } from "../base/check.js";
import { ArgumentError, UnknownNameError } from "../base/errors.js";
import type { Fields } from "../base/fields.js";
import { derive, type TransformerConfig } from "../core/configs.js";
import { type JacobiOptions, type JacobiSettings, jacobi, jacobiSettings } from "../core/decode/jacobi.js";
import { rasterLayout } from "../core/decode/layout.js";
import { nextToken } from "../core/decode/next-token.js";
import type { Strategy } from "../core/decode/step.js";

/** An order with nothing left open, as the manifest keeps it. */
export type Decoding = { readonly kind: "next-token" } | ({ readonly kind: "jacobi" } & JacobiSettings);

export type DecodingName = Decoding["kind"];

/**
 * next-token   one token a pass.
 * jacobi       guesses checked a window at a time: fewer passes. Its default rule gives the tokens of next-token, as far as the
 *              arithmetic does not depend on how many tokens a pass has: float32 differs in the last bits, and a draw that
 *              close is rare; q8 and q4 round what they multiply to eight bits, and pictures differ.
 */
export type DecodingOption =
  | DecodingName
  | { readonly kind: "next-token" }
  | ({ readonly kind: "jacobi" } & JacobiOptions);

interface Order<D extends Decoding> {
  /** Completes and checks what stands beside `kind`. */
  complete(settings: Readonly<Record<string, unknown>>): D;
  strategy(decoding: D, items: number, config: TransformerConfig): Strategy;
}

const ORDERS: { readonly [K in DecodingName]: Order<Extract<Decoding, { kind: K }>> } = {
  "next-token": {
    complete: (settings) => ({ kind: "next-token", ...withDefaults("decoding", {}, settings) }),
    strategy: (_, items, config) => nextToken(items, derive(config).positions),
  },
  jacobi: {
    complete: (settings) => ({ kind: "jacobi", ...jacobiSettings(settings, "decoding") }),
    strategy: ({ kind: _, ...settings }, items, config) => {
      const layout = rasterLayout(config.grid, config.vocabulary);
      return jacobi(items, derive(config).positions, layout, settings);
    },
  },
};

export const DECODINGS = Object.keys(ORDERS) as readonly DecodingName[];

/** Completes and checks what a caller wrote. Throws UnknownNameError naming the orders there are, or ArgumentError. */
export function decodingOf(option: unknown): Decoding {
  if (typeof option === "string") return decodingOf({ kind: option });
  if (typeof option !== "object" || option === null)
    throw new ArgumentError("decoding", `one of ${DECODINGS.join(", ")}, or an object with such a kind`, option);
  const { kind, ...settings } = option as Readonly<Record<string, unknown>>;
  if (!DECODINGS.includes(kind as DecodingName)) throw new UnknownNameError("decoding", String(kind), DECODINGS);
  return ORDERS[kind as DecodingName].complete(settings);
}

/** The decoding that a manifest states. */
export function decodingFrom(of: Fields): Decoding {
  return decodingOf(Object.fromEntries(of.names().map((name) => [name, of.take(name)])));
}

/** The strategy that decodes `items` pictures together with a model of that configuration. */
export function strategyOf(decoding: Decoding, items: number, config: TransformerConfig): Strategy {
  const order = ORDERS[decoding.kind] as Order<Decoding>;
  return order.strategy(decoding, items, config);
}
