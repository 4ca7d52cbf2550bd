/** The bytes of one storage of a PyTorch file, wherever the container keeps them. */
export interface Storage {
  readonly bytes: number;
  /** Where the bytes begin in the file, if they lie there as they are; else null (compressed). */
  readonly offset: number | null;
  /** A range of them, in memory of its own; the range lies within `bytes`. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** The storages of one file by key. */
export interface Storages {
  /** Numbers were written by a machine with the high byte first, and nobody has turned them since. */
  readonly bigEndian: boolean;
  /** The storage of that key, or null if the file does not have it. Throws CheckpointError if it has and cannot be trusted. */
  find(key: string): Promise<Storage | null>;
}
