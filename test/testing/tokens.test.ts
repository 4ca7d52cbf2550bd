import { expect, test } from "vitest";
import { compareTokens, TOKENS } from "../../src/testing/tokens-medium.js";

const ids = (...list: number[]) => Int32Array.from(list);

test("differing ids are counted, missing ones included, and the first is named", () => {
  const { measures, notes } = compareTokens(ids(1, 2, 3), ids(1, 5, 3, 4));
  expect(measures[0]).toMatchObject({ value: 2, unit: "of 4" });
  expect(notes).toEqual(["They differ from position 1 on: 5 instead of 2, and there are 4 instead of 3."]);
  expect(compareTokens(ids(7), ids(7)).measures[0]!.value).toBe(0);
});

test("items, results, typed arrays and lists are read; a golden comes back as it was", async () => {
  for (const received of [[3, 1], ids(3, 1), Uint16Array.of(3, 1), { ids: ids(3, 1) }, { texts: [{ ids: [3, 1] }] }])
    expect(await TOKENS.read(received)).toEqual(ids(3, 1));
  const long = Int32Array.from({ length: 40 }, (_, i) => i * 997);
  expect(await TOKENS.decode(await TOKENS.encode(long, null))).toEqual(long);
});

test("what holds no ids is refused", async () => {
  for (const received of [null, "1 2", [1.5], { ids: "x" }])
    await expect(TOKENS.read(received)).rejects.toMatchObject({ code: "argument" });
  await expect(TOKENS.read({ images: [{}, {}] })).rejects.toThrow("images[0]");
  await expect(TOKENS.decode(new TextEncoder().encode("1 x"))).rejects.toThrow("golden");
});
