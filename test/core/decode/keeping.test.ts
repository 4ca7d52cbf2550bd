import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../../src/base/errors.js";
import { jacobi, type JacobiOptions } from "../../../src/core/decode/jacobi/jacobi.js";
import { keeping } from "../../../src/core/decode/keeping.js";
import { rasterLayout } from "../../../src/core/decode/layout.js";
import { decode } from "../../../src/core/decode/loop.js";
import { nextNeighbor } from "../../../src/core/decode/next-neighbor.js";
import { type Cell, gumbelNoise, type Mixture, nextScale } from "../../../src/core/decode/next-scale.js";
import { nextToken } from "../../../src/core/decode/next-token.js";
import { sampler } from "../../../src/core/decode/sampler.js";
import type { Accepted, Step, Strategy } from "../../../src/core/decode/step.js";
import { markovLogits, tableModel, type Table } from "../table-model.js";

const ITEMS = 2;
const flat: Table = () => [0.2, 0.3, 0.5].map(Math.log);

async function decoded(strategy: Strategy<Cell>, table: Table, seed = 3) {
  const accepted: (readonly Accepted<Cell>[])[] = [];
  const steps: Step<Cell>[] = [];
  const model = tableModel(ITEMS, table);
  const watched = { items: ITEMS, forward: (step: Step<Cell>) => (steps.push(step), model.forward(step as Step)) };
  let ids: readonly (readonly Cell[])[] = [];
  for await (const event of decode(watched, strategy, sampler({ seed }))) {
    if (event.type === "decode-end") ids = event.values;
    else accepted.push(event.accepted);
  }
  return { accepted, steps, ids: ids.map((line) => [...line]) };
}

const givenFor = (total: number) => ({
  ids: [0, 1].map((item) => Array.from({ length: total }, (_, p) => (p + item) % 3)),
  keep: Array.from({ length: total }, (_, p) => (p % 3 === 0 || p === 7 ? 1 : 0)),
});

const ORDERS: Readonly<Record<string, () => Strategy<Cell>>> = {
  "next-token": () => nextToken<Cell>(ITEMS, 9),
  jacobi: () => jacobi(ITEMS, 9, rasterLayout(3, 3), { window: 4 }) as Strategy<Cell>,
  "next-neighbor": () => nextNeighbor<Cell>(ITEMS, [3, 3]),
  "next-scale": () => nextScale(ITEMS, [1, 2, 3]),
};

describe.each(Object.keys(ORDERS))("%s", (name) => {
  test("keeps what is given; the others are drawn as without it", async () => {
    const order = ORDERS[name]!;
    const given = givenFor(order().most);
    const free = (await decoded(order(), flat)).ids;
    const { ids } = await decoded(keeping(order(), given), flat);
    ids.forEach((line, item) =>
      line.forEach((id, p) => expect(id).toBe(given.keep[p] ? given.ids[item]![p] : free[item]![p])),
    );
  });
});

test("what is drawn depends on what is kept before it, the same way by next-token and by jacobi", async () => {
  const given = givenFor(9);
  const plain = await decoded(keeping(nextToken<Cell>(ITEMS, 9), given), markovLogits);
  const other = { ...given, ids: given.ids.map((line) => line.map((id) => (id + 1) % 3)) };
  expect(plain.ids).not.toEqual((await decoded(keeping(nextToken<Cell>(ITEMS, 9), other), markovLogits)).ids);
  const fast = await decoded(keeping(ORDERS.jacobi!(), given), markovLogits);
  expect(fast.ids).toEqual(plain.ids);
  expect(fast.steps.length).toBeLessThan(plain.steps.length);
});

test("a ratio judges drafts at kept positions against their ids", async () => {
  const given = givenFor(9);
  for (const rule of ["ratio", "ratio-redraw"] as const) {
    const settings: JacobiOptions = { rule, window: 4 };
    const { ids } = await decoded(
      keeping(jacobi(ITEMS, 9, rasterLayout(3, 3), settings), given) as Strategy<Cell>,
      markovLogits,
    );
    ids.forEach((line, item) => line.forEach((id, p) => given.keep[p] && expect(id).toBe(given.ids[item]![p])));
  }
});

test("kept cells stay whole codes where others are mixtures", async () => {
  const given = givenFor(14);
  const { accepted } = await decoded(keeping(nextScale(ITEMS, [1, 2, 3], { noise: gumbelNoise(3) }), given), flat);
  for (const pass of accepted)
    pass.forEach(({ positions, values }, item) =>
      positions.forEach((p, k) => {
        if (given.keep[p])
          expect(values[k]).toEqual({
            id: given.ids[item]![p]!,
            ids: Int32Array.of(given.ids[item]![p]!),
            probabilities: Float64Array.of(1),
          });
        else expect((values[k] as Mixture).ids.length).toBe(3);
      }),
    );
});

test.each([
  ["of fewer items", { ids: givenFor(9).ids.slice(1) }],
  ["of another length", { ids: [[1], [2]] }],
  ["with flags of another length", { keep: [1, 0] }],
  ["with flags that are none", { keep: givenFor(9).keep.map((flag) => flag * 0.7) }],
])("cells %s are refused", (_, wrong) => {
  expect(() => keeping(nextToken(ITEMS, 9), { ...givenFor(9), ...wrong })).toThrow(ArgumentError);
});
