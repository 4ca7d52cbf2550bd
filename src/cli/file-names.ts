/** Names of the files that commands write. */
import { nameFrom, slugOf } from "../base/slug.js";

/** What one picture of a run is made from, as far as its name tells. */
export interface Named {
  readonly prompt?: string | undefined;
  readonly style?: string | undefined;
  readonly classId?: number | undefined;
}

/** The beginning of a file's name: the words of the prompt and, after "_", the style where one was named: "red-apple_flat". */
export function stemOf({ prompt, style, classId }: Named): string {
  const subject = prompt === undefined ? `class-${classId}` : slugOf(prompt);
  return style === undefined ? subject : `${subject}_${nameFrom(style)}`;
}
