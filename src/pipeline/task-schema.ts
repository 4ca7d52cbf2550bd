/** What a task says of itself in a file or a message: the fields that lock files and jobs share. */
import { z } from "zod";
import type { Step } from "./finish.js";
import { KIND_NAMES, type KindName, KINDS } from "./kinds/index.js";
import { MEDIA } from "./media/index.js";
import { parsedBy } from "./schema-faults.js";

export const DIGEST = z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits");

export const TASK_FIELDS = {
  kind: z.enum(KIND_NAMES),
  device: z.string().max(100),
  precision: z.string().max(100).nullable(),
  settings: z.record(z.string().max(100), z.unknown()),
  seed: z.int().min(0),
  index: z.int().min(0),
  steps: z.array(z.strictObject({ name: z.string().max(100), options: z.unknown() })).max(32),
} as const;

/** Steps whose names and options the medium of the kind knows. Throws ArgumentError for others. */
export function parsedSteps(kind: KindName, steps: readonly Step[], where: string): readonly Step[] {
  const rows = MEDIA[KINDS[kind].medium].steps;
  const names = z.enum(Object.keys(rows) as [string, ...string[]]);
  return steps.map(({ name, options }) => {
    const known = parsedBy(names, name, where);
    return { name: known, options: parsedBy(rows[known]!.options, options, `${where}: ${known}`) };
  });
}
