/** A checkpoint under other names, or with matrices turned. A view borrows: closing it closes nothing, and it reads as long as the file is open. */
import { WeightsError } from "../../base/errors.js";
import { type Checkpoint, ELEMENT_BYTES, type Entry } from "./checkpoint.js";
import { checkpointOf, type Stored } from "./stored.js";

/**
 * The tensors whose names begin with `prefix`, such as "vae.", without it.
 * Throws WeightsError if there are none.
 */
export function subset(checkpoint: Checkpoint, prefix: string): Checkpoint {
  const rows = [...checkpoint.entries.keys()].filter((name) => name.startsWith(prefix));
  if (rows.length === 0) throw new WeightsError(checkpoint.label, [`missing    ${prefix}*`]);
  return view(
    checkpoint,
    rows.map((name) => [name.slice(prefix.length), name]),
  );
}

/** A row of a rename table: `to` may use $1 … $9; null means known, and deliberately dropped. */
export type Rename = readonly [from: RegExp, to: string | null];

/**
 * The tensors under the names of `table`, of which exactly one row must match each name: no row is an unknown tensor, two are an
 * ambiguous table. Throws WeightsError that lists every such name, and every name that two tensors would share.
 */
export function renamed(checkpoint: Checkpoint, table: readonly Rename[]): Checkpoint {
  const names = new Map<string, string>();
  const faults: string[] = [];
  for (const name of checkpoint.entries.keys()) {
    const rows = table.filter(([from]) => name.search(from) >= 0);
    const [from, to] = rows[0] ?? [/$/, null];
    if (rows.length !== 1) faults.push(`unnamed    ${name}: ${rows.length} rows of the table match`);
    else if (to !== null) {
      const next = name.replace(from, to);
      if (names.has(next)) faults.push(`repeated   ${next}: from ${names.get(next)} and from ${name}`);
      names.set(next, name);
    }
  }
  if (faults.length > 0) throw new WeightsError(checkpoint.label, faults);
  return view(checkpoint, names);
}

/**
 * Matrices of one layer as the one that they are in other files, one below the other: where names differ by those of `parts` alone,
 * they become a tensor with `whole` in their place. A part whose others are missing stays as it is.
 */
export function stacked(checkpoint: Checkpoint, parts: readonly string[], whole: string): Checkpoint {
  const tensors: Stored[] = [];
  const used = new Set<string>();
  const [first = ""] = parts;
  for (const name of checkpoint.entries.keys()) {
    const names = name.includes(first) ? parts.map((part) => name.replace(first, part)) : [];
    const entries = names.map((each) => checkpoint.entries.get(each));
    const [top] = entries;
    const alike = (each: Entry | undefined) =>
      each?.element === top?.element && each?.shape.slice(1).join() === top?.shape.slice(1).join();
    if (!top || !entries.every(alike)) continue;
    const { element, shape } = top;
    const rows = entries.reduce((sum, each) => sum + each!.shape[0]!, 0);
    const read = async () =>
      new Uint8Array(Buffer.concat(await Promise.all(names.map((each) => checkpoint.bytes(each)))));
    tensors.push({ name: name.replace(first, whole), element, shape: shape.with(0, rows), extent: null, read });
    for (const each of names) used.add(each);
  }
  for (const { name, element, shape } of checkpoint.entries.values()) {
    if (used.has(name)) continue;
    tensors.push({ name, element, shape, extent: checkpoint.extent(name), read: () => checkpoint.bytes(name) });
  }
  return checkpointOf(checkpoint.label, { tensors, metadata: checkpoint.metadata }, async () => {});
}

/** The matrices whose names match `which` turned, [in, out] as [out, in], and all else as it is. */
export function transposed(checkpoint: Checkpoint, which: RegExp): Checkpoint {
  const tensors = Array.from(checkpoint.entries.values(), ({ name, element, shape }): Stored => {
    const bytes = () => checkpoint.bytes(name);
    if (shape.length !== 2 || !which.test(name))
      return { name, element, shape, extent: checkpoint.extent(name), read: bytes };
    const [rows, columns] = shape as [number, number];
    const read = async () => turned(await bytes(), rows, columns, ELEMENT_BYTES[element]);
    return { name, element, shape: [columns, rows], extent: null, read };
  });
  return checkpointOf(checkpoint.label, { tensors, metadata: checkpoint.metadata }, async () => {});
}

function turned(bytes: Uint8Array, rows: number, columns: number, size: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const [from, to] = [(row * columns + column) * size, (column * rows + row) * size];
      for (let i = 0; i < size; i++) out[to + i] = bytes[from + i]!;
    }
  return out;
}

function view(checkpoint: Checkpoint, names: Iterable<readonly [name: string, stored: string]>): Checkpoint {
  const tensors = Array.from(names, ([name, stored]): Stored => {
    const { element, shape } = checkpoint.entries.get(stored)!;
    const extent = checkpoint.extent(stored);
    return { name, element, shape, extent, read: () => checkpoint.bytes(stored) };
  });
  return checkpointOf(checkpoint.label, { tensors, metadata: checkpoint.metadata }, async () => {});
}
