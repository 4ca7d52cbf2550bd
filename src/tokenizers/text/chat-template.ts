/**
 * Chat templates: a conversation as the text that a model was trained to read. Templates are Jinja programs of the model's folder,
 * so they are strangers: they run in an interpreter that counts their steps and what they build, and see nothing but their arguments.
 */
import { Environment, Interpreter, parse, tokenize } from "@huggingface/jinja";
import { ArgumentError, TemplateError, TesseraError } from "../../base/errors.js";

/** A message: who says it and what, in the words of the template; most know `role` and `content` of text. */
export interface ChatMessage {
  readonly role: string;
  /** A text, or parts such as { type: "text", text }. */
  readonly content: unknown;
  readonly [other: string]: unknown;
}

export interface RenderSettings {
  /** "generate" opens the answer of the model; "continue" leaves the last message open; "none" adds nothing. */
  readonly end: "generate" | "continue" | "none";
  /** Further variables that the template knows, such as `tools` or `enable_thinking`. */
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Nodes evaluated with entries of lists seen, characters built, and milliseconds, in one rendering. Real ones stay far below. */
const MOST_STEPS = 5_000_000;
const MOST_BUILT = 2 ** 26;
const LONGEST_TIME = 5000;
const LONGEST_TEMPLATE = 2 ** 20;
/** As in Jinja's own sandbox. */
const LONGEST_RANGE = 100_000;

export class ChatTemplate {
  private readonly program: ReturnType<typeof parse>;

  /**
   * Reads a template. `tokens` are the special tokens by the names that templates call them (bos_token, eos_token, …). Throws
   * TemplateError for what is no template.
   */
  constructor(
    source: string,
    private readonly tokens: Readonly<Record<string, string>> = {},
  ) {
    if (source.length > LONGEST_TEMPLATE)
      throw new TemplateError(
        "syntax",
        `it has ${source.length} characters`,
        "Use the template of the model's authors.",
      );
    const whole = source.endsWith("\n") ? source.slice(0, -1) : source; // as Jinja drops it
    this.program = guarded("syntax", () => parse(tokenize(whole, { lstrip_blocks: true, trim_blocks: true })));
  }

  /**
   * The text of a conversation. Special tokens are in it: encode it without adding more. Throws TemplateError with the template's own
   * words where it refuses a conversation, and where it goes on without end or builds too much.
   */
  render(messages: readonly ChatMessage[], { end = "none", variables = {} }: Partial<RenderSettings> = {}): string {
    if (messages.length === 0) throw new ArgumentError("messages", "at least one message", messages);
    const text = guarded("failed", () => {
      const environment = new Environment();
      const globals = {
        ...{ true: true, false: false, none: null, True: true, False: false, None: null },
        ...{ raise_exception: refuse, range, strftime_now: clock },
        ...{ tools: null, documents: null, ...this.tokens, ...variables },
        ...{ messages, add_generation_prompt: end === "generate" },
      };
      for (const [name, value] of Object.entries(globals)) environment.set(name, value);
      return String(new CountingInterpreter(environment).run(this.program).value);
    });
    return end === "continue" ? leftOpen(text, messages.at(-1)!) : text;
  }
}

/** The package's interpreter; its own declarations do not resolve under Node's rules. */
interface JinjaInterpreter {
  run(program: unknown): { readonly value: unknown };
  evaluate(statement: unknown, environment: unknown): { readonly value: unknown };
}
const JinjaInterpreter = Interpreter as unknown as new (environment: unknown) => JinjaInterpreter;

/** An interpreter that gives up instead of going on for ever. */
class CountingInterpreter extends JinjaInterpreter {
  private steps = 0;
  private built = 0;
  private readonly latest = performance.now() + LONGEST_TIME;

  override evaluate(statement: unknown, environment: unknown): { readonly value: unknown } {
    const made = super.evaluate(statement, environment);
    const { value } = made;
    if (typeof value === "string") this.built += value.length;
    this.steps += 1 + (Array.isArray(value) ? value.length : 0); // a list is mostly evaluated to be gone through
    if (this.steps > MOST_STEPS || performance.now() > this.latest) throw endless("it runs for too long");
    if (this.built > MOST_BUILT) throw endless("its output grows without end");
    return made;
  }
}

const endless = (problem: string) =>
  new TemplateError("endless", problem, "Shorten the conversation, or use the template of the model's authors.");

/** What a template calls to refuse a conversation. */
function refuse(words: unknown): never {
  throw new TemplateError(
    "refused",
    `it says: ${String(words).slice(0, 300)}`,
    "Order the messages as the template expects, usually an optional system message, then user and assistant in turn.",
  );
}

/** Jinja's range, as far as its sandbox lets it. */
function range(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const count = Math.max(0, Math.ceil((to - from) / step));
  if (!(count <= LONGEST_RANGE)) throw endless(`it counts to ${count}`);
  return Array.from({ length: count }, (_, i) => from + i * step);
}

const MONTHS = "January February March April May June July August September October November December".split(" ");
const DAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");

/** The date of today in the common directives of strftime. */
function clock(format: string): string {
  const now = new Date();
  const two = (value: number) => String(value).padStart(2, "0");
  const parts: Readonly<Record<string, string>> = {
    Y: String(now.getFullYear()),
    m: two(now.getMonth() + 1),
    d: two(now.getDate()),
    H: two(now.getHours()),
    M: two(now.getMinutes()),
    S: two(now.getSeconds()),
    B: MONTHS[now.getMonth()]!,
    b: MONTHS[now.getMonth()]!.slice(0, 3),
    A: DAYS[now.getDay()]!,
    a: DAYS[now.getDay()]!.slice(0, 3),
    "%": "%",
  };
  return format.replace(/%-?(.)/g, (all, name: string) => parts[name] ?? all);
}

/** Cuts the text after the content of the last message, as the reference does it: what the template trimmed stays trimmed. */
function leftOpen(text: string, last: ChatMessage): string {
  const { content } = last;
  const words = Array.isArray(content)
    ? content.toReversed().find((part: { readonly text?: unknown }) => typeof part.text === "string")?.text
    : content;
  const core = typeof words === "string" ? words.trim() : null;
  const at = core === null ? -1 : text.lastIndexOf(core);
  if (at < 0)
    throw new TemplateError(
      "continue",
      "its output does not contain the last message",
      "Continue only messages whose content is text that the template prints.",
    );
  const kept = (words as string).trimStart();
  return text.startsWith(kept, at) ? text.slice(0, at + kept.length) : text.slice(0, at + core!.length);
}

/** Runs the interpreter; whatever it throws becomes a TemplateError. */
function guarded<T>(fault: "syntax" | "failed", work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof TesseraError) throw cause;
    const problem =
      cause instanceof RangeError ? "it is nested too deeply or grows too large" : (cause as Error).message;
    throw new TemplateError(fault, problem.split("\n")[0]!.slice(0, 300), "Use the template of the model's authors.", {
      cause,
    });
  }
}
