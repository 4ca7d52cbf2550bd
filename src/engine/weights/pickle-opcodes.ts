/**
 * The opcodes of Python pickles, one row each (CPython, Lib/pickletools.py). Rows that would execute something hand their operands
 * to the host of the machine; the few that plain data never needs (extension registry, keyword calls, out-of-band buffers, sets) have no row.
 */
import type { PickleMachine } from "./pickle.js";

export type Operation = (m: PickleMachine) => void;

type Row = readonly [code: string | number, name: string, run: Operation];

const ROWS: readonly Row[] = [
  // Frame of the pickle
  [
    0x80,
    "PROTO",
    (m) => {
      const protocol = m.byte();
      if (protocol > 5) throw m.unsupported(`is of the unknown protocol ${protocol}`);
    },
  ],
  [0x95, "FRAME", (m) => void m.uint64()],
  [".", "STOP", (m) => m.stop()],

  // Constants
  ["N", "NONE", (m) => m.push(null)],
  [0x88, "NEWTRUE", (m) => m.push(true)],
  [0x89, "NEWFALSE", (m) => m.push(false)],

  // Numbers
  ["J", "BININT", (m) => m.push(m.int32())],
  ["K", "BININT1", (m) => m.push(m.byte())],
  ["M", "BININT2", (m) => m.push(m.uint16())],
  [0x8a, "LONG1", (m) => m.push(m.long(m.byte()))],
  [0x8b, "LONG4", (m) => m.push(m.long(m.int32()))],
  ["G", "BINFLOAT", (m) => m.push(m.float64())],
  [
    "I",
    "INT",
    (m) => {
      const text = m.line(); // protocol 0 writes booleans so
      m.push(text === "01" ? true : text === "00" ? false : m.digits(text));
    },
  ],
  ["L", "LONG", (m) => m.push(m.digits(m.line().replace(/L$/, "")))],
  [
    "F",
    "FLOAT",
    (m) => {
      const text = m.line();
      if (!/^-?\d[\d.e+-]{0,40}$/i.test(text) || Number.isNaN(Number(text)))
        throw m.unsupported("holds a malformed number");
      m.push(Number(text));
    },
  ],

  // Text and bytes
  ["X", "BINUNICODE", (m) => m.push(m.text(m.uint32()))],
  [0x8c, "SHORT_BINUNICODE", (m) => m.push(m.text(m.byte()))],
  [0x8d, "BINUNICODE8", (m) => m.push(m.text(m.uint64()))],
  ["T", "BINSTRING", (m) => m.push(m.text(m.uint32()))], // text of Python 2, read as torch.load reads it
  ["U", "SHORT_BINSTRING", (m) => m.push(m.text(m.byte()))],
  ["B", "BINBYTES", (m) => m.push(m.raw(m.uint32()))],
  ["C", "SHORT_BINBYTES", (m) => m.push(m.raw(m.byte()))],
  [0x8e, "BINBYTES8", (m) => m.push(m.raw(m.uint64()))],
  [0x96, "BYTEARRAY8", (m) => m.push(m.raw(m.uint64()))],
  ["S", "STRING", (m) => m.push(unescaped(m, /^(['"])([^\\'"]*)\1$/.exec(m.line())?.[2]))],
  ["V", "UNICODE", (m) => m.push(unescaped(m, /^[^\\]*$/.exec(m.line())?.[0]))],

  // Stack and memo
  ["(", "MARK", (m) => m.mark()],
  ["0", "POP", (m) => m.drop()],
  ["1", "POP_MARK", (m) => void m.popMark()],
  ["2", "DUP", (m) => m.push(m.top())],
  ["q", "BINPUT", (m) => m.remember(m.byte())],
  ["r", "LONG_BINPUT", (m) => m.remember(m.uint32())],
  ["p", "PUT", (m) => m.remember(m.digits(m.line()))],
  [0x94, "MEMOIZE", (m) => m.remember()],
  ["h", "BINGET", (m) => m.recall(m.byte())],
  ["j", "LONG_BINGET", (m) => m.recall(m.uint32())],
  ["g", "GET", (m) => m.recall(m.digits(m.line()))],

  // Tuples, lists, dicts
  [")", "EMPTY_TUPLE", (m) => m.pushTuple(0)],
  [0x85, "TUPLE1", (m) => m.pushTuple(1)],
  [0x86, "TUPLE2", (m) => m.pushTuple(2)],
  [0x87, "TUPLE3", (m) => m.pushTuple(3)],
  ["t", "TUPLE", (m) => m.newTuple(m.popMark())],
  ["]", "EMPTY_LIST", (m) => m.make([])],
  ["l", "LIST", (m) => m.make(m.popMark())],
  [
    "a",
    "APPEND",
    (m) => {
      const item = m.pop();
      m.extend(m.top(), [item]);
    },
  ],
  [
    "e",
    "APPENDS",
    (m) => {
      const items = m.popMark();
      m.extend(m.top(), items);
    },
  ],
  ["}", "EMPTY_DICT", (m) => m.newDict()],
  ["d", "DICT", (m) => m.newDict(m.popMark())],
  [
    "s",
    "SETITEM",
    (m) => {
      const value = m.pop();
      const key = m.pop();
      m.setItems(m.top(), [key, value]);
    },
  ],
  [
    "u",
    "SETITEMS",
    (m) => {
      const items = m.popMark();
      m.setItems(m.top(), items);
    },
  ],

  // The doors
  ["c", "GLOBAL", (m) => m.global(m.line(), m.line())],
  [
    0x93,
    "STACK_GLOBAL",
    (m) => {
      const name = m.pop();
      m.global(m.pop(), name);
    },
  ],
  [
    "R",
    "REDUCE",
    (m) => {
      const args = m.pop();
      m.call(m.pop(), args);
    },
  ],
  [
    0x81,
    "NEWOBJ",
    (m) => {
      const args = m.pop();
      m.call(m.pop(), args);
    },
  ],
  [
    "o",
    "OBJ",
    (m) => {
      const [callable, ...args] = m.popMark();
      m.newTuple(args);
      m.call(callable, m.pop());
    },
  ],
  [
    "i",
    "INST",
    (m) => {
      m.global(m.line(), m.line());
      const callable = m.pop();
      m.newTuple(m.popMark());
      m.call(callable, m.pop());
    },
  ],
  [
    "b",
    "BUILD",
    (m) => {
      const state = m.pop();
      m.host.build(m.top(), state);
    },
  ],
  ["Q", "BINPERSID", (m) => m.push(m.host.persistent(m.pop()))],
  ["P", "PERSID", (m) => m.push(m.host.persistent(m.line()))],
];

function unescaped(m: PickleMachine, text: string | undefined): string {
  if (text === undefined) throw m.unsupported("holds quoted text with escapes");
  return text;
}

/** By code; undefined where there is no such opcode. */
export const OPCODES: readonly (Operation | undefined)[] = Array.from(
  { length: 256 },
  (_, code) => ROWS.find(([c]) => (typeof c === "string" ? c.charCodeAt(0) : c) === code)?.[2],
);
