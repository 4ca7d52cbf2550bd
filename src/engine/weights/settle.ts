/** Closed loading: a checkpoint and the graphs of a model must use each other up. */
import { WeightsError } from "../../base/errors.js";
import type { Graph } from "../graph.js";
import type { Checkpoint } from "./checkpoint.js";

/**
 * Refuses a checkpoint that lacks a weight of `graphs`, has one in another shape, or has tensors that no graph asks for: one
 * WeightsError lists them all. `ignore` is the table of what a family's files hold and its graphs compute themselves
 * (LlamaGen's `freqs_cis`); rows that match nothing are fine. Element types do not matter: devices take weights as float32.
 */
export function settle(
  checkpoint: Checkpoint,
  graphs: readonly Graph[],
  { ignore = [] }: { readonly ignore?: readonly RegExp[] } = {},
): void {
  const asked = new Set<string>();
  const faults = new Set<string>(); // graphs that share a weight share its fault
  for (const { shape, source } of graphs.flatMap((graph) => graph.weights)) {
    if (source.kind !== "weight") continue;
    const { name } = source;
    const found = checkpoint.entries.get(name);
    asked.add(name);
    if (!found) faults.add(`missing    ${name} [${shape}]`);
    else if (found.shape.join() !== shape.join()) {
      faults.add(`misshapen  ${name}: needs [${shape}], file has [${found.shape}]`);
    }
  }
  for (const name of checkpoint.entries.keys()) {
    if (!asked.has(name) && !ignore.some((row) => name.search(row) >= 0)) faults.add(`unused     ${name}`);
  }
  if (faults.size > 0) throw new WeightsError(checkpoint.label, [...faults]);
}
