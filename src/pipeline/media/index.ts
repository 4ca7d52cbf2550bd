/** The media that assets are of: one row each. */
import type { Medium } from "./medium.js";
import { MASK_MEDIUM } from "./mask.js";
import { MESH_MEDIUM } from "./mesh.js";
import { PICTURE } from "./picture.js";
import { SOUND } from "./sound.js";
import { TEXT_MEDIUM } from "./text.js";

const TABLE = { picture: PICTURE, sound: SOUND, mesh: MESH_MEDIUM, mask: MASK_MEDIUM, text: TEXT_MEDIUM };

export type MediumName = keyof typeof TABLE;

/** Steps get what their own medium decoded: the table keeps the two together. */
export const MEDIA = TABLE as unknown as Readonly<Record<MediumName, Medium>>;
