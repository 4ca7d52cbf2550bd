/**
 * Reads messages of Protocol Buffers by the numbers of their fields, with no schema and no trust: whatever the bytes say, nothing
 * outside of them is read. https://protobuf.dev/programming-guides/encoding/
 */
import { TokenizerError } from "../../base/errors.js";

/** A field as it stands in the message: whole numbers (below 2^53), single floats, or bytes that are a text or another message. */
export type Field = number | Uint8Array;

/** The fields of a message in order, each with its number. `label` is what messages call the file. Throws TokenizerError. */
export function* fieldsOf(bytes: Uint8Array, label: string): Generator<readonly [number: number, field: Field], void> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const fail = (what: string): never => {
    throw new TokenizerError(`${label}: ${what} at byte ${at}.`, "Download the file again; this one is damaged.");
  };
  const take = (count: number): number => {
    if (count > bytes.length - at) fail("ends in the middle of a field");
    at += count;
    return at - count;
  };
  const whole = (): number => {
    let value = 0;
    for (let shift = 0; shift < 10; shift++) {
      const byte = bytes[take(1)]!;
      value += (byte & 0x7f) * 2 ** (7 * shift);
      if (byte < 0x80) return value;
    }
    return fail("has a number that does not end");
  };
  while (at < bytes.length) {
    const key = whole();
    const [number, form] = [Math.floor(key / 8), key % 8];
    if (form === 0) yield [number, whole()];
    else if (form === 1) yield [number, view.getFloat64(take(8), true)];
    else if (form === 5) yield [number, view.getFloat32(take(4), true)];
    else if (form === 2) {
      const size = whole();
      const start = take(size);
      yield [number, bytes.subarray(start, start + size)];
    } else fail(`has a field of the unknown form ${form}`);
  }
}
