/** The networks of image models, one row per layout. */
import type { LayoutName } from "../../models/image-layouts.js";
import { janus } from "./janus.js";
import { llamagen } from "./llamagen.js";
import type { NetworkRow } from "./network.js";
import { multiScale } from "./var.js";

export const NETWORKS: { readonly [L in LayoutName]: NetworkRow<L> } = { llamagen, var: multiScale, janus };
