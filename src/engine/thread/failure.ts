/** Errors across threads: structured cloning forgets the class and the fields of an error, so both are sent by name. */
import * as errors from "../../base/errors.js";

export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Own fields of a TesseraError: remedy, code, and what its class adds. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export function toFailure(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), stack: undefined, fields: {} };
  const { name, message, stack } = error;
  const { name: _, ...own } = { ...error } as Record<string, unknown>; // `name` travels by itself
  const fields = error instanceof errors.TesseraError ? cloneable(own) : {};
  return { name, message, stack, fields };
}

/** The error as its own class again; a class that is not ours comes back as a plain Error. */
export function revive({ name, message, stack, fields }: Failure): Error {
  const known: unknown = Object.hasOwn(errors, name) ? errors[name as keyof typeof errors] : undefined;
  const error = new Error(message); // not Object.create: only a constructed error prints and compares as one
  if (typeof known === "function") Object.setPrototypeOf(error, known.prototype);
  for (const [key, value] of Object.entries({ name, stack })) {
    Object.defineProperty(error, key, { value, configurable: true, writable: true });
  }
  return Object.assign(error, fields);
}

/** Fields as they can be sent: what a caller passed in may be a function or hold one. */
function cloneable(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => {
      try {
        return [key, structuredClone(value)];
      } catch {
        return [key, String(value)];
      }
    }),
  );
}
