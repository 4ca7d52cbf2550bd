/**
 * How English words are said: words of a dictionary, and letter rules for all others. A rule maps a window of letters around one letter
 * to the phones of that letter; the longest window that has a rule decides (memory-based, van den Bosch and Daelemans 1993).
 */
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { CheckpointError } from "../../../base/errors.js";

export interface Pronunciation {
  /** Phones of a word of the letters a to z and '; empty for a word without letters. */
  phones(word: string): readonly string[];
  /** Phones of the names of letters, one after the other. */
  spelled(letters: string): readonly string[];
}

/** Beyond the word, in a window. */
const EDGE = "_";

/** A file beyond this, unpacked, is none of ours. */
const MOST_BYTES = 2 ** 26;

/**
 * Reads a gzipped text of two lists with an empty line between them: `WINDOW<tab>PHONES` and `word<tab>PHONES`, where names of letters are
 * words such as "w.". Phones have blanks between them.
 *
 * @throws CheckpointError for a file that is not of that form.
 */
export async function loadPronunciation(path: string): Promise<Pronunciation> {
  const refuse = (problem: string, cause?: unknown): never => {
    throw new CheckpointError(path, "bad-header", problem, "Download or copy the file again.", {
      cause,
    });
  };
  const bytes = await promisify(gunzip)(await readFile(path), { maxOutputLength: MOST_BYTES }).catch((cause: unknown) =>
    refuse("it is not gzipped text", cause),
  );
  const [rules, words, ...rest] = bytes.toString("utf8").trimEnd().split("\n\n");
  if (rules === undefined || words === undefined || rest.length > 0) return refuse("it does not contain two lists");
  const table = (list: string): Table => {
    const rows = new Map<string, string>();
    for (const line of list.split("\n")) {
      const tab = line.indexOf("\t");
      if (tab < 0 || line.includes("\t", tab + 1)) refuse(`"${line.slice(0, 40)}" is not a row`);
      rows.set(line.slice(0, tab), line.slice(tab + 1));
    }
    return rows;
  };
  return pronunciationOf(table(rules), table(words));
}

/** Phones with blanks between them, as they stand in the file: of 120,000 words few are ever asked for. */
type Table = ReadonlyMap<string, string>;

const split = (phones: string): readonly string[] => (phones === "" ? [] : phones.split(" "));

/** The pronunciation of those lists. */
export function pronunciationOf(rules: Table, words: Table): Pronunciation {
  const longest = [...rules.keys()].reduce((most, { length }) => Math.max(most, length), 0);
  const ofLetter = (padded: string, i: number): readonly string[] => {
    for (let length = longest; length > 0; length--) {
      const left = i - Math.floor((length - 1) / 2);
      const found = rules.get(padded.slice(left, left + length));
      if (found !== undefined) return split(found);
    }
    return [];
  };
  const phones = (word: string): readonly string[] => {
    const known = words.get(word);
    if (known !== undefined) return split(known);
    const edge = EDGE.repeat(longest);
    const padded = `${edge}${word}${edge}`;
    return Array.from(word, (_, i) => ofLetter(padded, longest + i)).flat();
  };
  const spelled = (letters: string) =>
    [...letters].flatMap((letter) => {
      const name = words.get(`${letter}.`);
      return name === undefined ? phones(letter) : split(name);
    });
  return { phones, spelled };
}
