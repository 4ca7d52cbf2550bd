/** What guides and README tell of: every command has those options, and what is imported is there. (readme.test.ts runs those of the README.) */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { describe, expect, test } from "vitest";
import type { Context } from "../../src/cli/context.js";

const ROOT = join(import.meta.dirname, "../..");
const PAGES = [
  "README.md",
  ...readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];
const textOf = (page: string) => readFileSync(join(ROOT, page), "utf8");

const context: Context = { signal: new AbortController().signal };

/** The command of that name, as its file offers it. */
async function commandNamed(name: string): Promise<Command> {
  const module = (await import(`../../src/cli/${name}.ts`)) as Record<string, (context: Context) => Command>;
  return Object.entries(module).find(([key]) => key.endsWith("Command"))![1](context);
}

/** The words behind `npx tessera`, in code blocks and between backticks. */
const commandsOf = (text: string): readonly string[] =>
  [...text.matchAll(/(?:npx tessera(?:-sdk)?|`tessera) ([a-z][^\n`]*)/g)].map(([, words]) =>
    words!.replace(/\s+#.*$/, ""),
  );

const COMMANDS = PAGES.flatMap((page) => commandsOf(textOf(page)).map((words) => [page, words] as const));

describe("commands", () => {
  test("are found", () => {
    expect(COMMANDS.length).toBeGreaterThan(25);
    expect(new Set(COMMANDS.map(([page]) => page)).size).toBeGreaterThanOrEqual(5);
  });

  test.each(COMMANDS)("%s: tessera %s", async (_, line) => {
    const words = [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, plain]) => a ?? b ?? plain!);
    let command = await commandNamed(words.shift()!);
    for (let below = named(command, words[0]); below; below = named(command, words[0])) {
      command = below;
      words.shift();
    }
    expect(command.parseOptions(words).unknown).toEqual([]);
  });
});

const named = ({ commands }: Command, name: string | undefined) => commands.find((command) => command.name() === name);

const IMPORTS = PAGES.flatMap((page) =>
  [...textOf(page).matchAll(/^import \{([^}]*)\} from "tessera-sdk\/?([\w-]*)"/gm)].map(
    ([, names, entry]) => [page, entry || "index", names!.split(",").map((name) => name.trim())] as const,
  ),
);

test.each(IMPORTS)("%s imports from %s what is there: %s", async (_, entry, names) => {
  const path = entry === "index" ? "../../src/index.ts" : `../../src/${entry}/index.ts`;
  const offered = Object.keys((await import(/* @vite-ignore */ path)) as object);
  for (const name of names.filter((name) => name !== "" && !name.startsWith("type "))) expect(offered).toContain(name);
});

test("links within the repository lead to files", () => {
  const missing = PAGES.flatMap((page) =>
    [...textOf(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
      .map(([, to]) => join(page, "..", to!))
      .filter((path) => !existsSync(join(ROOT, path))),
  );
  expect(missing).toEqual([]);
});
