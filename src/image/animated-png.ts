/**
 * Frames as one animated PNG (PNG specification, third edition, W3C 2025, §11.3.5): the chunks of ordinary PNG files, renumbered.
 * A viewer that knows no animation shows the first frame.
 */
import { crc32 } from "node:zlib";

const SIGNATURE = 8;

/** PNG files of the same size and colour type as one file. `milliseconds` of a frame, 1 … 65535; `plays` of all, 0 is for ever. */
export function animatedPng(files: readonly Uint8Array[], milliseconds: number, plays: number): Uint8Array {
  const [first, ...others] = files.map(chunksOf) as [Chunk[], ...Chunk[][]];
  const header = first[0]!.data;
  const data = (chunks: readonly Chunk[]) =>
    Buffer.concat(chunks.filter(({ type }) => type === "IDAT").map((chunk) => chunk.data));
  const about = first.filter(({ type }) => type !== "IHDR" && type !== "IDAT" && type !== "IEND");
  let sequence = 0;
  const control = () => {
    const chunk = Buffer.alloc(26); // at 0, 0, of the whole size, which replaces what was there
    chunk.writeUInt32BE(sequence++, 0);
    chunk.set(header.subarray(0, 8), 4);
    chunk.writeUInt16BE(milliseconds, 20);
    chunk.writeUInt16BE(1000, 22);
    return chunkOf("fcTL", chunk);
  };
  const frame = (chunks: readonly Chunk[]) => [
    control(),
    chunkOf("fdAT", Buffer.concat([uint32(sequence++), data(chunks)])),
  ];
  return Buffer.concat([
    files[0]!.subarray(0, SIGNATURE),
    chunkOf("IHDR", header),
    chunkOf("acTL", Buffer.concat([uint32(files.length), uint32(plays)])),
    ...about.map(({ type, data }) => chunkOf(type, data)),
    ...[control(), chunkOf("IDAT", data(first))],
    ...others.flatMap(frame),
    chunkOf("IEND", Buffer.alloc(0)),
  ]);
}

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
}

/** The chunks of a file that our own encoder wrote. */
function chunksOf(file: Uint8Array): Chunk[] {
  const view = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE; at < view.length; ) {
    const length = view.readUInt32BE(at);
    chunks.push({ type: view.toString("latin1", at + 4, at + 8), data: view.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}

function chunkOf(type: string, data: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  return Buffer.concat([uint32(data.length), body, uint32(crc32(body))]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
