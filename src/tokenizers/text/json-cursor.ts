/**
 * Reads a tokenizer.json without trusting it: a cursor knows where in the file it stands, and every read states what it
 * expects, so that a wrong file is refused by the path of the mistake and not by a crash further on.
 */
import { TokenizerError } from "../../base/errors.js";

/** Sequences may hold sequences. Real files go three deep; more than this is an attack or a cycle. */
const DEEPEST = 32;

/** What is learned about the file as a whole while its parts are read. */
export interface FileNotes {
  /** For messages: the path, or "tokenizer.json" for an object from memory. */
  readonly label: string;
  /** What the file asks for and this library does otherwise, each with the reason. */
  readonly warnings: string[];
  /** How many rules were read, as far as the file names their type. */
  rules: number;
  /** Whether one of its regular expressions can take long on a short text. */
  wildPatterns: boolean;
}

export class Cursor {
  constructor(
    readonly value: unknown,
    readonly file: FileNotes,
    readonly path: readonly (string | number)[] = [],
  ) {
    if (path.length > DEEPEST) this.fail("is nested too deeply", "Flatten the sequences within sequences.");
  }

  fail(problem: string, remedy = "Download the file again; this one is damaged, or is not a tokenizer."): never {
    const where = this.path.reduce<string>(
      (text, step) => text + (typeof step === "number" ? `[${step}]` : `.${step}`),
      "",
    );
    throw new TokenizerError(`${this.file.label}: ${where.slice(1, 200) || "the file"} ${problem}.`, remedy);
  }

  warn(text: string): void {
    this.file.warnings.push(`${this.path.join(".")}: ${text}`);
  }

  /** The member of that name; its value is undefined if there is none. Null counts as none, as in the files. */
  at(key: string): Cursor {
    const members = this.members();
    const value = Object.hasOwn(members, key) ? members[key] : undefined;
    return new Cursor(value === null ? undefined : value, this.file, [...this.path, key]);
  }

  has(key: string): boolean {
    return this.at(key).value !== undefined;
  }

  members(): Readonly<Record<string, unknown>> {
    const { value } = this;
    if (typeof value !== "object" || value === null || Array.isArray(value)) this.fail("must be an object");
    return value as Record<string, unknown>;
  }

  /** The elements, which must be a list; an absent list is refused. */
  list(): Cursor[] {
    const { value } = this;
    if (!Array.isArray(value)) this.fail("must be a list");
    return value.map((element, index) => new Cursor(element, this.file, [...this.path, index]));
  }

  string(fallback?: string): string {
    return this.read("a string", fallback, (value) => typeof value === "string");
  }

  /** A string of exactly one character. */
  character(fallback?: string): string {
    return this.read("one character", fallback, (value) => typeof value === "string" && [...value].length === 1);
  }

  boolean(fallback?: boolean): boolean {
    return this.read("true or false", fallback, (value) => typeof value === "boolean");
  }

  /** An integer from 0 to 2^31 - 1. */
  integer(fallback?: number): number {
    const ok = (value: unknown) => Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31;
    return this.read("an integer of at least 0", fallback, ok);
  }

  number(fallback?: number): number {
    return this.read("a finite number", fallback, (value) => typeof value === "number" && Number.isFinite(value));
  }

  oneOf<T extends string>(choices: readonly T[], fallback?: T): T {
    return this.read(`one of ${choices.join(", ")}`, fallback, (value) => choices.includes(value as T));
  }

  /** Reads this part by the row of `table` that its "type" names. */
  byType<T>(table: Readonly<Record<string, (part: Cursor) => T>>): T {
    this.file.rules++;
    const type = this.at("type").string();
    const row = Object.hasOwn(table, type) ? table[type] : undefined;
    if (row === undefined) {
      this.fail(
        `has the type "${type.slice(0, 60)}", which is not supported`,
        `Supported are: ${Object.keys(table).join(", ")}.`,
      );
    }
    return row(this);
  }

  private read<T>(expected: string, fallback: T | undefined, ok: (value: unknown) => boolean): T {
    if (this.value === undefined && fallback !== undefined) return fallback;
    if (this.value === undefined) this.fail(`is missing; it must be ${expected}`);
    if (!ok(this.value)) this.fail(`must be ${expected}`);
    return this.value as T;
  }
}
