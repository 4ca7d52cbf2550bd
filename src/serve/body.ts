/** The parameters of a request, out of its body: JSON, or the fields and files of a form. */
import type { Context } from "hono";
import { isNumberIn } from "../base/check.js";
import { type Fields, fields } from "../base/fields.js";
import { HttpRefusal } from "./errors.js";

/** Reads the parameters of a body; one that is null counts as absent. */
export interface Body {
  text(name: string): string | undefined;
  /** A finite number; its range is checked where it is used. */
  number(name: string): number | undefined;
  flag(name: string): boolean | undefined;
  word<W extends string>(name: string, words: readonly W[]): W | undefined;
  /** Any value. */
  take(name: string): unknown;
  /** A warning for each of those parameters that is there, as it changes nothing here. */
  withoutEffect(names: readonly string[]): string[];
  /** Refuses parameters that nobody has read: one that is silently ignored would be a wrong answer. */
  finish(): void;
}

function bodyOf(of: Fields): Body {
  const there = (name: string): boolean => (of.take(name) ?? null) !== null;
  const optional = <T>(name: string, expected: string, ok: (value: unknown) => value is T): T | undefined =>
    there(name) ? of.value(name, expected, ok) : undefined;
  return {
    text: (name) => optional(name, "a text", (value): value is string => typeof value === "string"),
    number: (name) => optional(name, "a number", (value): value is number => isNumberIn(-1e300, 1e300)(value)),
    flag: (name) => optional(name, "true or false", (value): value is boolean => typeof value === "boolean"),
    word: (name, words) => (there(name) ? of.word(name, words) : undefined),
    take: (name) => of.take(name) ?? undefined,
    withoutEffect: (names) => names.filter(there).map((name) => `"${name}" has no effect here.`),
    finish: () => of.finish(),
  };
}

/** The parameters of a JSON body. Throws HttpRefusal, ArgumentError. */
export async function jsonBody(c: Context): Promise<Body> {
  requireType(c, "application/json");
  const text = await c.req.text();
  try {
    return bodyOf(fields(JSON.parse(text), "body"));
  } catch (error) {
    if (error instanceof SyntaxError) throw new HttpRefusal(400, "invalid_json", "The body is not JSON.");
    throw error;
  }
}

export interface Form {
  readonly body: Body;
  /** The bytes of the files of that name; a client sends several as "image[]". */
  files(name: string): Promise<Uint8Array[]>;
}

/** Parameters that are numbers or truth values, which a form holds as text. */
const PARSED: ReadonlySet<string> = new Set([
  ...["n", "seed", "partial_images", "stream", "guidance", "temperature", "top_k", "top_p", "min_p", "seam"],
  ...["output_compression", "class_id"],
]);

/** The parameters and files of a form. Throws HttpRefusal, ArgumentError. */
export async function formBody(c: Context): Promise<Form> {
  requireType(c, "multipart/form-data");
  const form = await c.req.raw.formData().catch(() => {
    throw new HttpRefusal(400, "invalid_form", "The body is not a form of the type that its Content-Type names.");
  });
  const plain: Record<string, unknown> = {};
  const files = new Map<string, File[]>();
  for (const [key, value] of form) {
    const name = key.replace(/\[\]$/, "");
    if (typeof value === "string") plain[name] = PARSED.has(name) ? parsed(value) : value;
    else files.set(name, [...(files.get(name) ?? []), value]);
  }
  return {
    body: bodyOf(fields(plain, "body")),
    files: (name) => Promise.all((files.get(name) ?? []).map(async (file) => new Uint8Array(await file.arrayBuffer()))),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // which the parameter then refuses, by its name
  }
}

/** Only a type that a page of another origin cannot send without asking first (or, for forms, see guard.ts). */
function requireType(c: Context, type: string): void {
  const [given] = (c.req.header("Content-Type") ?? "").split(";");
  if (given!.trim().toLowerCase() !== type)
    throw new HttpRefusal(415, "unsupported_media_type", `The body must be ${type}.`);
}
