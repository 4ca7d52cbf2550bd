/** Every strategy through the suite that all of them share. */
import { type JacobiOptions, jacobi } from "../../../src/core/decode/jacobi/jacobi.js";
import { rasterLayout } from "../../../src/core/decode/layout.js";
import { nextNeighbor } from "../../../src/core/decode/next-neighbor.js";
import { type Cell, gumbelNoise, nextScale } from "../../../src/core/decode/next-scale.js";
import { nextToken } from "../../../src/core/decode/next-token.js";
import { runLookup } from "../../../src/core/decode/run-lookup.js";
import { promptLookup } from "../../../src/core/decode/prompt-lookup.js";
import { parallelRegions } from "../../../src/core/decode/parallel-regions.js";
import type { Forward, Step } from "../../../src/core/decode/step.js";
import { f32 } from "../../../src/engine/tensor.js";
import { markov, markovLogits, tableModel } from "../table-model.js";
import { conformStrategy, type World } from "./conform-strategy.js";

/** Three ids, each drawn by the two before it. */
const LINE: World<number> = {
  model: (items) => tableModel(items, markovLogits),
  vocabulary: 3,
  probability: (ids) => ids.reduce((product, id, p) => product * markov(ids.slice(0, p))[id]!, 1),
};

/** Probability of 1 on a grid of two columns, by the neighbours above and to the left, -1 where there is none. */
const chance = (above: number, left: number) =>
  [0.5, 0.2, 0.9, 0.35, 0.7, 0.1, 0.6, 0.85, 0.45][(above + 1) * 3 + left + 1]!;

const chanceAt = (position: number, of: (position: number) => number) =>
  chance(position < 2 ? -1 : of(position - 2), position % 2 ? of(position - 1) : -1);

/** Knows what was fed at which position, and predicts a cell from its neighbours. */
const GRID: World<number> = {
  model(items): Forward {
    const fed = Array.from({ length: items }, () => new Map<number, number>());
    return {
      items,
      async forward({ feed, values, fill }) {
        feed.forEach((position, i) => values.forEach((line, item) => void fed[item]!.set(position, line[i]!)));
        const logits = fed.flatMap((known) =>
          fill.flatMap((position) => {
            const p = chanceAt(position, (at) => known.get(at) ?? -1);
            return [Math.log(1 - p), Math.log(p)];
          }),
        );
        return { conditional: f32([items, fill.length, 2], logits), unconditional: null };
      },
    };
  },
  vocabulary: 2,
  probability: (ids) =>
    ids.reduce((product, id, position) => {
      const p = chanceAt(position, (at) => ids[at]!);
      return product * (id ? p : 1 - p);
    }, 1),
};

/** Cells that do not know each other. */
const CELLS: World<Cell> = {
  model(items) {
    const table = tableModel(items, () => [0.3, 0.7].map(Math.log));
    return { items, forward: (step) => table.forward(step as Step) };
  },
  vocabulary: 2,
  probability: (ids) => ids.reduce((product, id) => product * [0.3, 0.7][id]!, 1),
};

/** Runs of that many ids, all of which are guessed to be the same. */
const runsOf = (length: number, guess: number) => {
  let taken = 0;
  return {
    get ahead() {
      return length - (taken % length);
    },
    ...{ guess, accept: () => void taken++, suppose() {}, forget() {} },
  };
};

const jacobiBy = (options: JacobiOptions) => (items: number) => jacobi(items, 4, rasterLayout(2, 3), options);
const speculative = "drafts that fall are predicted again";

conformStrategy("next-token", (items) => nextToken(items, 4), LINE);
conformStrategy("jacobi, coupled", jacobiBy({ window: 3 }), LINE, { speculative });
conformStrategy("jacobi, ratio", jacobiBy({ rule: "ratio", window: 4 }), LINE, { speculative });
conformStrategy("jacobi, ratio-redraw", jacobiBy({ rule: "ratio-redraw", window: 3 }), LINE, { speculative });
conformStrategy("prompt-lookup", (items) => promptLookup(items, 4, rasterLayout(2, 3), [0, 1, 2, 0]), LINE, {
  speculative,
});
conformStrategy("run-lookup", (items) => runLookup(items, 4, () => runsOf(2, 0), { window: 3 }), LINE, { speculative });
conformStrategy("next-neighbor", (items) => nextNeighbor(items, [3, 2]), GRID);
conformStrategy("parallel-regions", (items) => parallelRegions(items, 2, 4), GRID);
conformStrategy("next-scale", (items) => nextScale(items, [1, 2]), CELLS);
conformStrategy("next-scale, mixtures", (items) => nextScale(items, [1, 2], { noise: gumbelNoise(5) }), CELLS);
