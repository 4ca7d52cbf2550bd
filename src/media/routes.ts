/** The ways in which a model makes items: a network each, which serves some orders of decoding and is opened when first used. */
import { type Decoding, type DecodingName, type DecodingOption, decodingOf } from "../core/orders.js";
import type { TokenSampling } from "../core/sampling/ranges.js";
import type { Precision } from "../engine/engine.js";

export interface Route<Network> {
  /** The orders in which it can be decoded, its own first. */
  readonly decodings: readonly DecodingName[];
  /** How it is sampled where the caller says nothing. */
  readonly sampling: TokenSampling;
  readonly precision: Precision;
  /** SHA-256 of every file that an item made on it comes from; empty where `verify` was off. */
  readonly sha256: Readonly<Record<string, string>>;
  /** Verifies and opens its files the first time. Throws CheckpointError, WeightsError. */
  network(): Promise<Network>;
}

/** Of a model that makes items in one way or several. */
export interface Routed<R extends Route<unknown>> {
  /** In which orders it can be decoded, its default first. */
  readonly decodings: readonly DecodingName[];
  /**
   * How it makes items; that of the default decoding first.
   *
   * @internal
   */
  readonly routes: readonly [R, ...R[]];
}

/** The routes of a model, and what it can do by them, with the default decoding first. */
export function routed<R extends Route<unknown>>(routes: readonly R[], decoding: DecodingName): Routed<R> {
  const serving = (route: R) => Number(route.decodings.includes(decoding));
  const sorted = [...routes].sort((a, b) => serving(b) - serving(a)) as [R, ...R[]];
  return { routes: sorted, decodings: [...new Set([decoding, ...sorted.flatMap((route) => route.decodings)])] };
}

/** The order of decoding that a caller asked for, completed and checked, and the route that serves it. */
export function routeFor<R extends Route<unknown>>(
  model: Routed<R> & { readonly name: string },
  option: DecodingOption | null,
): { readonly decoding: Decoding; readonly route: R } {
  const { name, decodings, routes } = model;
  const decoding = decodingOf(option ?? decodings[0], decodings, `decoding of ${name}`);
  return { decoding, route: routes.find((route) => route.decodings.includes(decoding.kind))! };
}
