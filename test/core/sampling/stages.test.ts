import { describe, expect, test } from "vitest";
import {
  type AddedStages,
  type Distribution,
  distributionOf,
  samplingSettings,
} from "../../../src/core/sampling/sampling.js";
import { biased, penalised, repetitionAware, suppressed } from "../../../src/core/sampling/stages.js";
import { LogitsError } from "../../../src/base/errors.js";

const LOGITS = Float32Array.of(1, 2, 3, 0.5, 2.5);

function drawn(stages: AddedStages, history: readonly number[] = [], options = {}): Distribution {
  const at = { item: 3, position: history.length, history: () => history };
  return distributionOf(LOGITS, samplingSettings(options), at, stages);
}

/** Probability of every id, 0 where it cannot be drawn. */
const dense = ({ ids, probabilities }: Distribution) =>
  Array.from(LOGITS, (_, id) => probabilities[ids.indexOf(id)] ?? 0);

const softmax = (logits: readonly number[]) => {
  const powers = logits.map(Math.exp);
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
};

const close = (actual: readonly number[], expected: readonly number[]) =>
  actual.forEach((p, id) => expect(p, `id ${id}`).toBeCloseTo(expected[id]!, 6));

test("suppressed ids cannot be drawn, up to a position where one is given", () => {
  const { ids } = drawn({ first: [suppressed([2, 4])] });
  expect([...ids]).toEqual([0, 1, 3]);
  expect([...drawn({ first: [suppressed([2], 2)] }, [0]).ids]).not.toContain(2);
  expect([...drawn({ first: [suppressed([2], 2)] }, [0, 0]).ids]).toContain(2);
  expect(() => drawn({ first: [suppressed([0, 1, 2, 3, 4])] })).toThrow(LogitsError);
});

test("biases are added to logits before the temperature", () => {
  const biases = new Map([
    [0, 3],
    [4, -100],
  ]);
  close(dense(drawn({ first: [biased(biases)] }, [], { temperature: 0.5 })), softmax([8, 4, 6, 1, -195]));
});

test("penalties count presence once and frequency for each time, within their window", () => {
  const history = [3, 0, 0, 2];
  close(dense(drawn({ first: [penalised(1, 0.5)] }, history)), softmax([-1, 2, 1.5, -1, 2.5]));
  close(dense(drawn({ first: [penalised(1, 0.5, 2)] }, history)), softmax([-0.5, 2, 1.5, 0.5, 2.5]));
  close(dense(drawn({ first: [penalised(1, 0.5)] })), softmax([...LOGITS]));
});

describe("repetition-aware sampling", () => {
  const nucleus = { topK: 2 }; // ids 2 and 4

  test("is the law of drawing again from all where the id repeats", () => {
    const first = dense(drawn({}, [], nucleus));
    const all = dense(drawn({}));
    const history = [2, 1, 2];
    const expected = all.map((p, id) => (id === 2 ? 0 : first[id]!) + first[2]! * p);
    close(dense(drawn({ last: [repetitionAware(10, 0.2)] }, history, nucleus)), expected);
    expect(expected.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
  });

  test("leaves alone what repeats less, or longer ago", () => {
    const plain = dense(drawn({}, [], nucleus));
    close(dense(drawn({ last: [repetitionAware(10, 0.3)] }, [2, 1, 2], nucleus)), plain);
    close(dense(drawn({ last: [repetitionAware(2, 0.5)] }, [2, 2, 1, 0], nucleus)), plain);
  });
});

test("stages see the number of the sample and the position", () => {
  const seen: unknown[] = [];
  drawn({ first: [(candidates, at) => (seen.push([at.item, at.position, at.history()]), candidates)] }, [4, 1]);
  expect(seen).toEqual([[3, 2, [4, 1]]]);
});
