/** The failures this library reports: one class per kind of mistake. */
import { didYouMean } from "./nearest.js";
import { Description, onOneLine, printable, quoted, shortened, shown } from "./words.js";

/** Present on every error of every copy of this package in a process. */
const MARKER: unique symbol = Symbol.for("tessera-sdk.error");

const MOST_CHARACTERS = 8000;

/**
 * What every failure has: what happened, the facts as fields, and a remedy. `code` is stable and meant for programs, the text
 * is meant for people. Whatever comes from a caller or a file is escaped and bounded here: a message can be printed as it is.
 */
export abstract class TesseraError extends Error {
  abstract readonly code: string;
  readonly remedy: string;
  constructor(what: string, remedy: string, options?: ErrorOptions) {
    const advice = harmless(remedy);
    super(`${harmless(what)}\n  → ${advice}`, options);
    this.name = new.target.name;
    this.remedy = advice;
  }

  get [MARKER](): true {
    return true;
  }

  /** Tells whether `error` is of this class. Unlike `instanceof`, it knows the errors of another copy of the package. */
  static isInstance<E extends TesseraError>(this: Kind<E>, error: unknown): error is E {
    if (typeof error !== "object" || error === null || !(MARKER in error)) return false;
    return this.code === undefined || (error as TesseraError).code === this.code;
  }
}

/** A class of errors; the base class has no code of its own. */
interface Kind<E extends TesseraError> {
  readonly prototype: E;
  readonly code?: string;
}

/** A public function was called with a value it cannot take. */
export class ArgumentError extends TesseraError {
  static readonly code = "argument";
  readonly code = ArgumentError.code;
  readonly received: unknown;
  /** `received` is the value, or `described("…")` where words tell more than it. */
  constructor(
    readonly argument: string,
    readonly expected: string,
    received: unknown,
    remedy = received === undefined ? `Add ${argument}, which is missing.` : `Correct ${argument}.`,
    options?: ErrorOptions,
  ) {
    super(`Expected ${expected} for ${onOneLine(argument)} but received ${shown(received)}.`, remedy, options);
    this.received = received instanceof Description ? received.text : received;
  }
}

/** A file that was named cannot be read. */
export class InputError extends TesseraError {
  static readonly code = "input";
  readonly code = InputError.code;
  constructor(
    readonly path: string,
    readonly reason: string,
    remedy: string,
    options?: ErrorOptions,
  ) {
    super(`Cannot read ${pathOf(path)}: ${reason}.`, remedy, options);
  }
}

/** A graph was built, or fed, with sizes or types that do not fit together. */
export class ShapeError extends TesseraError {
  static readonly code = "shape";
  readonly code = ShapeError.code;
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
  static readonly code = "checkpoint";
  readonly code = CheckpointError.code;
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
  static readonly code = "weights";
  readonly code = WeightsError.code;
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

/** No model, style, device or option of that name. */
export class UnknownNameError extends TesseraError {
  static readonly code = "unknown-name";
  readonly code = UnknownNameError.code;
  readonly received: string;
  constructor(
    readonly kind: string,
    received: unknown,
    readonly known: readonly string[],
    options?: ErrorOptions,
  ) {
    const word = typeof received === "string" ? received : shown(received);
    const choice =
      known.length === 0 ? "There is none to choose from." : `Choose one of: ${known.map(onOneLine).join(", ")}.`;
    super(
      `There is no ${kind} ${typeof received === "string" ? quoted(word) : word}.`,
      didYouMean(word, known) + choice,
      options,
    );
    this.received = word;
  }
}

/** A device that was asked for cannot run here. */
export class DeviceError extends TesseraError {
  static readonly code = "device";
  readonly code = DeviceError.code;
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
  static readonly code = "execution";
  readonly code = ExecutionError.code;
  constructor(
    readonly device: string,
    readonly reason: string,
    remedy = "Run `tessera doctor`; if the device is listed as usable, report this with the message above.",
    options?: ErrorOptions,
  ) {
    super(`Running on "${device}" failed: ${reason}.`, remedy, options);
  }
}

/** A model gave logits that are not numbers, so that nothing can be drawn from them. */
export class LogitsError extends TesseraError {
  static readonly code = "logits";
  readonly code = LogitsError.code;
  constructor(
    problem: string,
    remedy = "Check the weights, or load them in a wider precision (f32): half precision overflows in some checkpoints.",
  ) {
    super(`${problem}.`, remedy);
  }
}

/** A program of the user's that this library starts, such as ffmpeg, is missing or failed. */
export class ToolError extends TesseraError {
  static readonly code = "tool";
  readonly code = ToolError.code;
  constructor(
    readonly tool: string,
    readonly reason: string,
    remedy: string,
    options?: ErrorOptions,
  ) {
    super(`The program ${quoted(tool)} ${reason}.`, remedy, options);
  }
}

/** A file of this package is not where the package has it. */
export class InstallationError extends TesseraError {
  static readonly code = "installation";
  readonly code = InstallationError.code;
  constructor(
    readonly file: string,
    remedy = "Reinstall the package; a bundler must leave it external.",
    options?: ErrorOptions,
  ) {
    super(`This installation of tessera-sdk has no ${onOneLine(file)}.`, remedy, options);
  }
}

/** Something was used after it was closed. */
export class ClosedError extends TesseraError {
  static readonly code = "closed";
  readonly code = ClosedError.code;
  constructor(readonly what: string) {
    super(`This ${what} is closed.`, "Open a new one, or close it only after the last result has arrived.");
  }
}

/** A file of the network cannot be had, or is not the right one. Nothing of it can be seen. */
export class DownloadError extends TesseraError {
  static readonly code = "download";
  readonly code = DownloadError.code;
  constructor(
    readonly url: string,
    readonly reason: string,
    remedy: string,
    options?: ErrorOptions,
  ) {
    super(`Cannot download ${onOneLine(url)}: ${reason}.`, remedy, options);
  }
}

/** A server has as much to do as it may take on. */
export class BusyError extends TesseraError {
  static readonly code = "busy";
  readonly code = BusyError.code;
  constructor(
    readonly waiting: number,
    /** Seconds after which it is worth trying again. */
    readonly retryAfter: number,
  ) {
    super(`${waiting} requests are waiting, which is the limit.`, `Try again in ${retryAfter} s.`);
  }
}

/** A queue cannot be reached, or a worker behind it could not do its job. */
export class QueueError extends TesseraError {
  static readonly code = "queue";
  readonly code = QueueError.code;
}

/** A tokenizer file that cannot be understood, or text that it cannot encode. */
export class TokenizerError extends TesseraError {
  static readonly code = "tokenizer";
  readonly code = TokenizerError.code;
}

/** What can go wrong with a chat template: its source, its run, its own refusal, no end, or no message to continue. */
export type TemplateFault = "syntax" | "failed" | "refused" | "endless" | "continue";

/** A chat template made no text of a conversation. */
export class TemplateError extends TesseraError {
  readonly code = "template";
  constructor(
    readonly fault: TemplateFault,
    problem: string,
    remedy: string,
    options?: ErrorOptions,
  ) {
    super(`The chat template cannot be used: ${problem} (${fault}).`, remedy, options);
  }
}

/** What an answer is held to cannot be met: an expression or a schema that says nothing, or that the vocabulary cannot spell. */
export class ConstraintError extends TesseraError {
  readonly code = "constraint";
}

/** A result could not be written. Nothing was left half-written. */
export class OutputError extends TesseraError {
  static readonly code = "output";
  readonly code = OutputError.code;
  constructor(
    readonly path: string,
    reason: string,
    remedy: string,
    options?: ErrorOptions,
  ) {
    super(`Cannot write ${pathOf(path)}: ${reason}.`, remedy, options);
  }
}

const harmless = (text: string): string => printable(shortened(text, MOST_CHARACTERS));

const pathOf = (path: string): string => shortened(onOneLine(path), 300);
