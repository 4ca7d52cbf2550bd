/**
 * A medium as post steps see it: how an item of the cache is read, what can be done to it, and the files that it becomes. A step
 * changes the item, or writes files of it; each is one row.
 */
import { z } from "zod";
import { type Marking, markingOf } from "../../index.js";
import type { ItemManifest } from "../kinds/kind.js";

/** A file of an asset; its name is that of the asset and `suffix`, such as ".png" or "-lod1.glb". */
export interface MadeFile {
  readonly suffix: string;
  readonly bytes: Uint8Array;
}

/** An item that is about to become files. */
export interface Finished<V> {
  readonly value: V;
  /** The file that the cache keeps of the item; null once a step has changed it. */
  readonly own: Uint8Array | null;
  readonly manifest: ItemManifest;
  readonly marking: Marking;
}

export type StepRow<V> = Change<V> | Write<V>;

export interface Change<V> {
  readonly does: "change";
  readonly about: string;
  readonly options: z.ZodType;
  apply(value: V, options: never): V | Promise<V>;
}

export interface Write<V> {
  readonly does: "write";
  readonly about: string;
  readonly options: z.ZodType;
  files(item: Finished<V>, options: never): Promise<readonly MadeFile[]>;
}

/** A row of a step that changes; its options are typed by their schema. */
export const change = <V, S extends z.ZodType>(
  about: string,
  options: S,
  apply: (value: V, options: z.output<S>) => V | Promise<V>,
): Change<V> => ({ does: "change", about, options, apply: apply as Change<V>["apply"] });

/** A row of a step that writes. */
export const write = <V, S extends z.ZodType>(
  about: string,
  options: S,
  files: (item: Finished<V>, options: z.output<S>) => Promise<readonly MadeFile[]>,
): Write<V> => ({ does: "write", about, options, files: files as Write<V>["files"] });

/** What a medium states about itself; `V` is an item in memory. */
export interface MediumRow<V, F extends string = string> {
  /** Such as "pictures". */
  readonly plural: string;
  /** Endings of files, the usual one first. */
  readonly formats: readonly [F, ...F[]];
  /** The format of the files that the cache keeps. */
  readonly kept: F;
  decode(bytes: Uint8Array): Promise<V>;
  encode(value: V, format: F, marking: Marking): Promise<Uint8Array>;
  /** The manifest of an item whose file is of that format; null where it could not be made again from one. */
  manifestAs(manifest: ItemManifest, format: F): ItemManifest | null;
  /** Steps besides `formats`, which every medium has. */
  readonly steps: Readonly<Record<string, StepRow<V>>>;
}

export type Medium<V = never> = MediumRow<V>;

/** Completes a row by the step that writes files of the medium's own formats. */
export function mediumOf<V, F extends string>(row: MediumRow<V, F>): MediumRow<V> {
  const one = z.enum(row.formats);
  const options = z.union([one, z.array(one).min(1)]);
  const formats = write<V, typeof options>(
    `Files of one or several formats: ${row.formats.join(", ")}.`,
    options,
    async ({ value, own, marking }, wanted) => {
      const names = [...new Set([wanted].flat())] as readonly F[];
      return Promise.all(
        names.map(async (format) => {
          const bytes = own !== null && format === row.kept ? own : await row.encode(value, format, marking);
          return { suffix: `.${format}`, bytes };
        }),
      );
    },
  );
  return { ...row, steps: { ...row.steps, formats } } as unknown as MediumRow<V>;
}

/** The mark of an item, which is that of its manifest whatever was done to it. */
export function markingFor({ model, seed, index, subject }: ItemManifest): Marking {
  const { prompt, text } = (subject ?? {}) as { readonly prompt?: string; readonly text?: string };
  return markingOf({ model: `${model.name} ${model.revision}`, prompt: prompt ?? text ?? null, seed, index });
}
