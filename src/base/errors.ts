/**
 * Every failure this library reports. A failure says what happened, holds the facts as fields, and ends with a remedy.
 * One class a mistake; `code` is stable and meant for programs, the text is meant for people.
 */
export abstract class TesseraError extends Error {
  abstract readonly code: string;
  constructor(
    what: string,
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(`${what}\n  → ${remedy}`, options);
    this.name = new.target.name;
  }
}

/** A public function was called with a value it cannot take. */
export class ArgumentError extends TesseraError {
  readonly code = "argument";
  constructor(
    readonly argument: string,
    readonly expected: string,
    readonly received: unknown,
    remedy = `Pass ${expected}.`,
  ) {
    super(`Expected ${expected} for ${argument} but received ${show(received)}.`, remedy);
  }
}

/** A graph was built, or fed, with sizes or types that do not fit together. */
export class ShapeError extends TesseraError {
  readonly code = "shape";
  constructor(
    readonly where: string,
    problem: string,
    remedy = "Compare the shapes named above with the axes in the docstring of that function.",
  ) {
    super(`${where}: ${problem}.`, remedy);
  }
}

/** What can be wrong with a checkpoint file, before anything is known about the model. */
export type CheckpointFault =
  | "unreadable"
  | "unknown-format"
  | "bad-header"
  | "bad-offsets"
  | "bad-size"
  | "truncated"
  | "damaged-archive"
  | "checksum"
  | "missing-storage"
  | "out-of-bounds"
  | "forbidden-global"
  | "unsupported-pickle";

/** A checkpoint file that cannot be read safely. Nothing of it was loaded and nothing in it was executed. */
export class CheckpointError extends TesseraError {
  readonly code = "checkpoint";
  constructor(
    readonly file: string,
    readonly fault: CheckpointFault,
    problem: string,
    remedy: string,
    options?: ErrorOptions,
  ) {
    super(`${file}: ${problem} (${fault}).`, remedy, options);
  }
}

/** A readable checkpoint that does not fit the model: everything missing, misshapen and unused, in one error. */
export class WeightsError extends TesseraError {
  readonly code = "weights";
  constructor(
    readonly file: string,
    readonly faults: readonly string[],
  ) {
    const shown = faults.slice(0, 40).join("\n    ");
    const more = faults.length > 40 ? `\n    … and ${faults.length - 40} more` : "";
    super(
      `${file} does not fit this model (${faults.length} ${faults.length === 1 ? "fault" : "faults"}):\n    ${shown}${more}`,
      "If all names differ by a prefix, name it; if only sizes differ, the configuration row is another model's.",
    );
  }
}

/** No model, style or device of that name. */
export class UnknownNameError extends TesseraError {
  readonly code = "unknown-name";
  constructor(
    readonly kind: string,
    readonly received: string,
    readonly known: readonly string[],
  ) {
    super(`There is no ${kind} "${clip(received)}".`, `Choose one of: ${known.join(", ")}.`);
  }
}

/** A device that was asked for cannot run here. */
export class DeviceError extends TesseraError {
  readonly code = "device";
  constructor(
    readonly device: string,
    readonly reason: string,
    remedy: string,
    options?: ErrorOptions,
  ) {
    super(`The device "${device}" cannot be used: ${reason}.`, remedy, options);
  }
}

/** A device took the work and failed at it. */
export class ExecutionError extends TesseraError {
  readonly code = "execution";
  constructor(
    readonly device: string,
    readonly reason: string,
    remedy = "Run `tessera doctor`; if the device is listed as usable, report this with the message above.",
    options?: ErrorOptions,
  ) {
    super(`Running on "${device}" failed: ${reason}.`, remedy, options);
  }
}

/** Something was used after it was closed. */
export class ClosedError extends TesseraError {
  readonly code = "closed";
  constructor(readonly what: string) {
    super(`This ${what} is closed.`, "Open a new one, or close it only after the last result has arrived.");
  }
}

/** A tokenizer file that cannot be understood, or text that it cannot encode. */
export class TokenizerError extends TesseraError {
  readonly code = "tokenizer";
}

/** A result could not be written. Nothing was left half-written. */
export class OutputError extends TesseraError {
  readonly code = "output";
  constructor(
    readonly path: string,
    reason: string,
    remedy: string,
    options?: ErrorOptions,
  ) {
    super(`Cannot write ${path}: ${reason}.`, remedy, options);
  }
}

function show(value: unknown): string {
  if (typeof value === "string") return `${JSON.stringify(clip(value))} of type string`;
  if (value === null || value === undefined) return String(value);
  if (typeof value === "object") return `${Object.prototype.toString.call(value).slice(8, -1)} object`;
  return `${String(value)} of type ${typeof value}`;
}

const clip = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}… (${text.length} characters)` : text);
