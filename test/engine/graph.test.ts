import { describe, expect, test } from "vitest";
import { ShapeError, UnknownNameError } from "../../src/base/errors.js";
import { type Dim, GraphBuilder, type Value } from "../../src/engine/graph.js";
import { opNamed, opsOf } from "../../src/engine/ops/index.js";
import { plus, scaled } from "../../src/engine/ops/sizes.js";
import { referenceEngine } from "../../src/engine/reference.js";
import { f32, i32 } from "../../src/engine/tensor.js";
import { memoryCheckpoint } from "../../src/engine/weights/stored.js";
import { CASES } from "./cases.js";
import { graphOf, runCase } from "./run-case.js";
import { stepInputs, tinyDecoder, tinyWeights } from "./tiny-decoder.js";

function builder() {
  const g = new GraphBuilder("test");
  return { g, o: opsOf(g), x: (...shape: Dim[]) => g.input(`x${shape.join(",")}`, shape) };
}

describe("sizes that are names", () => {
  test("add and scale in lowest terms", () => {
    expect([plus("S", "T"), plus(3, 4), plus(0, "T"), plus("T", 2)]).toEqual(["S+T", 7, "T", "T+2"]);
    expect(scaled("test", "h", 2, 1)).toBe("2*h");
    expect(scaled("test", "2*h", 1, 2)).toBe("h");
    expect(scaled("test", "h/16", 2, 1)).toBe("h/8");
    expect(scaled("test", "S+T", 3, 1)).toBe("3*(S+T)");
    expect(scaled("test", "3*(S+T)", 1, 3)).toBe("(S+T)");
    expect(() => scaled("test", 7, 1, 2)).toThrow("size 7 is not divisible by 2");
  });

  test("survive a network that halves and doubles", () => {
    const { g, o, x } = builder();
    const kernel = g.weight("kernel", [3, 3, 3, 3]);
    const half = o.conv2d(x("B", 3, "h", "w"), kernel, null, { stride: 2, pads: [0, 0, 1, 1] });
    expect(half.shape).toEqual(["B", 3, "h/2", "w/2"]);
    const back = o.conv2d(o.resizeNearest(half, { factor: 2 }), kernel, null, { pads: [1, 1, 1, 1] });
    expect(o.add(back, x("B", 3, "h", "w")).shape).toEqual(["B", 3, "h", "w"]);
  });

  test("go through attention with a cache", () => {
    const { outputs } = tinyDecoder();
    expect(outputs.logits!.shape).toEqual(["B", "T", 11]);
    expect(outputs.best).toMatchObject({ shape: ["B", "T"], dtype: "i32" });
  });
});

/** The shape rule and the oracle are two statements of one shape. */
test.each(CASES)("the shape rule of $op holds: $what", async (which) => {
  const { shape, dtype } = graphOf(which).outputs.y!;
  const { shape: found, data } = await runCase(referenceEngine(), which);
  expect(data).toBeInstanceOf(dtype === "f32" ? Float32Array : Int32Array);
  expect(found.length).toBe(shape.length);
  for (const [axis, size] of shape.entries()) if (typeof size === "number") expect(found[axis]).toBe(size);
});

describe("what does not fit is refused when the graph is built", () => {
  type Build = (o: ReturnType<typeof opsOf>, x: (...shape: Dim[]) => Value, g: GraphBuilder) => unknown;
  const refusals: readonly [problem: string, build: Build][] = [
    ["add: [2,3] and [2,5] do not fit together at 3 and 5", (o, x) => o.add(x(2, 3), x(2, 5))],
    ["add: [T] and [S] do not fit together", (o, x) => o.add(x("T"), x("S"))],
    ["should both be f32", (o, x, g) => o.div(x(2), g.input("ids", [2], "i32"))],
    ["should end in the same size", (o, x, g) => o.linear(x(2, 3), g.weight("w", [7, 5]), null)],
    ["bias should be [7] but is [5]", (o, x, g) => o.linear(x(2, 3), g.weight("w", [7, 3]), g.weight("b", [5]))],
    ["do not multiply", (o, x) => o.matmul(x(2, 3), x(2, 3))],
    ["ids should be i32 but is f32", (o, x, g) => o.embedding(x(2), g.weight("w", [7, 3]))],
    ["the number of elements changes", (o, x) => o.reshape(x(2, 3), { shape: [5] })],
    ["the number of elements changes", (o, x) => o.reshape(x("B", 3), { shape: [3] })],
    ["only one size can be the rest", (o, x) => o.reshape(x(2, 3), { shape: [-1, -1] })],
    ["x has no axis 2", (o, x) => o.reshape(x(2, 3), { shape: [0, 3, 0] })],
    ["differ in their number of elements", (o, x) => o.reshapeLike(x(2, 3), x(7))],
    ["is not an order of the 2 axes", (o, x) => o.transpose(x(2, 3), { permutation: [0, 0] })],
    ["exceeds size 3", (o, x) => o.slice(x(2, 3), { axis: 1, start: 2, end: 4 })],
    ["is not a range", (o, x) => o.slice(x(2, 3), { axis: 1, start: 2, end: 2 })],
    ["does not join", (o, x) => o.concat(x(2, 3), x(5, 3), { axis: 1 })],
    ["there is nothing to join", (o) => o.concat({ axis: 0 })],
    ["there is no axis 2 among 2", (o, x) => o.softmax(x(2, 3), { axis: 2 })],
    [
      "5 channels do not fall into 2 groups",
      (o, x, g) => o.groupNorm(x(1, 5, 3), g.weight("w", [5]), g.weight("b", [5]), { groups: 2, epsilon: 1 }),
    ],
    ["differ in channels", (o, x, g) => o.conv2d(x(1, 2, 7, 7), g.weight("w", [3, 5, 3, 3]), null)],
    ["a kernel of 3 does not fit 2", (o, x, g) => o.conv2d(x(1, 2, 2, 7), g.weight("w", [3, 2, 3, 3]), null)],
    ["is not a plain fraction", (o, x, g) => o.conv2d(x(1, 2, "h", 7), g.weight("w", [3, 2, 3, 3]), null)],
    ["size 7 is not divisible by 2", (o, x) => o.spaceToDepth(x(1, 2, 7, 4), { size: 2 })],
    ["6 elements turn in a head of 5", (o, x) => o.rotary(x(1, 2, 3, 5), x(3, 3, 2))],
    ["table should be [3,2,2] but is [7,2,2]", (o, x) => o.rotary(x(1, 2, 3, 4), x(7, 2, 2))],
    [
      "pastKey and pastValue come together",
      (o, x) => o.attention(x(1, 2, 3, 4), x(1, 2, 3, 4), x(1, 2, 3, 4), x(1, 2, "S", 4), null, null, { scale: 1 }),
    ],
    [
      "bias [1,1,3,5] should be [1|1, 1|2, 3, 3]",
      (o, x) => o.attention(x(1, 2, 3, 4), x(1, 2, 3, 4), x(1, 2, 3, 4), null, null, x(1, 1, 3, 5), { scale: 1 }),
    ],
  ];
  test.each(refusals)("%s", (problem, build) => {
    const { g, o, x } = builder();
    expect(() => build(o, x, g)).toThrow(ShapeError);
    expect(() => build(o, x, g)).toThrow(problem);
  });

  test("unknown operations, and indices outside a table", async () => {
    expect(() => opNamed("convolve")).toThrow(UnknownNameError);
    expect(() => opNamed("toString")).toThrow(UnknownNameError);
    const { g, o } = builder();
    const graph = g.build({ y: o.embedding(g.input("ids", [1], "i32"), g.weight("table", [3, 2])) });
    const weights = memoryCheckpoint("test", [["table", f32([3, 2], [1, 2, 3, 4, 5, 6])]]);
    const program = await referenceEngine().compile(graph, weights);
    await expect(program.run({ ids: i32([1], [3]) })).rejects.toThrow("index 3 is outside 0 to 2");
  });
});

describe("the reference engine", () => {
  test("a cache changes nothing: step by step equals all at once", async () => {
    const program = await referenceEngine().compile(tinyDecoder(), tinyWeights());
    const [B, T, S] = [3, 5, 7];
    const whole = await program.run(stepInputs(B, T, 0, S), await program.allocate({ B, S }));
    const memory = await program.allocate({ B, S });
    const ids = stepInputs(B, T, 0, S).ids!;
    for (let t = 0; t < T; t++) {
      const one = i32(
        [B, 1],
        Array.from({ length: B }, (_, b) => ids.data[b * T + t]!),
      );
      const { logits } = await program.run({ ...stepInputs(B, 1, t, S), ids: one }, memory);
      for (let b = 0; b < B; b++) {
        const expected = whole.logits!.data.slice((b * T + t) * 11, (b * T + t + 1) * 11);
        logits!.data.slice(b * 11, (b + 1) * 11).forEach((value, i) => {
          expect(value).toBeCloseTo(expected[i]!, 5);
        });
      }
    }
    expect(memory.length).toBe(T);
  });

  test("hands out results that are the caller's own", async () => {
    const { g, x } = builder();
    const input = x(2);
    const program = await referenceEngine().compile(g.build({ y: input }), memoryCheckpoint("none", []));
    const fed = f32([2], [1, 2]);
    const { y } = await program.run({ x2: fed });
    y!.data[0] = 9;
    expect(fed.data[0]).toBe(1);
  });
});
