/** Failures as clients of the OpenAI interface know them: a status, and an object that says what is wrong. */
import { ArgumentError, BusyError, TesseraError, UnknownNameError } from "../base/errors.js";

/** A request that is refused before it reaches a model. */
export class HttpRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly param: string | null = null,
  ) {
    super(message);
  }
}

/** Names of parameters in the body, by those of the options that they become; other options are spelled in snake case there. */
const PARAMETERS: Readonly<Record<string, string>> = {
  text: "input",
  format: "output_format",
  maxOutputTokens: "max_completion_tokens",
  stopSequences: "stop",
  constraint: "response_format",
  templateVariables: "chat_template_kwargs",
};

/** Status of an error of this library by its code; any other is 500, the server's own. */
const STATUS: Readonly<Record<string, number>> = {
  argument: 400,
  "unknown-name": 400,
  input: 400,
  constraint: 400,
  template: 400,
  tokenizer: 400,
  busy: 429,
  closed: 503,
  tool: 501,
};

/** The type that OpenAI's errors of a status have. */
const typeOf = (status: number): string =>
  status === 429 ? "rate_limit_error" : status < 500 ? "invalid_request_error" : "server_error";

export interface HttpFailure {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: {
    readonly error: {
      readonly message: string;
      readonly type: string;
      readonly param: string | null;
      readonly code: string;
    };
  };
}

const failure = (status: number, message: string, code: string, param: string | null, headers = {}): HttpFailure => ({
  ...{ status, headers },
  body: { error: { message, type: typeOf(status), param, code } },
});

/** What a client learns of an error. The text of an error that is not the library's own stays on the server. */
export function failureOf(error: unknown): HttpFailure {
  if (error instanceof HttpRefusal) {
    const headers = error.status === 413 ? { Connection: "close" } : {}; // the rest of the body is not read
    return failure(error.status, error.message, error.code, error.param, headers);
  }
  if (!TesseraError.isInstance(error))
    return failure(500, "The server failed at this request.", "internal_error", null);
  const message = error.message.replace("\n  → ", " ");
  if (BusyError.isInstance(error))
    return failure(429, message, "queue_full", null, { "Retry-After": String(error.retryAfter) });
  if (UnknownNameError.isInstance(error) && /\bmodel$/.test(error.kind))
    return failure(404, message, "model_not_found", "model");
  return failure(STATUS[error.code] ?? 500, message, error.code, parameterOf(error));
}

function parameterOf(error: TesseraError): string | null {
  if (UnknownNameError.isInstance(error)) return error.kind.split(" ")[0]!;
  if (!ArgumentError.isInstance(error)) return null;
  const name = error.argument.replace(/^body\.|^options\./, "");
  return PARAMETERS[name] ?? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
