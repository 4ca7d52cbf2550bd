/** Writer of safetensors files, for exports and tests. */
import { ArgumentError } from "../../base/errors.js";
import { writeWhole } from "../../base/write-file.js";
import { ELEMENT_BYTES } from "./checkpoint.js";
import { DTYPE_NAMES } from "./safetensors.js";
import { type NamedTensors, type RawTensor, rawTensor } from "./stored.js";

/**
 * Writes `tensors` and free text about them to `path`. Wide elements come first and the data begins on a multiple of 8, so that
 * every tensor can be mapped in place; equal content gives equal bytes. The file appears whole or not at all.
 * Throws ArgumentError for a repeated or reserved name, or bytes that do not cover a shape; OutputError if it cannot be written.
 */
export async function writeSafetensors(
  path: string,
  tensors: NamedTensors,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const rows = layOut(tensors);
  await writeWhole(path, [headerOf(rows, metadata), ...rows.map(([, { bytes }]) => bytes)]);
}

type Row = readonly [name: string, tensor: RawTensor];

function layOut(tensors: NamedTensors): readonly Row[] {
  const rows = new Map<string, RawTensor>();
  for (const [name, tensor] of tensors) {
    if (name === "__metadata__" || rows.has(name)) {
      throw new ArgumentError("tensors", 'distinct names other than "__metadata__"', name);
    }
    rows.set(name, rawTensor(name, tensor));
  }
  const width = (tensor: RawTensor) => ELEMENT_BYTES[tensor.element];
  return [...rows].sort(([a, x], [b, y]) => width(y) - width(x) || (a < b ? -1 : 1));
}

/** The length, the JSON, and blanks up to a multiple of 8. */
function headerOf(rows: readonly Row[], metadata: Readonly<Record<string, string>>): Uint8Array {
  let at = 0;
  const described = rows.map(([name, { element, shape, bytes }]) => {
    const data_offsets = [at, (at += bytes.byteLength)];
    return [name, { dtype: DTYPE_NAMES[element], shape, data_offsets }] as const;
  });
  const about = Object.keys(metadata).length > 0 ? [["__metadata__", metadata] as const] : [];
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries([...about, ...described])));
  const length = Math.ceil(json.length / 8) * 8;
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, 8);
  return header;
}
