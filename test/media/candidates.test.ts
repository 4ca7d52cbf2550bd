/** Best of several rows of a batch: which is kept, what is counted, and when an item counts as complete. */
import { expect, test } from "vitest";
import { bestOf, checkCandidates, numberOf } from "../../src/media/candidates.js";
import type { Making, Pass } from "../../src/media/generate.js";

/** Rows that finish as their own number; the passes given are told, and what is shown is what was known. */
function rows(passes: readonly Pass[]): Making<readonly number[], number> & { closed: boolean } {
  return {
    closed: false,
    async *passes() {
      yield* passes;
    },
    async *shown({ known }) {
      yield known;
    },
    finish: async (row) => row,
    async close() {
      this.closed = true;
    },
  };
}

const all = async <T>(iterable: AsyncIterable<T>): Promise<T[]> => {
  const out: T[] = [];
  for await (const value of iterable) out.push(value);
  return out;
};

test("the row that is chosen among those of an item is finished, and no other", async () => {
  const asked: (readonly number[])[] = [];
  const making = bestOf(rows([]), 3, async (those) => {
    asked.push(those);
    return those[1]!;
  });
  expect([await making.finish(0), await making.finish(2)]).toEqual([1, 7]);
  expect(asked).toEqual([
    [0, 1, 2],
    [6, 7, 8],
  ]);
});

test("tokens of all candidates count, and what is shown is told of each row", async () => {
  const inner = rows([
    { accepted: [1, 2, 3, 4], predicted: 11 },
    { accepted: [10, 0, 0, 1], predicted: 12 },
  ]);
  const making = bestOf(inner, 2, async ([first]) => first!);
  expect(await all(making.passes())).toEqual([
    { accepted: [3, 7], predicted: 11 },
    { accepted: [10, 1], predicted: 12 },
  ]);
  expect(await all(making.shown!({ known: [13, 8], forwardPasses: 2 }))).toEqual([[11, 2, 3, 5]]);
  await making.close();
  expect(inner.closed).toBe(true);
});

test("an item is complete when its last candidate is", async () => {
  const passes: Pass[] = [
    { accepted: [1, 1, 1, 1], predicted: 4, complete: [3, 0] },
    { accepted: [1, 1, 1, 0], predicted: 3, complete: [2] },
    { accepted: [0, 1, 0, 0], predicted: 1, complete: [1] },
  ];
  const making = bestOf(rows(passes), 2, async ([first]) => first!);
  expect((await all(making.passes())).map(({ complete }) => complete)).toEqual([[], [1], [0]]);
});

test("one candidate changes nothing, and numbers of candidates never meet", () => {
  const making = rows([]);
  expect(bestOf(making, 1, async ([first]) => first!)).toBe(making);
  const numbers = [0, 1, 2].flatMap((item) => [0, 1, 2, 3].map((chosen) => numberOf(item, { count: 4, chosen })));
  expect(numbers).toEqual([...Array(12).keys()]);
  const settings = { n: 1, seed: 0, firstIndex: 2 ** 30 };
  expect(checkCandidates(1, settings)).toBe(1);
  for (const count of [0, 17, 2.5, "4" as unknown as number]) {
    expect(() => checkCandidates(count, settings)).toThrow("candidates");
  }
  expect(() => checkCandidates(4, settings)).toThrow("firstIndex");
});
