/** English text as it is said. */
import { expect, test } from "vitest";
import { phoneticSentences } from "../../../src/tokenizers/speech/text/phonetic-sentence.js";
import { pronunciationOf } from "../../../src/tokenizers/speech/text/pronunciation.js";
import { sentencesAsTheyCome, sentencesOf } from "../../../src/tokenizers/speech/text/sentences.js";
import { spokenForms } from "../../../src/tokenizers/speech/text/spoken-forms.js";

const said = (text: string) =>
  spokenForms(text)
    .forms.map((form) => form.said.join(" "))
    .join(" ");

test.each([
  ["$3.50", "three dollars and fifty cents"],
  ["€5 million", "five million euros"],
  ["2026-07-04", "july fourth , twenty twenty six"],
  ["Jan 5, 1999", "january fifth , nineteen ninety nine"],
  ["3:05 pm", "three oh five p. m."],
  ["10:00", "ten o'clock"],
  ["1,234.5 km/h", "one thousand two hundred thirty four point five kilometers an hour"],
  ["3-5 kg", "three to five kilograms"],
  ["-5°C", "minus five degrees celsius"],
  ["1 kg", "one kilogram"],
  ["21st", "twenty first"],
  ["the 1990s", "the nineteen nineties"],
  ["in 1805", "in eighteen oh five"],
  ["007", "zero zero seven"],
  ["1/2", "one half"],
  ["Dr. Who", "doctor who"],
  ["the FBI", "the f. b. i."],
  ["café naïve", "cafe naive"],
  ["50%", "fifty percent"],
  ["a@b.org", "a at b dot org"],
])("%s", (text, expected) => {
  expect(said(text)).toBe(expected);
});

test("what is not spoken is named", () => {
  expect(spokenForms("hi 🙂 你好").left).toContain("🙂");
  expect(spokenForms("hi 🙂 你好").left).toContain("你好");
  expect(spokenForms("hi, there!").left).toBe("");
});

test("sentences end where they end, and none is longer than the limit", () => {
  expect([...sentencesOf("Dr. Smith met J. R. Brown. He left! Did he?")]).toEqual([
    "Dr. Smith met J. R. Brown.",
    "He left!",
    "Did he?",
  ]);
  const long = [...sentencesOf("word ".repeat(1000), 100)];
  expect(long.every(({ length }) => length > 0 && length <= 100)).toBe(true);
  expect(long.join(" ").split(" ")).toHaveLength(1000);
  expect([...sentencesOf("a".repeat(250), 100)].map(({ length }) => length)).toEqual([100, 100, 50]);
  expect([...sentencesOf(" \n ")]).toEqual([]);
  const endless = [...sentencesOf("word ".repeat(100_000))]; // no window shows its end
  expect(endless.every(({ length }) => length > 0 && length <= 300)).toBe(true);
  expect(endless.join(" ").split(" ")).toHaveLength(100_000);
  expect(new Set(sentencesOf("One two three. ".repeat(1000)))).toEqual(new Set(["One two three."]));
});

test("sentences of a text that comes in pieces are those of the whole", async () => {
  const text = "One two. Three, four! Five?\n\nSix seven";
  async function* pieces() {
    for (const letter of text) yield letter;
  }
  const found: string[] = [];
  for await (const sentence of sentencesAsTheyCome(pieces())) found.push(sentence);
  expect(found).toEqual([...sentencesOf(text)]);
});

test("the longest window decides, the dictionary before it, and words know their phones", () => {
  const rules = new Map([
    ["c", "K"],
    ["ch", "CH"],
    ["h", ""],
    ["a", "AE1"],
    ["t", "T"],
  ]);
  const pronunciation = pronunciationOf(
    rules,
    new Map([
      ["cat", "K AA1 T"],
      ["b.", "B IY1"],
    ]),
  );
  expect(pronunciation.phones("chat")).toEqual(["CH", "AE1", "T"]);
  expect(pronunciation.phones("cat")).toEqual(["K", "AA1", "T"]);
  expect(pronunciation.spelled("b")).toEqual(["B", "IY1"]);
  const { parts } = phoneticSentences("Chat, cat?", pronunciation);
  expect(parts).toEqual([
    {
      phones: ["^", "CH", "AE1", "T", ",", "K", "AA1", "T", "?"],
      words: [
        { text: "Chat", from: 1, to: 4 },
        { text: "cat", from: 5, to: 8 },
      ],
    },
  ]);
  expect(phoneticSentences("…", pronunciation).parts).toEqual([]);
});
