/** Values inside a graph that a caller may ask for besides the outputs, by name. */
import { UnknownNameError } from "../../base/errors.js";
import type { Value } from "../../engine/graph.js";

export interface Taps {
  /** Names a value and gives it back. */
  tap(name: string, value: Value): Value;
  /** The values of those names. Throws UnknownNameError, which lists the known ones. */
  outputs(names: readonly string[]): Record<string, Value>;
}

export function taps(): Taps {
  const values = new Map<string, Value>();
  return {
    tap(name, value) {
      values.set(name, value);
      return value;
    },
    outputs: (names) =>
      Object.fromEntries(
        names.map((name) => {
          const value = values.get(name);
          if (!value) throw new UnknownNameError("tap", name, [...values.keys()]);
          return [name, value];
        }),
      ),
  };
}
