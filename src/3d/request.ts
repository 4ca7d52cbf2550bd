/** What a caller asks for, checked against the model once; after this, nothing about it is in doubt. */
import { check, isIntegerIn, type Options, withDefaults } from "../base/check.js";
import { UnknownNameError } from "../base/errors.js";
import type { Decoding } from "../core/orders.js";
import { completeSampling, TOKEN_SAMPLING, type TokenSampling } from "../core/sampling/ranges.js";
import { checkPrompt } from "../media/prompt.js";
import { routeFor } from "../media/routes.js";
import { RUN_DEFAULTS, type RunSettings, runSettings, TOKEN_DEFAULTS, type TokenSettings } from "../media/settings.js";
import { MESH_FORMATS, type MeshFormat } from "./formats/format.js";
import type { MeshModel } from "./model.js";
import type { ShapeRoute } from "./networks/network.js";
import type { MeshSubject, ReadSubject } from "./subject.js";

/** Everything besides the prompt that decides about the meshes. */
export interface MeshSettings extends RunSettings, TokenSettings {
  /**
   * Levels of the octree: 2^depth voxels along the longest side, or points of OctGPT's field. 3 up to model.depths.most; null: as the model
   * states.
   */
  readonly depth: number | null;
  /** Metres of the longest side of the cube that holds the mesh. */
  readonly size: number;
  /** About how many triangles; null: as many as the octree gives. */
  readonly faces: number | null;
  readonly format: MeshFormat;
  /** streamMesh only: whether each level of the octree is shown when it is complete. */
  readonly previews: "levels" | "none";
}

export const MESH_DEFAULTS: MeshSettings = Object.freeze({
  ...RUN_DEFAULTS,
  depth: null,
  size: 1,
  faces: null,
  format: "glb",
  previews: "none",
  ...TOKEN_DEFAULTS,
});

export interface MeshRequest extends RunSettings {
  readonly prompt: string;
  readonly subject: ReadSubject;
  readonly depth: number;
  readonly size: number;
  readonly faces: number | null;
  readonly format: MeshFormat;
  readonly previews: MeshSettings["previews"];
  readonly decoding: Decoding;
  readonly route: ShapeRoute;
  readonly sampling: TokenSampling;
}

/** Completes and checks what a caller wrote. Throws ArgumentError or UnknownNameError. */
export function requestOf(
  model: MeshModel,
  { prompt, context, ...rest }: MeshSubject & Options<MeshSettings>,
): MeshRequest {
  const s = withDefaults<MeshSettings>("options", MESH_DEFAULTS, rest);
  const { usual, most } = model.depths;
  const depth = check("depth", `a whole number from 3 to ${most}`, s.depth ?? usual, isIntegerIn(3, most));
  check("size", "metres above 0, at most 1,000,000", s.size, (size) => size > 0 && size <= 1e6);
  check("faces", "a whole number from 4 to 10,000,000, or null", s.faces, (n) => n === null || isIntegerIn(4, 1e7)(n));
  if (!MESH_FORMATS.includes(s.format)) throw new UnknownNameError("format", String(s.format), MESH_FORMATS);
  check("previews", '"levels" or "none"', s.previews, (p) => p === "levels" || p === "none");
  const { decoding, route } = routeFor(model, s.decoding);
  const sampling = completeSampling(TOKEN_SAMPLING, route.sampling, s);
  const { size, faces, format, previews } = s;
  return {
    ...runSettings(s),
    prompt: checkPrompt("prompt", prompt),
    subject: model.read({ prompt, context }),
    ...{ depth, size, faces, format, previews, route, sampling },
    decoding: route.completed(decoding, sampling),
  };
}
