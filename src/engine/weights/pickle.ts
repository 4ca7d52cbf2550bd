/**
 * A reader of Python pickles, protocols 0 to 5, that executes nothing: plain data is built here, and each of the four doors through
 * which a pickle reaches code (globals, calls, state, persistent ids) leads to a `PickleHost`, which decides.
 *
 * It is a stack machine without recursion. What it may build is bounded by the bytes it has read and by LIMITS, and it shares what
 * the pickle shares, so that no file can make it larger than itself by more than a constant.
 */
import { quote, type Report } from "./faults.js";
import { OPCODES } from "./pickle-opcodes.js";

/** A tuple, apart from lists because Python's calls take tuples only. */
export class Tuple {
  constructor(readonly items: readonly unknown[]) {}
}

/** A dict. The map is made when the first item comes: every tensor of a checkpoint carries an empty one. */
export class Dict {
  private map: Map<unknown, unknown> | undefined;
  set(key: unknown, value: unknown): void {
    (this.map ??= new Map()).set(key, value);
  }
  get(key: unknown): unknown {
    return this.map?.get(key);
  }
  has(key: unknown): boolean {
    return this.map?.has(key) ?? false;
  }
  entries(): Iterable<[unknown, unknown]> {
    return this.map ?? [];
  }
  get size(): number {
    return this.map?.size ?? 0;
  }
}

/** The doors. Each may throw; what it returns goes on the stack. */
export interface PickleHost {
  global(module: string, name: string): unknown;
  call(callable: unknown, args: Tuple): unknown;
  build(object: unknown, state: unknown): void;
  persistent(id: unknown): unknown;
}

/** A checkpoint takes about 40 operations and 7 containers per tensor: this is enough for fifty thousand. */
const LIMITS = { operations: 2 ** 21, containers: 2 ** 19, longBytes: 255 };

/**
 * Reads the pickle that begins at `start` and returns its value and where it ends.
 * Throws CheckpointError: "truncated" if `bytes` end first, "unsupported-pickle", or what the host throws.
 */
export function unpickle(bytes: Uint8Array, start: number, host: PickleHost, report: Report) {
  const machine = new PickleMachine(bytes, start, host, report);
  for (let done = 0; !machine.stopped; done++) {
    if (done === LIMITS.operations) throw machine.unsupported(`has more than ${done} operations`);
    const code = machine.byte();
    const opcode = OPCODES[code];
    if (!opcode) throw machine.unsupported(`has the unknown opcode 0x${code.toString(16).padStart(2, "0")}`);
    opcode(machine);
  }
  return { value: machine.value, end: machine.at };
}

/** The state of one reading, and the moves that opcodes are made of. */
export class PickleMachine {
  stopped = false;
  value: unknown;
  private readonly view: DataView;
  private readonly stack: unknown[] = [];
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, unknown>();
  private containers = 0;

  constructor(
    private readonly bytes: Uint8Array,
    public at: number,
    readonly host: PickleHost,
    private readonly report: Report,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  unsupported(problem: string) {
    return this.report("unsupported-pickle", `the pickle ${problem}`);
  }

  // Reading

  /** Steps over `length` bytes and returns where they begin. */
  private skip(length: number): number {
    const from = this.at;
    if (length > this.bytes.length - from) throw this.report("truncated", "the pickle ends in the middle");
    this.at += length;
    return from;
  }
  byte = () => this.view.getUint8(this.skip(1));
  uint16 = () => this.view.getUint16(this.skip(2), true);
  uint32 = () => this.view.getUint32(this.skip(4), true);
  int32 = () => this.view.getInt32(this.skip(4), true);
  float64 = () => this.view.getFloat64(this.skip(8)); // the one number that pickles write high byte first
  /** A length of 64 bits; what is not exact in a double is far beyond any end. */
  uint64 = () => Number(this.view.getBigUint64(this.skip(8), true));

  raw(length: number): Uint8Array {
    const from = this.skip(length);
    return this.bytes.slice(from, from + length);
  }

  text(length: number): string {
    const from = this.skip(length);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
        this.bytes.subarray(from, from + length),
      );
    } catch {
      throw this.unsupported("holds text that is not UTF-8");
    }
  }

  /** Text up to a line end. */
  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw this.report("truncated", "the pickle ends in the middle");
    const text = this.text(end - this.at);
    this.at = end + 1;
    return text;
  }

  /** A little-endian two's complement integer of any length; a number where it is exact, else a bigint. */
  long(length: number): number | bigint {
    if (length < 0 || length > LIMITS.longBytes) throw this.unsupported(`holds an integer of ${length} bytes`);
    let hex = "";
    for (const byte of this.raw(length)) hex = byte.toString(16).padStart(2, "0") + hex;
    return exact(BigInt.asIntN(8 * length, BigInt(`0x0${hex}`)));
  }

  /** An integer in digits. */
  digits(text: string): number | bigint {
    if (!/^[+-]?\d{1,600}$/.test(text)) throw this.unsupported(`holds ${quote(text)} instead of an integer`);
    return exact(BigInt(text.replace("+", "")));
  }

  // Stack

  push(value: unknown): void {
    this.stack.push(value);
  }

  pop(): unknown {
    this.need();
    return this.stack.pop();
  }

  top(): unknown {
    this.need();
    return this.stack.at(-1);
  }

  /** Nothing may be taken from below the last mark. */
  private need(): void {
    if (this.stack.length <= (this.marks.at(-1) ?? 0))
      throw this.unsupported("takes more from its stack than it holds");
  }

  mark(): void {
    this.marks.push(this.stack.length);
  }

  /** Everything since the last mark, which is gone then. */
  popMark(): unknown[] {
    const from = this.marks.pop();
    if (from === undefined) throw this.unsupported("closes a list that it did not open");
    return this.stack.splice(from);
  }

  /** POP drops a value, or a mark if that is on top. */
  drop(): void {
    if (this.marks.at(-1) === this.stack.length) this.marks.pop();
    else this.pop();
  }

  /** Counts an object that costs more than the byte that makes it. */
  make<T>(container: T): void {
    if (++this.containers > LIMITS.containers)
      throw this.unsupported(`builds more than ${LIMITS.containers} containers`);
    this.push(container);
  }

  /** A tuple of the last `length` values. */
  pushTuple(length: number): void {
    this.newTuple(Array.from({ length }, () => this.pop()).reverse());
  }

  newTuple(items: readonly unknown[]): void {
    this.make(new Tuple(items));
  }

  // Memo

  remember(index: number | bigint = this.memo.size): void {
    this.memo.set(Number(index), this.top());
  }

  recall(index: number | bigint): void {
    const key = Number(index);
    if (!this.memo.has(key)) throw this.unsupported("recalls what it did not remember");
    this.push(this.memo.get(key));
  }

  // Containers

  extend(list: unknown, items: readonly unknown[]): void {
    if (!Array.isArray(list)) throw this.unsupported("appends to what is not a list");
    for (const item of items) list.push(item);
  }

  setItems(dict: unknown, flat: readonly unknown[]): void {
    if (!(dict instanceof Dict)) throw this.unsupported("sets items of what is not a dict");
    if (flat.length % 2 !== 0) throw this.unsupported("has a key without a value");
    for (let i = 0; i < flat.length; i += 2) dict.set(flat[i], flat[i + 1]);
  }

  newDict(flat: readonly unknown[] = []): void {
    const dict = new Dict();
    this.setItems(dict, flat);
    this.make(dict);
  }

  // Doors

  global(module: unknown, name: unknown): void {
    if (typeof module !== "string" || typeof name !== "string")
      throw this.unsupported("names a global by what is not text");
    this.push(this.host.global(module, name));
  }

  /** Calls what lies below `args` on the stack. */
  call(callable: unknown, args: unknown): void {
    if (!(args instanceof Tuple)) throw this.unsupported("calls with what is not a tuple");
    this.make(this.host.call(callable, args));
  }

  stop(): void {
    this.value = this.pop();
    this.stopped = true;
  }
}

function exact(value: bigint): number | bigint {
  const near = Number(value);
  return Number.isSafeInteger(near) ? near : value;
}
