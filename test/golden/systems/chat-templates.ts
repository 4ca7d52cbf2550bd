/** Conversations through chat templates, and the refusals of these. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { TemplateError } from "../../../src/base/errors.js";
import { type ChatMessage, ChatTemplate } from "../../../src/tokenizers/text/chat-template.js";
import type { GoldenCase } from "../case.js";
import type { Comparison } from "../compare.js";

interface Records {
  readonly conversations: readonly (readonly ChatMessage[])[];
  readonly renders: readonly {
    readonly messages: number;
    readonly options: { readonly add_generation_prompt?: boolean; readonly continue_final_message?: boolean };
    readonly arguments: Readonly<Record<string, unknown>>;
    readonly text?: string;
    readonly error?: "template" | "continue";
    readonly message?: string;
  }[];
}

export async function* chatTemplates(folder: string, golden: GoldenCase): AsyncIterable<Comparison> {
  const files = golden.files as { readonly extra: string; readonly template: string };
  const { conversations, renders } = JSON.parse(await readFile(path.join(folder, files.extra), "utf8")) as Records;
  const source = await readFile(path.join(folder, files.template), "utf8");
  const tokens = Object.entries(golden.config).filter(([, token]) => typeof token === "string");
  const template = new ChatTemplate(source, Object.fromEntries(tokens) as Record<string, string>);
  for (const [i, { messages, options, arguments: variables, text, error, message }] of renders.entries()) {
    const end = options.continue_final_message ? "continue" : options.add_generation_prompt ? "generate" : "none";
    let found: string;
    try {
      found = template.render(conversations[messages]!, { end, variables });
    } catch (failure) {
      if (!(failure instanceof TemplateError)) throw failure;
      found = `${failure.fault === "continue" ? "continue" : "template"}: ${failure.message}`;
    }
    const expected = error ? `${error}: ` : text!;
    const pass = error ? found.startsWith(expected) && found.includes(message ?? "") : found === expected;
    const note = pass
      ? {}
      : { note: `${JSON.stringify(found)} instead of ${JSON.stringify(expected + (message ?? ""))}` };
    yield { name: `render ${i}`, maxAbs: pass ? 0 : 1, maxRel: pass ? 0 : 1, pass, ...note };
  }
}
