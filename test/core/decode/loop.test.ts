import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../../src/base/errors.js";
import { type DecodeEvent, decode } from "../../../src/core/decode/loop.js";
import { nextToken } from "../../../src/core/decode/next-token.js";
import { type SamplerOptions, sampler } from "../../../src/core/decode/sampler.js";
import type { Strategy } from "../../../src/core/decode/step.js";
import { guidance } from "../../../src/core/sampling/guidance.js";
import { chiSquare, markovDistribution, markovLogits, type Table, tableModel } from "../table-model.js";

async function idsOf(run: AsyncIterable<DecodeEvent>): Promise<number[][]> {
  let last: DecodeEvent | undefined;
  for await (const event of run) last = event;
  if (last?.type !== "decode-end") throw new Error("a run ends with decode-end");
  return last.values.map((ids) => [...ids]);
}

const plain = (items: number, total: number, options: Partial<SamplerOptions> = {}, table: Table = markovLogits) =>
  idsOf(decode(tableModel(items, table), nextToken(items, total), sampler({ seed: 7, ...options })));

describe("next-token decoding", () => {
  test("seeds are independent: the distribution also holds over seeds with one item each", async () => {
    const counts = Array<number>(9).fill(0);
    for (let seed = 0; seed < 3000; seed++) {
      const [ids] = await plain(1, 2, { seed });
      counts[ids![0]! * 3 + ids![1]!]!++;
    }
    expect(chiSquare(counts, markovDistribution(2))).toBeLessThan(26.1); // 8 degrees of freedom
  });

  test("the same seed gives the same ids, another seed others", async () => {
    expect(await plain(3, 17)).toEqual(await plain(3, 17));
    expect(await plain(3, 17)).not.toEqual(await plain(3, 17, { seed: 8 }));
  });

  test("one event a pass, then the end; usage counts", async () => {
    const model = tableModel(2, markovLogits);
    const events: DecodeEvent[] = [];
    for await (const event of decode(model, nextToken(2, 3), sampler({ seed: 1 }))) events.push(event);
    expect(events.map((event) => event.type)).toEqual([
      "tokens-accept",
      "tokens-accept",
      "tokens-accept",
      "decode-end",
    ]);
    expect(events.map((event) => event.usage)).toEqual(
      [1, 2, 3, 3].map((passes) => ({ passes, tried: 2 * passes, accepted: 2 * passes })),
    );
    expect(model.passes).toBe(3);
  });

  test("guidance mixes the two halves, and only up to its last position", async () => {
    const conditional: Table = () => [0, 1, 0];
    const unconditional: Table = () => [0, 0.9, -1]; // guided by 2: 0, 1.1, 1; by 20: 0, 2.9, 19
    const ids = (scale: number, until?: number) =>
      idsOf(
        decode(
          tableModel(1, conditional, unconditional),
          nextToken(1, 5),
          sampler({ seed: 0, sampling: { temperature: 0 }, guidance: guidance(scale, until) }),
        ),
      );
    expect(await ids(2)).toEqual([[1, 1, 1, 1, 1]]);
    expect(await ids(20)).toEqual([[2, 2, 2, 2, 2]]);
    expect(await ids(20, 3)).toEqual([[2, 2, 2, 1, 1]]);
  });

  test("the repetition penalty sees what the item has so far", async () => {
    const rising: Table = () => [4, 3, 2, 1];
    const sampling = { temperature: 0, repetitionPenalty: 10 };
    expect(await plain(1, 4, { sampling }, rising)).toEqual([[0, 1, 2, 3]]);
  });
});

describe("the loop", () => {
  test("stops between passes at a signal, with its reason", async () => {
    const model = tableModel(1, markovLogits);
    const controller = new AbortController();
    const reason = new Error("enough");
    const run = decode(model, nextToken(1, 100), sampler({ seed: 1 }), { signal: controller.signal });
    const seen: DecodeEvent[] = [];
    await expect(
      (async () => {
        for await (const event of run) {
          seen.push(event);
          if (seen.length === 3) controller.abort(reason);
        }
      })(),
    ).rejects.toBe(reason);
    expect(model.passes).toBe(3);
  });

  test("refuses a strategy for another batch, and guidance without its second half", async () => {
    const run = (strategy: Strategy, options: SamplerOptions) =>
      idsOf(decode(tableModel(2, markovLogits), strategy, sampler(options)));
    await expect(run(nextToken(3, 2), { seed: 0 })).rejects.toThrow(ArgumentError);
    await expect(run(nextToken(2, 2), { seed: 0, guidance: guidance(2) })).rejects.toThrow(ShapeError);
    expect(() => sampler({ seed: -1 })).toThrow(ArgumentError);
    expect(() => sampler({ seed: 0.5 })).toThrow(ArgumentError);
    expect(() => guidance(0.5)).toThrow(ArgumentError);
  });
});
