/** Values that may be damaged. */
import type { z } from "zod";

/** The value, if it is what the schema says; else null. */
export function parsedOrNull<S extends z.ZodType>(schema: S, value: unknown): z.output<S> | null {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : null;
}
