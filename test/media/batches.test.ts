import { expect, test } from "vitest";
import { parseScaleConfig } from "../../src/core/var/config.js";
import { scaleDecoderGraph } from "../../src/core/var/graph.js";
import { GraphBuilder } from "../../src/engine/graph.js";
import { batchesOf, stateBytes } from "../../src/media/batches.js";

test("a run is cut into batches that fit", () => {
  const run = { n: 7, seed: 0, firstIndex: 5 };
  expect([...batchesOf(run, 30, 100)]).toEqual([
    { first: 5, items: 3 },
    { first: 8, items: 3 },
    { first: 11, items: 1 },
  ]);
  expect([...batchesOf(run, 1, 100)]).toEqual([{ first: 5, items: 7 }]);
  expect([...batchesOf({ ...run, n: 2 }, 101, 100)]).toEqual([
    { first: 5, items: 1 },
    { first: 6, items: 1 },
  ]);
});

test("the memory of a graph is that of its states", () => {
  const g = new GraphBuilder("states");
  g.state("a", ["B", 3, "S", 5]);
  g.state("b", ["B", 1, "S", 7]);
  expect(stateBytes(g.build({}), { B: 2, S: 11 })).toBe(4 * (2 * 3 * 11 * 5 + 2 * 11 * 7));
  const config = parseScaleConfig({
    ...{ layers: 2, heads: 3, width: 12, hidden: 17, vocabulary: 29, codeDim: 5, sides: [1, 2, 3, 5] },
    ...{ condition: { kind: "class", classes: 3 }, modulation: "own", normEpsilon: 1e-6 },
  });
  expect(stateBytes(scaleDecoderGraph(config), { B: 1, S: 39 })).toBe(2 * 2 * 39 * 12 * 4);
});
