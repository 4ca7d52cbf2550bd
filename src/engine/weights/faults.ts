/** How the readers of this folder complain: one remedy a fault, and foreign text quoted so that it cannot touch a terminal. */
import { CheckpointError, type CheckpointFault } from "../../base/errors.js";
import { onOneLine } from "../../base/words.js";

const AGAIN = "Download or export the file again and compare its SHA-256 with the publisher's.";
const EXPORT = "Save plain tensors only: a state dict through torch.save, or a .safetensors file.";

const REMEDY: Readonly<Record<CheckpointFault, string>> = {
  unreadable: "Check the path and that the file may be read.",
  "unknown-format": "Pass a .safetensors file, a *.safetensors.index.json, or a file written by torch.save.",
  "bad-header":
    "Write the file again with a current version of safetensors or torch; other element types can be converted first.",
  "bad-offsets": AGAIN,
  "bad-size": AGAIN,
  truncated: AGAIN,
  "damaged-archive": AGAIN,
  checksum: AGAIN,
  "missing-storage": AGAIN,
  "out-of-bounds": AGAIN,
  "forbidden-global":
    "Nothing was executed. If you trust the author, save the state dict alone; harmless objects beside it can be skipped with the option `opaque`.",
  "unsupported-pickle": EXPORT,
};

/** Makes the error for one fault of one file; the caller throws it. */
export type Report = (fault: CheckpointFault, problem: string, remedy?: string, cause?: unknown) => CheckpointError;

export const reportOn =
  (file: string): Report =>
  (fault, problem, remedy = REMEDY[fault], cause) =>
    new CheckpointError(file, fault, problem, remedy, cause === undefined ? undefined : { cause });

/** A name out of a file, for a message: escaped, and cut where a hostile file made it long. */
export function quote(name: unknown): string {
  const text = typeof name === "string" ? name : String(name);
  return onOneLine(JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text));
}
