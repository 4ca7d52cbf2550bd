/**
 * A task: one item with everything that decides about its files, and nothing else. No path of the caller's is in it, so the same
 * task has the same keys in any folder and on any machine.
 */
import { canonical } from "../base/canonical.js";
import { sha256 } from "../base/digest.js";
import { VERSION } from "../index.js";
import type { Item } from "./expand.js";
import type { Manifests, Step } from "./finish.js";
import { type Input, settingsByDigest } from "./inputs.js";
import { KINDS, type KindName } from "./kinds/index.js";
import type { Settings } from "./kinds/kind.js";

export interface Task {
  readonly kind: KindName;
  /** Digest of the model's files. Where they lie is no part of the task. */
  readonly model: string;
  readonly device: string;
  readonly precision: string | null;
  /** Files are named by their digest. */
  readonly settings: Settings;
  readonly seed: number;
  readonly index: number;
  readonly steps: readonly Step[];
  readonly manifests: Manifests;
}

/** Releases that differ in the last number alone give the same items. */
export const RESULTS = VERSION.split(".").slice(0, 2).join(".");

/** Raised when post steps or the records of the store change. */
const FINISHING = 1;

export function taskOf(item: Item, model: string, inputs: readonly Input[], manifests: Manifests): Task {
  const { kind, device, precision, seed, index, steps } = item;
  const settings = settingsByDigest(item.settings, inputs);
  return { kind, model, device, precision, settings, seed, index, steps, manifests };
}

/** The key of the item before post steps, which a change of those leaves as it is. */
export function itemKey({ kind, model, device, precision, settings, seed, index }: Task): string {
  const made = { kind, revision: KINDS[kind].revision, results: RESULTS, model, device, precision, settings };
  return keyOf("item", { ...made, seed, index });
}

/** The key of the files. */
export const outputKey = (task: Task): string => {
  const { steps, manifests } = task;
  return keyOf("output", { item: itemKey(task), finishing: FINISHING, steps, manifests });
};

/** Items that differ in nothing but their index can be made in one batch. */
export const batchKey = ({ kind, model, device, precision, settings, seed }: Task): string =>
  keyOf("batch", { kind, model, device, precision, settings, seed });

/** The digest of a value, apart from equal values that mean something else. */
export const keyOf = (what: string, value: object): string => sha256(`tessera ${what}\n${canonical(value)}`);
