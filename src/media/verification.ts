/** Compares an item that was made again with its manifest. */
import { check, isObject } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";
import type { LoadedModel } from "./load.js";
import type { ManifestBase } from "./manifest.js";

export interface Verification {
  /** Tokens and output are those of the manifest. */
  readonly same: boolean;
  /** What differs, in words: files of the model, device, version, tokens, output. Empty when nothing does. */
  readonly differences: readonly string[];
}

/** Refuses a manifest of another model, and what is no model. */
export function checkModel(manifest: ManifestBase, model: LoadedModel): void {
  check("model", "a loaded model", model, (m) => isObject(m) && typeof m.name === "string");
  if (manifest.model.name !== model.name)
    throw new ArgumentError("model", `the model of the manifest, ${manifest.model.name}`, model.name);
}

/**
 * Compares two manifests of one item. `output` names what came of it and finds its digest, such as "pixels". Another device,
 * precision or version is a difference, but does not count against `same` if tokens and output agree.
 */
export function compareManifests<M extends ManifestBase>(
  then: M,
  now: M,
  output: { readonly name: string; sha256(manifest: M): string },
): Verification {
  const files = Object.keys({ ...then.model.sha256, ...now.model.sha256 });
  const changed = files.filter((file) => then.model.sha256[file] !== now.model.sha256[file]);
  const different = (what: string, was: string, is: string) => (was === is ? [] : [`${what}: was ${was}, is ${is}`]);
  const content = [
    ...(then.tokens.sha256 === now.tokens.sha256 ? [] : ["tokens"]),
    ...(output.sha256(then) === output.sha256(now) ? [] : [output.name]),
  ];
  const differences = [
    ...different("version", then.tessera, now.tessera),
    ...different("revision of the model", then.model.revision, now.model.revision),
    ...changed.map((file) => `file of the model: ${file}`),
    ...different("device", then.device, now.device),
    ...different("precision", then.precision, now.precision),
    ...content,
  ];
  return { same: content.length === 0, differences };
}
