/** The kinds of assets: one row each. */
import { EDIT } from "./edit.js";
import { IMAGE } from "./image.js";
import type { Kind } from "./kind.js";
import { CUT_OUT, MASK } from "./mask.js";
import { MESH } from "./mesh.js";
import { SPEECH } from "./speech.js";
import { TEXT } from "./text.js";

export const KINDS = {
  image: IMAGE,
  edit: EDIT,
  speech: SPEECH,
  mesh: MESH,
  mask: MASK,
  "cut-out": CUT_OUT,
  text: TEXT,
} as const satisfies Record<string, Kind>;

export type KindName = keyof typeof KINDS;

export const KIND_NAMES = Object.keys(KINDS) as readonly KindName[];
