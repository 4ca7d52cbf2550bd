/** What a medium is to the matchers: how a value is read, kept as a golden, compared and shown. */
import type { Marking } from "../index.js";

/** One number of a comparison. `name` is its name among the tolerances. */
export interface Measure<Name extends string = string> {
  readonly name: Name;
  /** In the field's words, such as "PSNR". */
  readonly label: string;
  readonly value: number;
  /** Such as "dB"; "" for none. */
  readonly unit: string;
  /** Which way is nearer to the golden. */
  readonly better: "higher" | "lower";
}

/** Something that the report shows: a PNG is looked at, a WAV listened to, a text read. */
export interface Figure {
  readonly title: string;
  readonly mediaType: "image/png" | "audio/wav" | "text/plain";
  readonly bytes: Uint8Array;
}

export interface Comparison<Name extends string = string> {
  /** Why the two cannot be compared at all, such as another size; null where they can. */
  readonly mismatch: string | null;
  readonly measures: readonly Measure<Name>[];
  /** Where and how they differ, a sentence each. */
  readonly notes: readonly string[];
  /** Expected, received and difference. Drawn only when asked for. */
  figures(): Promise<readonly Figure[]>;
}

/** `Name` are the measures of the medium; each has a tolerance. */
export interface Medium<Value, Name extends string> {
  /** In messages: "picture". */
  readonly noun: string;
  /** Ending of a golden, without the dot. */
  readonly extension: string;
  readonly tolerance: Readonly<Record<Name, number>>;
  /** The value in whatever a test holds. @throws ArgumentError, InputError. */
  read(received: unknown): Promise<Value>;
  /** The bytes of its golden. Comparing begins with these, so that what a golden cannot keep makes no difference. */
  encode(value: Value, marking: Marking | null): Promise<Uint8Array>;
  decode(golden: Uint8Array): Promise<Value>;
  compare(expected: Value, received: Value): Comparison<Name>;
}

/** Whether a value is within its tolerance. */
export const within = ({ value, better }: Measure, tolerance: number): boolean =>
  better === "higher" ? value >= tolerance : value <= tolerance;

/** A number with four significant digits. */
export const digits = (value: number): string => (Number.isFinite(value) ? String(Number(value.toPrecision(4))) : "∞");
