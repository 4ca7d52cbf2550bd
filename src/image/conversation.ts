/** Prompts as ids for a transformer that was trained on conversations and reads them itself. */
import { TokenizerError } from "../base/errors.js";
import { withoutText } from "../core/janus/config.js";
import { promptIds } from "../media/prompt.js";
import type { Warning } from "../media/warnings.js";
import type { Dialogue } from "../models/janus-dialogue.js";
import type { TextTokenizer } from "../tokenizers/text/text-tokenizer.js";

export interface Conversation {
  /** The ids of a prompt, at most so many: what is beyond is cut off the prompt and named in a warning. */
  written(prompt: string, most: number): WrittenPrompt;
}

export interface WrittenPrompt {
  readonly ids: readonly number[];
  /** The same without the text, for guidance; as many ids. */
  readonly unconditional: readonly number[];
  readonly warnings: readonly Warning[];
}

/** Throws TokenizerError, naming `path`, where the tokenizer lacks one of the tokens that a picture cannot do without. */
export function openConversation(tokenizer: TextTokenizer, dialogue: Dialogue, path: string): Conversation {
  const tokenOf = (token: string): number => {
    const id = tokenizer.idOf(token);
    if (id !== undefined) return id;
    throw new TokenizerError(`${path}: it has no token ${token}.`, "Use the tokenizer.json that the model came with.");
  };
  const { parts } = dialogue;
  const [begin, end, pad] = [tokenOf(dialogue.begin), tokenOf(dialogue.end), tokenOf(dialogue.pad)];
  const idsOf = (prompt: string): number[] => [begin, ...encoded(tokenizer, parts, prompt), end];
  return {
    written(prompt, most) {
      const asked = prompt.trim(); // as the authors' templates have it
      let ids = idsOf(asked);
      let warnings: readonly Warning[] = [];
      for (let room = most - idsOf("").length; ids.length > most && room >= 0; room--) {
        const cut = promptIds(tokenizer, asked, room, false);
        warnings = cut.warnings;
        ids = idsOf(tokenizer.decode(cut.ids).trim());
      }
      return { ids, unconditional: withoutText(ids, pad), warnings };
    },
  };
}

/** Marks that the tokenizer has as tokens stand for themselves; all between them is one text each, in which nothing is a token. */
function encoded(tokenizer: TextTokenizer, parts: Dialogue["parts"], prompt: string): number[] {
  const ids: number[] = [];
  let text = "";
  const flush = () => {
    if (text !== "") ids.push(...tokenizer.encode(text, { addSpecialTokens: false, specialsInText: "text" }));
    text = "";
  };
  for (const part of parts) {
    if (part === "prompt") text += prompt;
    else if ("text" in part) text += part.text;
    else {
      const id = tokenizer.idOf(part.mark);
      if (id === undefined) text += part.mark;
      else {
        flush();
        ids.push(id);
      }
    }
  }
  flush();
  return ids;
}
