/** The stairs of src/: a file imports only from lower stairs and from its own folder, never in a circle, and stays readable. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { STAIRS } from "./docs/stairs.js";

const FOLDERS = STAIRS.map(({ folders }): readonly string[] => folders);
const MOST_LINES = 400;

/** Faces see what a user sees, which is the entry points of the package, and plain TypeScript. */
const FACE = FOLDERS.findIndex((stair) => stair.includes("index.ts")) + 1;
const top = (path: string) => path.split("/")[0]!;
const ENTRIES = ["index.ts", "engine/index.ts", "core/index.ts", "tokenizers/index.ts"];
const isOpenToFaces = (path: string) => top(path) === "base" || ENTRIES.includes(path);

const stair = (path: string) => FOLDERS.findIndex((names) => names.includes(top(path)));

/** Every import; and those that are still there when types are gone, which alone can run in a circle. */
const ANY = /\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g;
const RUNNING = /\b(?:(?:import|export)\s+(?!type\b)[^;"]*?from|import)\s*\(?\s*"(\.[^"]+)"/g;

function faults(files: ReadonlyMap<string, string>): string[] {
  const imports = (path: string, pattern: RegExp) =>
    [...(files.get(path) ?? "").matchAll(pattern)]
      .map(([, to]) => normalize(join(dirname(path), to!)).replace(/\.js$/, ".ts"))
      .filter((to) => to.endsWith(".ts"));
  const out: string[] = [];
  for (const [path, source] of files) {
    const lines = source.split("\n").length - 1;
    if (stair(path) < 0) out.push(`${path}: ${top(path)} is on no stair`);
    if (lines > MOST_LINES) out.push(`${path}: ${lines} lines, at most ${MOST_LINES}`);
    for (const to of imports(path, ANY)) {
      if (!files.has(to)) out.push(`${path} imports ${to}, which is not there`);
      if (top(to) === top(path)) continue;
      if (stair(to) >= stair(path)) out.push(`${path} imports ${to}: not a lower stair`);
      else if (stair(path) >= FACE && stair(to) < FACE && !isOpenToFaces(to))
        out.push(`${path} imports ${to}: a face sees only base and the entry points`);
    }
  }
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      out.push(`circle: ${[...trail.slice(trail.indexOf(path)), path].join(" -> ")}`);
      return;
    }
    if (done.has(path)) return;
    for (const to of imports(path, RUNNING)) walk(to, [...trail, path]);
    done.add(path);
  };
  for (const path of files.keys()) walk(path, []);
  return out;
}

describe("stairs", () => {
  test("src/ keeps to them", () => {
    const root = fileURLToPath(new URL("../src/", import.meta.url));
    const names = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
    const files = new Map(names.map((name) => [name.replaceAll("\\", "/"), readFileSync(join(root, name), "utf8")]));
    expect(files.size).toBeGreaterThan(50);
    expect(faults(files)).toEqual([]);
  });

  test("what breaks them is seen", () => {
    const bad = new Map([
      ["core/a.ts", 'import { b } from "../tokenizers/b.js";'],
      ["tokenizers/b.ts", 'export * from "./c.js";'],
      ["tokenizers/c.ts", 'const d = await import("./b.js");'],
      ["cli/d.ts", 'import type { a } from "../core/a.js";'],
      ["utils/e.ts", "\n".repeat(401)],
    ]);
    expect(faults(bad)).toEqual([
      "core/a.ts imports tokenizers/b.ts: not a lower stair",
      "cli/d.ts imports core/a.ts: a face sees only base and the entry points",
      "utils/e.ts: utils is on no stair",
      "utils/e.ts: 401 lines, at most 400",
      "circle: tokenizers/b.ts -> tokenizers/c.ts -> tokenizers/b.ts",
    ]);
  });
});
