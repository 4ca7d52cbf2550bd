/** Captions of shapes as ids: words of a list. */
import { ArgumentError, CheckpointError, UnknownNameError } from "../base/errors.js";
import { readBoundedText } from "../base/read-file.js";
import { other, type Warning } from "../media/warnings.js";

const MOST_BYTES = 2 ** 20;

/** What a prompt says to the model. */
export interface Caption {
  readonly ids: readonly number[];
  readonly warnings: readonly Warning[];
}

export class Words {
  private readonly ids: ReadonlyMap<string, number>;

  /** Word 0 of the list stands for all that are not in it. */
  constructor(
    list: readonly string[],
    firstWord: number,
    /** Names of what the model can make. */
    private readonly categories: readonly string[],
  ) {
    this.ids = new Map(list.slice(1).map((word, i) => [word, firstWord + 1 + i]));
    this.unknown = firstWord;
  }
  private readonly unknown: number;

  /**
   * The ids of a prompt, at most `room`. Words that the model never saw are named in a warning, and so is what is cut off.
   *
   * @throws UnknownNameError for a prompt that names none of the categories.
   */
  read(prompt: string, room: number): Caption {
    categoryIn(prompt, this.categories);
    const words = wordsOf(prompt);
    const strange = words.filter((word) => !this.ids.has(word));
    const warnings: Warning[] = [];
    if (strange.length > 0)
      warnings.push(other(`The model does not know ${strange.map((word) => `"${word}"`).join(", ")}.`));
    if (words.length > room)
      warnings.push(other(`The prompt has ${words.length} words and the model reads ${room}; the rest was left out.`));
    return { ids: words.slice(0, room).map((word) => this.ids.get(word) ?? this.unknown), warnings };
  }
}

/** The longest of the categories whose words stand in a prompt. Throws UnknownNameError where there is none. */
export function categoryIn(prompt: string, categories: readonly string[]): string {
  const said = ` ${wordsOf(prompt).join(" ")} `;
  const [named] = categories
    .filter((name) => said.includes(` ${wordsOf(name).join(" ")} `))
    .sort((a, b) => b.length - a.length);
  if (named === undefined) throw new UnknownNameError("shape in the prompt", prompt, categories);
  return named;
}

/** The words of a text: runs of Latin letters and digits, in lower case. */
export const wordsOf = (text: string): string[] => text.toLowerCase().match(/[a-z0-9]+/g) ?? [];

/** Reads the list of a model. Throws InputError, CheckpointError. */
export async function loadWords(
  path: string,
  firstWord: number,
  most: number,
  categories: readonly string[],
): Promise<Words> {
  const text = await readBoundedText(path, MOST_BYTES);
  const list = parsed(path, text);
  if (!Array.isArray(list) || list.length === 0 || !list.every((word) => typeof word === "string"))
    throw new CheckpointError(path, "bad-header", "it is not a JSON list of words", RESTORE);
  if (list.length > most)
    throw new CheckpointError(path, "bad-size", `it has ${list.length} words, the model ${most}`, RESTORE);
  const missing = categories.find((name) => !wordsOf(name).every((word) => list.includes(word)));
  if (missing !== undefined) throw new ArgumentError("categories", "names whose words are in the list", missing);
  return new Words(list, firstWord, categories);
}

function parsed(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(path, "unreadable", "it is not JSON", RESTORE, { cause });
  }
}

const RESTORE = "Download or copy the file again.";
