/**
 * Classifier-free guidance, the one formula of it (Ho & Salimans 2022, arXiv 2207.12598 §3.2), in LlamaGen's convention:
 *
 *     guided = unconditional + (conditional - unconditional) · scale        scale 1 = off
 *
 * The families state the same thing with different numbers, so that a number from one paper misleads in another:
 *
 *   LlamaGen, NAR, PAR, Janus   u + (c - u)·cfg            scale = cfg
 *   SJD                         cfg·(c - u) + u            scale = cfg
 *   VAR, Infinity               (1 + t)·c - t·u            scale = 1 + t, with t = cfg · (index of the scale) / (scales - 1)
 *   TiTok                       c + t·(c - u)              scale = 1 + t, with t = cfg · (index of the pass) / passes
 *
 * VAR's 1.5 is therefore LlamaGen's 2.5 at the last scale, and off at the first.
 */
import { ArgumentError, ShapeError } from "../../base/errors.js";

export interface Guidance {
  /** 1 = off; 2 to 8 is usual. */
  readonly scale: number;
  /** Passes that begin with fewer final tokens than this are guided, later ones follow the conditional logits alone. */
  readonly until: number;
  /**
   * Where given, the guidance grows in equal steps from off to `scale`: by one step when so many tokens are final, in ascending
   * order. VAR's (arXiv 2404.02905, appendix): one step per scale, so off at the first scale and full at the last.
   */
  readonly steps?: readonly number[];
}

export const UNGUIDED: Guidance = Object.freeze({ scale: 1, until: Number.POSITIVE_INFINITY });

/** A guidance of that scale over the first `until` tokens. Refuses scales below 1, which no family defines. */
export function guidance(scale: number, until = Number.POSITIVE_INFINITY): Guidance {
  if (!(scale >= 1 && Number.isFinite(scale)))
    throw new ArgumentError("guidance.scale", "a number of at least 1", scale);
  if (!(until >= 0)) throw new ArgumentError("guidance.until", "a number of positions, at least 0", until);
  return { scale, until };
}

/**
 * LlamaGen's pair (cfg, cfg_interval). cfg up to 1 is off. The interval counts decode steps: step i feeds token i and
 * yields token i+1, and is guided while i <= interval; the token of the prefill is always guided. -1: no limit.
 */
export function llamagenGuidance(cfg: number, interval = -1): Guidance {
  return cfg > 1 ? guidance(cfg, interval > -1 ? interval + 2 : Number.POSITIVE_INFINITY) : UNGUIDED;
}

/** NAR's pair of the same names. Its interval counts tokens: a pass is guided while no more than that many are there. */
export function narGuidance(cfg: number, interval: number): Guidance {
  return cfg > 1 ? guidance(cfg, interval > -1 ? interval + 1 : Number.POSITIVE_INFINITY) : UNGUIDED;
}

/** VAR's cfg, 0 = off; `starts` are the first positions of the scales after the first one. */
export function varGuidance(cfg: number, starts: readonly number[]): Guidance {
  if (cfg === 0) return UNGUIDED;
  if (starts.length === 0) throw new ArgumentError("starts", "at least one scale after the first", starts);
  return { ...guidance(1 + cfg), steps: starts };
}

/**
 * TiTok's cfg with its linear growth (arXiv 2406.07550, its code), 0 = off. `standing` says how many tokens are final when each
 * pass begins, of `count` in all.
 */
export function titokGuidance(cfg: number, standing: readonly number[], count: number): Guidance {
  return cfg === 0 ? UNGUIDED : { ...guidance(1 + cfg), steps: [...standing.slice(1), count] };
}

/** The scale at which the token of `position` is guided; `drawn` tokens are final before it, in raster order its number. */
export function scaleAt({ scale, until, steps }: Guidance, position: number, drawn = position): number {
  if (drawn >= until) return 1;
  if (!steps) return scale;
  const taken = steps.filter((start) => start <= drawn).length;
  return 1 + ((scale - 1) * taken) / steps.length;
}

/** One row of guided logits [V], as float32. */
export function guide(conditional: Float32Array, unconditional: Float32Array, scale: number): Float32Array {
  if (conditional.length !== unconditional.length)
    throw new ShapeError("guide", `rows of ${conditional.length} and ${unconditional.length} logits`);
  if (scale === 1) return conditional; // u + (c - u) would differ from c in the last bit
  const guided = new Float32Array(conditional.length);
  for (let v = 0; v < guided.length; v++) {
    const u = unconditional[v]!;
    guided[v] = u + (conditional[v]! - u) * scale;
  }
  return guided;
}
