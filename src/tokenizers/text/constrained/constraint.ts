/**
 * What an answer must look like, as the ids that may come next: a language of bytes, followed along the tokens of a vocabulary.
 * An id is allowed if some continuation makes the text one of the language; the end is allowed where the text is one already.
 */
import { ArgumentError, ConstraintError } from "../../../base/errors.js";
import type { TextTokenizer } from "../text-tokenizer.js";
import { ALL } from "./characters.js";
import { type Expression, Expressions } from "./expression.js";
import { type JsonSchema, schemaExpression } from "./json-schema.js";
import { regexExpression } from "./regex.js";
import { TokenTree } from "./token-tree.js";

/** The whole answer matches a regular expression, is JSON of a schema (see json-schema.ts), or is one of a list of texts. */
export type Constraint =
  | { readonly regex: string | RegExp }
  | { readonly jsonSchema: JsonSchema }
  | { readonly choices: readonly string[] };

/** Which ids are allowed, a bit for each. */
export interface TokenMask {
  has(id: number): boolean;
}

/** Masks that are kept; the one used longest ago goes first. */
const KEPT_MASKS = 512;

/** A vocabulary that lacks bytes is taken to reach no end where it has met none within this many states. */
const SEARCHED_STATES = 2000;

export class TokenConstraint {
  /** Where a text begins. States are numbers; equal numbers are equal futures. */
  readonly start: number;
  private readonly expressions: Expression[] = [];
  private readonly steps: (Int32Array | undefined)[] = []; // [state][byte]: the next state, -1 for none, -2 for not known yet
  private readonly masks = new Map<number, Uint32Array>();
  private readonly lively = new Map<number, boolean>(); // only where the vocabulary lacks bytes

  constructor(
    private readonly of: Expressions,
    start: Expression,
    private readonly tree: TokenTree,
    private readonly spelled: readonly (Uint8Array | null)[],
    /** Ids that end a text. */
    private readonly ends: readonly number[],
  ) {
    this.start = this.numbered(start);
    if (!this.canEnd(this.start))
      throw new ConstraintError(
        "The vocabulary cannot spell any text that meets the constraint: it lacks characters that all of them need.",
        "Use characters that the tokenizer knows, or a model whose tokenizer has a token for each byte.",
      );
  }

  /** The state after a byte; -1 if no text goes on so. */
  readonly afterByte = (state: number, byte: number): number => {
    const row = (this.steps[state] ??= new Int32Array(256).fill(-2));
    if (row[byte] !== -2) return row[byte]!;
    const next = this.of.after(this.expressions[state]!, byte);
    return (row[byte] = next.kind === "none" ? -1 : this.numbered(next));
  };

  /** The state after an id; -1 if it is not allowed. An id that ends the text leaves the state as it is. */
  after(state: number, id: number): number {
    if (this.ends.includes(id)) return this.mayEnd(state) ? state : -1;
    const bytes = this.spelled[id];
    if (!bytes || bytes.length === 0) return -1;
    let next = state;
    for (let i = 0; next >= 0 && i < bytes.length; i++) next = this.afterByte(next, bytes[i]!);
    return next;
  }

  /** Whether the text may end here. */
  mayEnd(state: number): boolean {
    return this.of.mayEnd(this.expressions[state]!);
  }

  /** The ids that may come next, those that end the text included. Computed once for a state. */
  allowed(state: number): TokenMask {
    const known = this.masks.get(state);
    const bits = known ?? this.mask(state);
    this.masks.delete(state);
    this.masks.set(state, bits);
    if (this.masks.size > KEPT_MASKS) this.masks.delete(this.masks.keys().next().value!);
    return { has: (id) => ((bits[id >>> 5] ?? 0) & (1 << (id & 31))) !== 0 };
  }

  private mask(state: number): Uint32Array {
    const bits = new Uint32Array(Math.ceil(this.tree.size / 32));
    const set = (id: number) => {
      bits[id >>> 5]! |= 1 << (id & 31);
    };
    const reached = new Map<number, number[]>();
    this.tree.walk(state, this.afterByte, (id, next) => {
      if (this.tree.spellsAll) set(id);
      else reached.set(next, [...(reached.get(next) ?? []), id]);
    });
    for (const [next, ids] of reached) if (this.canEnd(next)) ids.forEach(set);
    for (const end of this.ends) if (this.mayEnd(state)) set(end);
    return bits;
  }

  /** Whether tokens can make a whole text from here; always, if every byte is a token. */
  private canEnd(state: number): boolean {
    if (this.tree.spellsAll) return true;
    const known = this.lively.get(state);
    if (known !== undefined) return known;
    const cameFrom = new Map<number, number>([[state, -1]]);
    for (const at of cameFrom.keys()) {
      if (this.mayEnd(at) || this.lively.get(at)) {
        for (let back = at; back >= 0; back = cameFrom.get(back)!) this.lively.set(back, true);
        return true;
      }
      if (cameFrom.size > SEARCHED_STATES) break;
      if (this.lively.get(at) === false) continue;
      this.tree.walk(at, this.afterByte, (_, next) => {
        if (!cameFrom.has(next)) cameFrom.set(next, at);
      });
    }
    if (cameFrom.size <= SEARCHED_STATES) for (const at of cameFrom.keys()) this.lively.set(at, false);
    this.lively.set(state, false);
    return false;
  }

  private numbered(expression: Expression): number {
    this.expressions[expression.id] = expression;
    return expression.id;
  }
}

const trees = new WeakMap<
  TextTokenizer,
  { readonly tree: TokenTree; readonly spelled: readonly (Uint8Array | null)[] }
>();

/**
 * Makes the automaton of a constraint for a tokenizer. `ends` are the ids with which a model ends an answer; other special tokens are
 * never allowed. Texts are followed as bytes: a token may end within a character. Throws ConstraintError for an expression or schema
 * that is not understood or that no text meets, and for a vocabulary that cannot spell any such text.
 */
export function compileConstraint(
  constraint: Constraint,
  tokenizer: TextTokenizer,
  ends: readonly number[],
): TokenConstraint {
  const of = new Expressions();
  const start = of.pruned(languageOf(of, constraint));
  if (start.kind === "none")
    throw new ConstraintError(
      "No text meets the constraint.",
      "Look for an empty enum or list of choices, a minimum above its maximum, or a definition that requires itself.",
    );
  let known = trees.get(tokenizer);
  if (!known) {
    const spelled = Array.from({ length: tokenizer.vocabularySize }, (_, id) => tokenizer.bytesOf(id));
    trees.set(tokenizer, (known = { tree: new TokenTree(spelled), spelled }));
  }
  return new TokenConstraint(of, start, known.tree, known.spelled, ends);
}

function languageOf(of: Expressions, constraint: Constraint): Expression {
  const keys = typeof constraint === "object" && constraint !== null ? Object.keys(constraint) : [];
  if (keys.length === 1) {
    if ("regex" in constraint) return regexOf(of, constraint.regex);
    if ("jsonSchema" in constraint) return schemaExpression(of, constraint.jsonSchema);
    const { choices } = constraint;
    if ("choices" in constraint && Array.isArray(choices) && choices.every((text) => typeof text === "string"))
      return of.texts(choices.map((text: string) => new TextEncoder().encode(text)));
  }
  throw new ArgumentError("constraint", "{ regex }, { jsonSchema } or { choices }", constraint);
}

function regexOf(of: Expressions, regex: unknown): Expression {
  if (typeof regex === "string") return regexExpression(of, regex);
  if (!(regex instanceof RegExp)) throw new ArgumentError("constraint.regex", "a RegExp, or its source", regex);
  const strange = [...regex.flags].find((flag) => !"dgsuy".includes(flag));
  if (strange !== undefined)
    throw new ConstraintError(
      `The flag "${strange}" of ${String(regex).slice(0, 80)} is not followed.`,
      "Write what it means into the expression: [Aa] for i, explicit line ends for m.",
    );
  return regexExpression(of, regex.source, { within: ALL, dotAll: regex.dotAll });
}
