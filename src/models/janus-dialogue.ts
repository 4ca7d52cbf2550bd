/** How a prompt stands in the conversations that Janus was trained on, as the authors' scripts for pictures write them. */

export interface Dialogue {
  /** Tokens before and behind everything else; the last one begins the picture. */
  readonly begin: string;
  readonly end: string;
  /** What stands for a text that is not told. */
  readonly pad: string;
  /** In order. A mark is a token where the tokenizer has it, and else spelled out. */
  readonly parts: readonly ({ readonly mark: string } | { readonly text: string } | "prompt")[];
}

const TOKENS = { begin: "<｜begin▁of▁sentence｜>", end: "<begin_of_image>", pad: "<｜▁pad▁｜>" };

/** By the family that was trained so. */
export const DIALOGUES = {
  /** Janus-1.3B. */
  janus: { ...TOKENS, parts: [{ text: "User: " }, "prompt", { text: "\n\nAssistant:" }] },
  /** Janus-Pro-1B and -7B. */
  "janus-pro": {
    ...TOKENS,
    parts: [{ mark: "<|User|>" }, { text: ": " }, "prompt", { text: "\n\n" }, { mark: "<|Assistant|>" }, { text: ":" }],
  },
} as const satisfies Readonly<Record<string, Dialogue>>;

export type DialogueName = keyof typeof DIALOGUES;

/** The one repository of the older family. */
const OLDER = "deepseek-ai/Janus-1.3B";

/** The family of a pulled repository, or of a folder, which does not say: the newer one. */
export const dialogueOf = (source: string): DialogueName => (source === OLDER ? "janus" : "janus-pro");
