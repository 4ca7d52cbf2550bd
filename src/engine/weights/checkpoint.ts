/** A file of named tensors, opened but not read: the table of contents first, each tensor by range when asked for. */

/** Element types that checkpoint files hold. Sizes in bytes in ELEMENT_BYTES. */
export type Element =
  | "f64"
  | "f32"
  | "f16"
  | "bf16"
  | "i64"
  | "i32"
  | "i16"
  | "i8"
  | "u64"
  | "u32"
  | "u16"
  | "u8"
  | "bool";

export const ELEMENT_BYTES: Readonly<Record<Element, number>> = {
  f64: 8,
  f32: 4,
  f16: 2,
  bf16: 2,
  i64: 8,
  i32: 4,
  i16: 2,
  i8: 1,
  u64: 8,
  u32: 4,
  u16: 2,
  u8: 1,
  bool: 1,
};

/** The most axes that a tensor has: torch allows no more. */
export const MAX_RANK = 64;

export interface Entry {
  readonly name: string;
  readonly element: Element;
  readonly shape: readonly number[];
}

/** Where a contiguous little-endian tensor lies in a file, for devices that map files instead of reading them. */
export interface Extent {
  readonly path: string;
  readonly offset: number;
  readonly bytes: number;
}

export interface Checkpoint extends AsyncDisposable {
  /** For messages: the path, or a word such as "memory". */
  readonly label: string;
  readonly entries: ReadonlyMap<string, Entry>;
  /** Free text that the file carries about itself. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** The elements in row-major order, as stored (little-endian bytes of `element`). */
  bytes(name: string): Promise<Uint8Array>;
  /** The values as float32, whatever the element type. */
  floats(name: string): Promise<Float32Array>;
  /** The extent in a file, if the tensor lies there whole, contiguous and uncompressed; else null. */
  extent(name: string): Extent | null;
  close(): Promise<void>;
}
