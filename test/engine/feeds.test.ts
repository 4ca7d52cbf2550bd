import { expect, test } from "vitest";
import { bindSizes, requireWeights, sizeOfDim } from "../../src/engine/feeds.js";
import { GraphBuilder } from "../../src/engine/graph.js";
import { f32, i32 } from "../../src/engine/tensor.js";
import { memoryCheckpoint } from "../../src/engine/weights/stored.js";

function graph() {
  const g = new GraphBuilder("feeds-test");
  g.input("ids", ["B", "T"], "i32");
  g.input("bias", ["B", 1, "T", "S+T"]);
  g.weight("table", [7, 3]);
  g.weight("head", [3]);
  return g.build({});
}

const ids = i32([2, 3], [0, 1, 2, 3, 4, 5]);
const bias = (S: number) => f32([2, 1, 3, S], new Float32Array(6 * S));

test("sizes follow from the inputs and from what is known", () => {
  expect(bindSizes(graph(), { ids, bias: bias(8) }, { S: 5, B: 2 })).toEqual({ B: 2, T: 3, S: 5 });
  expect(sizeOfDim("S+T", { S: 5, T: 3 })).toBe(8);
  expect(sizeOfDim("S+2", { S: 5 })).toBe(7);
  expect(sizeOfDim("S+T", { S: 5 })).toBeUndefined();
});

test.each([
  ["missing", { ids }, 'input "bias" is missing'],
  ["unknown", { ids, bias: bias(8), other: ids }, 'input "other" is not one of ids, bias'],
  ["of another type", { ids: f32([2, 3], ids.data), bias: bias(8) }, 'input "ids" is f32 but should be i32'],
  ["of another rank", { ids: i32([6], ids.data), bias: bias(8) }, "[6]"],
  ["against a sum", { ids, bias: bias(7) }, "needs S+T = 8"],
  ["against each other", { ids: i32([3, 2], ids.data), bias: bias(8) }, "needs"],
  ["inherited, not given", Object.create({ ids, bias: bias(8) }), 'input "ids" is missing'],
])("an input is refused that is %s", (_, inputs, problem) => {
  expect(() => bindSizes(graph(), inputs, { S: 5 })).toThrow(problem);
});

test("every weight that does not fit is named, in one error", () => {
  const checkpoint = memoryCheckpoint("test", [["table", f32([3, 7], new Float32Array(21))]]);
  const faults = ["table: expected [7,3] but found [3,7]", "missing: head [3]"];
  expect(() => requireWeights(graph(), checkpoint)).toThrow(expect.objectContaining({ faults }));
});
