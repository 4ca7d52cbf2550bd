/**
 * Stored elements as float32. Widening is exact, narrowing rounds once to nearest even, as torch's `.float()` does.
 * Hosts are little-endian like the files; the engines run on no others.
 */
import type { Element } from "./checkpoint.js";

/**
 * The values of little-endian `bytes` of `element`, as float32.
 * The result may lie on the memory of `bytes`: whoever calls gives the bytes away.
 */
export function toFloats(element: Element, bytes: Uint8Array): Float32Array {
  return CONVERT[element](bytes);
}

const CONVERT: Readonly<Record<Element, (bytes: Uint8Array) => Float32Array>> = {
  f64: (bytes) => Float32Array.from(view(Float64Array, bytes)),
  f32: (bytes) => view(Float32Array, bytes),
  f16: (bytes) => fromBits(view(Uint16Array, bytes), halfTable()),
  bf16: (bytes) => {
    const halves = view(Uint16Array, bytes);
    const bits = new Uint32Array(halves.length);
    for (let i = 0; i < bits.length; i++) bits[i] = halves[i]! << 16;
    return new Float32Array(bits.buffer);
  },
  i64: (bytes) => Float32Array.from(view(BigInt64Array, bytes), roundBigInt),
  i32: (bytes) => Float32Array.from(view(Int32Array, bytes)),
  i16: (bytes) => Float32Array.from(view(Int16Array, bytes)),
  i8: (bytes) => Float32Array.from(view(Int8Array, bytes)),
  u64: (bytes) => Float32Array.from(view(BigUint64Array, bytes), roundBigInt),
  u32: (bytes) => Float32Array.from(view(Uint32Array, bytes)),
  u16: (bytes) => Float32Array.from(view(Uint16Array, bytes)),
  u8: (bytes) => Float32Array.from(bytes),
  bool: (bytes) => Float32Array.from(bytes, (byte) => (byte === 0 ? 0 : 1)),
};

interface ArrayKind<A> {
  new (buffer: ArrayBufferLike, offset: number, length: number): A;
  readonly BYTES_PER_ELEMENT: number;
}

/** A typed array over the bytes, or over a copy of them where they do not begin on a multiple of the element size. */
function view<A>(kind: ArrayKind<A>, bytes: Uint8Array): A {
  const aligned = bytes.byteOffset % kind.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return new kind(aligned.buffer, aligned.byteOffset, aligned.byteLength / kind.BYTES_PER_ELEMENT);
}

function fromBits(halves: Uint16Array, table: Uint32Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < bits.length; i++) bits[i] = table[halves[i]!]!;
  return new Float32Array(bits.buffer);
}

let halves: Uint32Array | undefined;

/** For each of the 65536 half-precision patterns (IEEE 754 binary16), the pattern of the same value in single precision. */
function halfTable(): Uint32Array {
  if (halves) return halves;
  const table = new Uint32Array(0x10000);
  const single = new Float32Array(1);
  const pattern = new Uint32Array(single.buffer);
  for (let half = 0; half < 0x8000; half++) {
    const exponent = half >> 10;
    const fraction = half & 0x3ff;
    if (exponent === 31) {
      pattern[0] = 0x7f800000 | (fraction << 13); // infinity, or NaN with its payload
    } else {
      single[0] = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
    }
    table[half] = pattern[0]!;
    table[half + 0x8000] = pattern[0]! | 0x80000000;
  }
  halves = table;
  return table;
}

/**
 * A 64-bit integer as a double that float32 then rounds correctly. Above 2^53 the double would round first, so the low bits are
 * folded into one sticky bit ("round to odd", Boldo and Melquiond 2008), which a second rounding cannot get wrong.
 */
function roundBigInt(value: bigint): number {
  const near = Number(value);
  if (Number.isSafeInteger(near)) return near;
  const sticky = (value & 0xfffn) === 0n ? 0n : 0x1000n;
  return Number((value & ~0xfffn) | sticky);
}
