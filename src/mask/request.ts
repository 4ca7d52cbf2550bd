/** What a caller asks for, checked against the model once; after this, nothing about it is in doubt. */
import { check, checkName, isIntegerIn, type Options, withDefaults } from "../base/check.js";
import type { Decoding } from "../core/orders.js";
import { completeSampling, TOKEN_SAMPLING, type TokenSampling } from "../core/sampling/ranges.js";
import { checkPrompt } from "../media/prompt.js";
import { type Route, routeFor } from "../media/routes.js";
import { RUN_DEFAULTS, type RunSettings, runSettings, TOKEN_DEFAULTS, type TokenSettings } from "../media/settings.js";
import type { MaskModel } from "./model.js";
import type { MaskNetwork } from "./network.js";

/** How tokens become a mask. */
export const READINGS = ["soft", "hard"] as const;
export type Reading = (typeof READINGS)[number];

/** Everything besides picture and prompt that decides about the masks. */
export interface MaskSettings extends RunSettings, TokenSettings {
  /** Tokens of a mask, from coarse to fine: fewer are quicker and smoother. null: as many as the model has. */
  readonly tokens: number | null;
  /** "soft": each token counts as a mixture of all, as probable as each was (HiMTok, arXiv 2503.13026 §3.3); "hard": as the one that was drawn. */
  readonly reading: Reading;
  /** streamSegmentation only: whether the mask is shown when it has 1, 2, 4, 8 … tokens. */
  readonly previews: "tokens" | "none";
}

export const MASK_DEFAULTS: MaskSettings = Object.freeze({
  ...RUN_DEFAULTS,
  tokens: null,
  reading: "soft",
  previews: "none",
  ...TOKEN_DEFAULTS,
});

export interface MaskRequest extends RunSettings {
  readonly prompt: string;
  readonly tokens: number;
  readonly reading: Reading;
  readonly previews: MaskSettings["previews"];
  readonly decoding: Decoding;
  readonly route: Route<MaskNetwork>;
  readonly sampling: TokenSampling;
}

/** Completes and checks what a caller wrote. Throws ArgumentError or UnknownNameError. */
export function requestOf(
  model: MaskModel,
  { prompt, ...rest }: { readonly prompt: string } & Options<MaskSettings>,
): MaskRequest {
  const s = withDefaults<MaskSettings>("options", MASK_DEFAULTS, rest);
  const tokens = check(
    "tokens",
    `1 to ${model.tokens}, or null`,
    s.tokens ?? model.tokens,
    isIntegerIn(1, model.tokens),
  );
  checkName("reading", s.reading, READINGS);
  check("previews", '"tokens" or "none"', s.previews, (p) => p === "tokens" || p === "none");
  const { decoding, route } = routeFor(model, s.decoding);
  return {
    ...runSettings(s),
    prompt: checkPrompt("prompt", prompt),
    ...{ tokens, reading: s.reading, previews: s.previews, decoding, route },
    sampling: completeSampling(TOKEN_SAMPLING, route.sampling, s),
  };
}
