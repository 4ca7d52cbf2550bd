import { describe, expect, test } from "vitest";
import { nameFrom } from "../../src/base/slug.js";
import { stemOf } from "../../src/cli/file-names.js";

test.each([
  [{ prompt: "red apple" }, "red-apple"],
  [{ prompt: "красное яблоко" }, "красное-яблоко"],
  [{ prompt: "सेब" }, "सेब"],
  [{ prompt: "red apple", style: "fluent-3d" }, "red-apple_fluent-3d"],
  [{ classId: 207 }, "class-207"],
])("%o is %s", (named, stem) => {
  expect(stemOf(named)).toBe(stem);
});

test("different prompts and styles have different names", () => {
  const prompts = [
    "fox",
    "Fox",
    "fox!",
    "fox?",
    " fox",
    "red fox",
    "red-fox",
    "red  fox",
    "",
    "🦊",
    "🍓",
    "!",
    "?",
    "é",
    "e\u0301",
  ];
  const long = ["a", "b"].map((end) => `${"x".repeat(5000)}${end}`);
  const rows = [...prompts, ...long].flatMap((prompt) =>
    [undefined, "flat", "none"].map((style) => ({ prompt, style })),
  );
  const stems = rows.map((row) => stemOf(row));
  expect(new Set(stems.map((stem) => stem.toLowerCase().normalize("NFC"))).size).toBe(rows.length);
  for (const stem of stems) expect(stem).toMatch(/^[\p{L}\p{M}\p{N}_-]+$/u);
});

describe("a name", () => {
  test("fits a file system whatever the prompt", () => {
    for (const letter of ["a", "я", "字", "𝒳", "\u0301"]) {
      const stem = stemOf({ prompt: letter.repeat(100_000), style: letter.repeat(1000) });
      expect(Buffer.byteLength(stem)).toBeLessThan(210);
    }
  });

  test("stays where it is one already, and leads nowhere", () => {
    expect(nameFrom("my.picture_1")).toBe("my.picture_1");
    expect(nameFrom("../../etc/passwd")).toMatch(/^etc-passwd-[0-9a-f]{6}$/);
    expect(nameFrom("\u001b[31m")).toMatch(/^31m-[0-9a-f]{6}$/);
  });
});
