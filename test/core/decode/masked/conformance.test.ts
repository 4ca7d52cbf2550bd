/** Iterative unmasking through the suite that all strategies share. */
import type { ItemNumbers } from "../../../../src/core/decode/step.js";
import { theseGroups } from "../../../../src/core/decode/masked/group.js";
import { masked, randomRanks } from "../../../../src/core/decode/masked/masked.js";
import { annealed, SCHEDULES } from "../../../../src/core/decode/masked/schedules.js";
import { maskedGroup, type MaskedSettings, maskedSettings } from "../../../../src/core/decode/masked/settings.js";
import type { Options } from "../../../../src/base/check.js";
import { conformStrategy, type World } from "../conform-strategy.js";
import { BITS, bitModel, joint, lawOfTheSurest } from "./world.js";

const world = (probability: World<number>["probability"]): World<number> => ({
  model: bitModel,
  vocabulary: 2,
  probability,
});

const by = (options: Options<MaskedSettings>, groups: readonly (readonly number[])[] = [[0, 1, 2]]) => {
  const settings = maskedSettings(options);
  return (items: number, firstItem: ItemNumbers) =>
    masked(
      items,
      BITS,
      theseGroups(groups.map((positions) => maskedGroup(positions, settings))),
      randomRanks(7, firstItem),
    );
};
const QUIET = { from: 0, to: 0 };
const COOLING = { from: 1.25, to: 0.75 };
const surest = (passes: number, schedule: keyof typeof SCHEDULES, temperature = { from: 1, to: 1 }) =>
  world((bits) => lawOfTheSurest(bits, passes, SCHEDULES[schedule], (progress) => annealed(temperature, progress)));

conformStrategy(
  "masked, one bit a pass in an order of chance",
  by({ order: "random", passes: 3, schedule: "linear" }),
  world(joint),
  {
    speculative: "each item has an order of its own, and a pass predicts what any of them needs",
  },
);
conformStrategy("masked, groups of one", by({ passes: 1 }, [[2], [0], [1]]), world(joint));
conformStrategy(
  "masked, the most probable first",
  by({ passes: 3, schedule: "linear", confidenceNoise: QUIET }),
  surest(3, "linear"),
  { speculative: "what a pass is not sure of is predicted again" },
);
conformStrategy(
  "masked, two at first, cooling",
  by({ passes: 2, schedule: "arccos", confidenceNoise: QUIET, temperature: COOLING }),
  surest(2, "arccos", COOLING),
  { speculative: "what a pass is not sure of is predicted again" },
);
