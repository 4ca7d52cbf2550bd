/** Items out of results. */
import { isObject } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";

/** Where results have their items. */
const LISTS = ["images", "speeches", "meshes", "texts"] as const;

/** The only item of a result; what is no result, as it is. @throws ArgumentError for a result of several items. */
export function onlyItem(received: unknown): unknown {
  if (!isObject(received)) return received;
  const list = LISTS.find((name) => Array.isArray(received[name]));
  if (list === undefined) return received;
  const items = received[list] as readonly unknown[];
  if (items.length === 1) return items[0];
  throw new ArgumentError("expect", "one item", `a result of ${items.length}`, `Name one of them: ${list}[0].`);
}
