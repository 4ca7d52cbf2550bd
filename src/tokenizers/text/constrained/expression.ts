/**
 * Languages of bytes as expressions, and what is left of them after a byte: Brzozowski's derivatives (J. ACM 11(4), 1964), with
 * bounded repetitions kept as counts and with references, so that a language may contain itself. Equal expressions are the same
 * object: expressions are the states of an automaton that comes into being while it is used.
 */
import { ConstraintError } from "../../../base/errors.js";

export type Expression =
  /** Nothing: not even the empty text. Constructors see to it that it is no part of any other expression. */
  | { readonly kind: "none"; readonly id: number }
  /** The empty text alone. */
  | { readonly kind: "empty"; readonly id: number }
  /** Any byte from `first` to `last`. */
  | { readonly kind: "byte"; readonly id: number; readonly first: number; readonly last: number }
  | { readonly kind: "sequence"; readonly id: number; readonly head: Expression; readonly tail: Expression }
  | { readonly kind: "choice"; readonly id: number; readonly of: readonly Expression[] }
  /** `of`, `least` to `most` times. */
  | {
      readonly kind: "repeat";
      readonly id: number;
      readonly of: Expression;
      readonly least: number;
      readonly most: number;
    }
  /** What `name` stands for; defined later. */
  | { readonly kind: "reference"; readonly id: number; readonly name: string };

/** Expressions, and characters of their keys, beyond this are an attack, or a grammar that no machine should follow. */
const MOST_EXPRESSIONS = 300_000;
const MOST_CHARACTERS = 2 ** 25;

/** Ways to go on at once; sets of characters and lists of texts stay far below. */
const MOST_WAYS = 2000;

/** References that lead to references without a byte between them, and repetitions within repetitions. */
const DEEPEST = 2000;

type Shape = Expression extends infer E ? (E extends Expression ? Omit<E, "id"> : never) : never;

export class Expressions {
  private readonly interned = new Map<string, Expression>();
  private readonly definitions = new Map<string, Expression>();
  private readonly derivatives = new Map<number, (Expression | undefined)[]>();
  private readonly endings = new Map<number, boolean>();
  private depth = 0;
  private written = 0; // characters of all keys

  readonly none = this.intern("none", { kind: "none" });
  readonly empty = this.intern("empty", { kind: "empty" });

  byte(first: number, last = first): Expression {
    return this.intern(`b${first}-${last}`, { kind: "byte", first, last });
  }

  bytes(values: Iterable<number>): Expression {
    return this.sequence(...Array.from(values, (value) => this.byte(value)));
  }

  sequence(...parts: readonly Expression[]): Expression {
    return parts.reduceRight((tail, head) => this.pair(head, tail), this.empty);
  }

  choice(...parts: readonly Expression[]): Expression {
    const flat = new Map<number, Expression>();
    for (const part of parts)
      for (const each of part.kind === "choice" ? part.of : [part]) if (each.kind !== "none") flat.set(each.id, each);
    const of = [...flat.values()].sort((a, b) => a.id - b.id);
    if (of.length === 0) return this.none;
    if (of.length === 1) return of[0]!;
    if (of.length > MOST_WAYS) throw tooLarge();
    return this.intern(`c${of.map(({ id }) => id).join()}`, { kind: "choice", of });
  }

  /** `of` from `least` to `most` times; `most` may be Infinity. */
  repeat(of: Expression, least: number, most: number): Expression {
    if (of.kind === "none") return least === 0 ? this.empty : this.none;
    if (most === 0 || of.kind === "empty") return this.empty;
    if (least === 1 && most === 1) return of;
    // Where `of` may be empty, any number of the first ones can be.
    const floor = least > 0 && this.mayEnd(of) ? 0 : least;
    return this.intern(`r${of.id},${floor},${most}`, { kind: "repeat", of, least: floor, most });
  }

  optional(part: Expression): Expression {
    return this.choice(part, this.empty);
  }

  /** These texts, as a tree of their common beginnings. */
  texts(list: readonly Uint8Array[], at = 0): Expression {
    const ends = list.some((text) => text.length === at) ? [this.empty] : [];
    const groups = new Map<number, Uint8Array[]>();
    for (const text of list) {
      const byte = text[at];
      if (byte !== undefined) groups.set(byte, [...(groups.get(byte) ?? []), text]);
    }
    const rest = Array.from(groups, ([byte, group]) =>
      group.length === 1
        ? this.bytes(group[0]!.subarray(at))
        : this.sequence(this.byte(byte), this.texts(group, at + 1)),
    );
    return this.choice(...ends, ...rest);
  }

  reference(name: string): Expression {
    return this.intern(`n${name}`, { kind: "reference", name });
  }

  /** Says what a reference stands for. Once for each name, before any derivative is taken. */
  define(name: string, expression: Expression): void {
    this.definitions.set(name, expression);
  }

  /** Whether the empty text belongs to the language. */
  mayEnd(expression: Expression): boolean {
    const known = this.endings.get(expression.id);
    if (known !== undefined) return known;
    const found = this.nested(() => {
      switch (expression.kind) {
        case "none":
        case "byte":
          return false;
        case "empty":
          return true;
        case "sequence":
          return this.mayEnd(expression.head) && this.mayEnd(expression.tail);
        case "choice":
          return expression.of.some((part) => this.mayEnd(part));
        case "repeat":
          return expression.least === 0 || this.mayEnd(expression.of);
        case "reference":
          return this.mayEnd(this.definition(expression.name));
      }
    });
    this.endings.set(expression.id, found);
    return found;
  }

  /** What may follow `byte` in a text of the language; "none" if no text begins with it. */
  after(expression: Expression, byte: number): Expression {
    let known = this.derivatives.get(expression.id);
    if (!known) this.derivatives.set(expression.id, (known = []));
    return (known[byte] ??= this.nested(() => this.derive(expression, byte)));
  }

  private derive(expression: Expression, byte: number): Expression {
    switch (expression.kind) {
      case "none":
      case "empty":
        return this.none;
      case "byte":
        return byte >= expression.first && byte <= expression.last ? this.empty : this.none;
      case "sequence": {
        const within = this.pair(this.after(expression.head, byte), expression.tail);
        return this.mayEnd(expression.head) ? this.choice(within, this.after(expression.tail, byte)) : within;
      }
      case "choice":
        return this.choice(...expression.of.map((part) => this.after(part, byte)));
      case "repeat": {
        const { of, least, most } = expression;
        return this.pair(this.after(of, byte), this.repeat(of, Math.max(0, least - 1), most - 1));
      }
      case "reference":
        return this.after(this.definition(expression.name), byte);
    }
  }

  /**
   * The expression with every reference that stands for no text at all taken out, and so "none" if it has none itself. A definition
   * stands for a text if one can be made without a definition of which that is not known yet (the least fixed point).
   */
  pruned(expression: Expression): Expression {
    const productive = new Set<string>();
    const makes = (part: Expression): boolean => {
      switch (part.kind) {
        case "none":
          return false;
        case "empty":
        case "byte":
          return true;
        case "sequence":
          return makes(part.head) && makes(part.tail);
        case "choice":
          return part.of.some(makes);
        case "repeat":
          return part.least === 0 || makes(part.of);
        case "reference":
          return productive.has(part.name);
      }
    };
    for (let before = -1; before < productive.size; ) {
      before = productive.size;
      for (const [name, definition] of this.definitions) if (this.nested(() => makes(definition))) productive.add(name);
    }
    const cleaned = new Map<number, Expression>();
    const clean = (part: Expression): Expression => {
      const known = cleaned.get(part.id);
      if (known) return known;
      const made = this.nested((): Expression => {
        if (part.kind === "sequence") return this.pair(clean(part.head), clean(part.tail));
        if (part.kind === "choice") return this.choice(...part.of.map(clean));
        if (part.kind === "repeat") return this.repeat(clean(part.of), part.least, part.most);
        return part.kind === "reference" && !productive.has(part.name) ? this.none : part;
      });
      cleaned.set(part.id, made);
      return made;
    };
    for (const [name, definition] of this.definitions) this.definitions.set(name, clean(definition));
    return clean(expression);
  }

  private definition(name: string): Expression {
    const found = this.definitions.get(name);
    if (!found) throw new ConstraintError(`Nothing is said about "${name}".`, "Define what the grammar refers to.");
    return found;
  }

  private pair(head: Expression, tail: Expression): Expression {
    if (head.kind === "none" || tail.kind === "none") return this.none;
    if (head.kind === "empty") return tail;
    if (tail.kind === "empty") return head;
    if (head.kind === "sequence") return this.pair(head.head, this.pair(head.tail, tail));
    return this.intern(`s${head.id},${tail.id}`, { kind: "sequence", head, tail });
  }

  private intern(key: string, shape: Shape): Expression {
    const found = this.interned.get(key);
    if (found) return found;
    this.written += key.length;
    if (this.interned.size >= MOST_EXPRESSIONS || this.written > MOST_CHARACTERS) throw tooLarge();
    const expression = { ...shape, id: this.interned.size } as Expression;
    this.interned.set(key, expression);
    return expression;
  }

  /** Runs `work` one level deeper. */
  private nested<T>(work: () => T): T {
    if (++this.depth > DEEPEST) {
      this.depth = 0;
      throw new ConstraintError(
        "The grammar is nested too deeply, or refers to itself before it says anything.",
        "Let a definition begin with a text of its own before it refers to itself.",
      );
    }
    try {
      return work();
    } finally {
      this.depth = Math.max(0, this.depth - 1);
    }
  }
}

const tooLarge = () =>
  new ConstraintError(
    "The grammar has too many states.",
    "Make it smaller: repetitions with bounds within repetitions, or after parts that mean the same texts, grow fastest.",
  );
