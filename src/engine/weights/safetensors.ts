/**
 * Reader of safetensors files (huggingface/safetensors, README "Format"): eight bytes N, N bytes of JSON, then the data.
 *
 * The header is believed only after it has accounted for every byte of the file: sizes follow from type and shape, ranges touch
 * without holes or overlaps and end where the file ends. Until then nothing is allocated but the header text, whose length is
 * bounded by the file.
 */
import { ELEMENT_BYTES, type Element, MAX_RANK } from "./checkpoint.js";
import { quote } from "./faults.js";
import type { RangeFile } from "./range-file.js";
import type { Contents, Stored } from "./stored.js";
import { isRecord, parseStrictJson } from "./strict-json.js";

/** The limit of the reference implementation. */
const MAX_HEADER = 100_000_000;

const DTYPES: ReadonlyMap<string, Element> = new Map([
  ["F64", "f64"],
  ["F32", "f32"],
  ["F16", "f16"],
  ["BF16", "bf16"],
  ["I64", "i64"],
  ["I32", "i32"],
  ["I16", "i16"],
  ["I8", "i8"],
  ["U64", "u64"],
  ["U32", "u32"],
  ["U16", "u16"],
  ["U8", "u8"],
  ["BOOL", "bool"],
]);

/** The name that safetensors has for an element type. */
export const DTYPE_NAMES = Object.fromEntries([...DTYPES].map(([name, element]) => [element, name])) as Readonly<
  Record<Element, string>
>;

/** Types that the format knows and this library does not load: eight bits and less, and complex numbers. */
const NOT_LOADED = /^(F8_|F4|F6_|C64$)/;

/** One tensor of the header. `begin` and `end` count from the start of the data. */
interface Row {
  readonly name: string;
  readonly element: Element;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** The tensors and the `__metadata__` of a file. Throws CheckpointError: bad-header, bad-offsets or bad-size. */
export async function readSafetensors(file: RangeFile): Promise<Contents> {
  const { header, dataStart } = await readHeader(file);
  const { __metadata__: metadata = {}, ...tensors } = header;
  const rows = Object.entries(tensors).map(([name, value]) => parseRow(file, name, value));
  checkCoverage(file, rows, file.size - dataStart);
  const stored = rows.map(({ name, element, shape, begin, end }): Stored => {
    const extent = { path: file.path, offset: dataStart + begin, bytes: end - begin };
    return { name, element, shape, extent, read: () => file.read(extent.offset, extent.bytes) };
  });
  return { tensors: stored, metadata: parseMetadata(file, metadata) };
}

async function readHeader(file: RangeFile) {
  const bad = (problem: string, cause?: unknown) => file.report("bad-header", problem, undefined, cause);
  if (file.size < 8)
    throw bad(`a file of ${file.size} bytes is neither a safetensors file nor one that torch.save wrote`);
  const start = await file.read(0, 8);
  const length = new DataView(start.buffer).getBigUint64(0, true);
  if (length > BigInt(Math.min(MAX_HEADER, file.size - 8))) {
    throw bad(`the header claims ${length} bytes and the file has ${file.size}; or the format is unknown`);
  }
  const bytes = await file.read(8, Number(length));
  if (bytes[0] !== 0x7b) throw bad("the header does not begin with {; the file is damaged, or its format is unknown");
  let header: unknown;
  try {
    header = parseStrictJson(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    throw bad(`the header is not valid JSON: ${quote((error as Error).message)}`, error);
  }
  return { header: header as Record<string, unknown>, dataStart: 8 + bytes.length };
}

function parseRow(file: RangeFile, name: string, value: unknown): Row {
  const bad = (problem: string) => file.report("bad-header", `tensor ${quote(name)} ${problem}`);
  if (!isRecord(value)) throw bad("is not described by an object");
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string") throw bad("has no dtype");
  const element = DTYPES.get(dtype);
  if (!element)
    throw bad(
      `has the dtype ${quote(dtype)}, which ${NOT_LOADED.test(dtype) ? "is not loaded here" : "does not exist"}`,
    );
  if (!isCounts(shape)) throw bad("has a shape that is not a list of sizes");
  if (shape.length > MAX_RANK) throw bad(`has ${shape.length} axes, more than the ${MAX_RANK} that tensors have`);
  if (!isCounts(offsets) || offsets.length !== 2) throw bad("has data_offsets that are not two byte counts");
  const [begin, end] = offsets as [number, number];
  if (begin > end)
    throw file.report("bad-offsets", `tensor ${quote(name)} ends at ${end}, before its begin at ${begin}`);
  const bytes = shape.includes(0) ? 0 : shape.reduce((a, b) => a * b, ELEMENT_BYTES[element]);
  if (bytes !== end - begin) {
    throw file.report(
      "bad-size",
      `tensor ${quote(name)} of ${dtype} [${shape}] needs ${bytes} bytes, not ${end - begin}`,
    );
  }
  return { name, element, shape, begin, end };
}

/** Every byte of the data belongs to exactly one tensor. */
function checkCoverage(file: RangeFile, rows: readonly Row[], dataBytes: number): void {
  const bad = (problem: string) => file.report("bad-offsets", problem);
  let at = 0;
  for (const { name, begin, end } of [...rows].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin < at)
      throw bad(`tensor ${quote(name)} begins at ${begin}, inside the one before it, which ends at ${at}`);
    if (begin > at) throw bad(`bytes ${at} to ${begin} before tensor ${quote(name)} belong to no tensor`);
    if (end > dataBytes) throw bad(`tensor ${quote(name)} ends at ${end}, the data has ${dataBytes} bytes`);
    at = end;
  }
  if (at !== dataBytes) throw bad(`the tensors end at ${at}, the data has ${dataBytes} bytes`);
}

/** Null counts as none, as in the reference implementation. */
function parseMetadata(file: RangeFile, value: unknown): Readonly<Record<string, string>> {
  if (value === null) return {};
  if (!isRecord(value) || Object.values(value).some((text) => typeof text !== "string")) {
    throw file.report("bad-header", "__metadata__ is not an object of strings");
  }
  return value as Record<string, string>;
}

/** A list of whole numbers from 0 on. Those above 2^53 are no longer exact, and no file backs them: sizes refuse them later. */
const isCounts = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((n) => Number.isInteger(n) && n >= 0 && !Object.is(n, -0));
