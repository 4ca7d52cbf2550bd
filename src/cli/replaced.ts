/** Files that take the place of others: a command says so, unless they are the same. */
import { readBounded } from "../base/read-file.js";
import { tell } from "./streams.js";

/** Of a file that is compared. */
const MOST_BYTES = 2 ** 30;

export interface Replaced {
  /** Does `save`, which writes that file. */
  during<T>(path: string, save: () => Promise<T>): Promise<T>;
  /** Names on standard error the files that held something else before. */
  tell(): void;
}

export function replaced(): Replaced {
  const paths: string[] = [];
  return {
    async during(path, save) {
      const before = await contentOf(path);
      const saved = await save();
      if (before && !(await contentOf(path))?.equals(before)) paths.push(path);
      return saved;
    },
    tell() {
      for (const path of paths) tell(`warning: ${path} held something else and was replaced.\n`);
    },
  };
}

/** null where there is none, or none that can be read. */
const contentOf = (path: string): Promise<Buffer | null> => readBounded(path, MOST_BYTES).catch(() => null);
