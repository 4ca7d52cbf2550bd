/** Stretched rotary positions against the reference library's frequencies; recipe.py beside the fixture made them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hubConfig } from "../../../src/core/hub-config.js";
import { readLlamaConfig } from "../../../src/core/llama/read-config.js";
import { anglesOf, turning } from "../../../src/core/llama/rope.js";

interface Recorded {
  readonly rp: Readonly<Record<string, unknown>>;
  readonly L: number;
  readonly inv: readonly number[];
  readonly att: number;
}

const RECORDED = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../fixtures/rope/frequencies.json"), "utf8"),
) as Recorded[];

const ropeOf = (rope_parameters: Readonly<Record<string, unknown>>) =>
  readLlamaConfig(
    hubConfig({
      ...{ model_type: "llama", vocab_size: 10, hidden_size: 64, intermediate_size: 8, num_hidden_layers: 1 },
      ...{ num_attention_heads: 4, max_position_embeddings: 256, rope_parameters },
    }),
  ).ropes.global!;

test.each(RECORDED)("$rp.rope_type at length $L", ({ rp, L, inv, att }) => {
  const { frequencies, magnitude } = turning(ropeOf(rp), L);
  expect(magnitude).toBeCloseTo(att, 12);
  frequencies.forEach((frequency, j) => expect(Math.abs(frequency / inv[j]! - 1)).toBeLessThan(2e-7));
});

test("an angle depends on the item and its position, not on what else a pass holds", () => {
  const rope = ropeOf({ rope_type: "dynamic", factor: 2, rope_theta: 1e4 });
  const both = anglesOf(
    rope,
    [
      [299, 300],
      [3, 4],
    ],
    [10, 10],
  );
  const alone = anglesOf(rope, [[4]], [10]);
  expect([...both.data.slice(-16)]).toEqual([...alone.data]);
});
