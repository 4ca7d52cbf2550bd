/** Where in the object of a PyTorch file the tensors are, and what is written beside them. */
import { ArgumentError, UnknownNameError } from "../../base/errors.js";
import { quote, type Report } from "./faults.js";
import { Dict, Tuple } from "./pickle.js";
import { TensorReference } from "./torch-objects.js";

export interface Layout {
  /** The part that was taken where there were several, or null. */
  readonly part: string | null;
  readonly tensors: ReadonlyMap<string, TensorReference>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/**
 * Keys under which training programs keep the weights beside other tensors, such as those of the optimizer; and the one that is
 * preferred to the others: averaged weights are what authors draw with.
 */
const WRAPPERS = ["model", "module", "state_dict", "ema"];
const PREFERRED = "ema";

/** Deeper and larger than any checkpoint's object. What is shared counts each time, so that nothing can unfold without end. */
const LIMITS = { depth: 32, values: 2 ** 20 };

/**
 * Takes the tensors out of `root`. Those of dicts and lists within dicts have names joined with dots.
 *
 * `prefix` says from where: a key, or keys joined with dots; "" is the whole object. Null leaves it to the file, which must leave
 * no choice: tensors at its top level, or under one key only, or under exactly one of WRAPPERS, or under "ema".
 *
 * Metadata is every plain value (numbers, text, booleans, None, and lists, tuples and dicts of nothing else) in the place chosen and
 * in the dicts on the way there. Throws CheckpointError; UnknownNameError or ArgumentError where the prefix must be another.
 */
export function layOut(root: unknown, prefix: string | null, file: string, report: Report): Layout {
  if (!(root instanceof Dict)) throw report("unsupported-pickle", "the object of the file is not a dict");
  const path = prefix === null ? theOnlyPath(root, file) : pathTo(root, prefix);
  if (!path) throw new UnknownNameError(`dict in ${file}`, prefix ?? "", keysOfTensors(root));
  const wrappers = keysOfTensors(root).filter((key) => WRAPPERS.includes(key));
  const part = prefix === null && wrappers.length > 1 && path.length > 1 ? PREFERRED : null;
  return { tensors: flatten(path.at(-1)!, report), metadata: plainValues(path, report), part };
}

function theOnlyPath(root: Dict, file: string): readonly Dict[] {
  const keys = keysOfTensors(root);
  if (keys.length === 0 || [...root.entries()].some(([, value]) => value instanceof TensorReference)) return [root];
  const wrappers = keys.filter((key) => WRAPPERS.includes(key));
  const choice = keys.length === 1 ? keys : wrappers.includes(PREFERRED) ? [PREFERRED] : wrappers;
  const chosen = root.get(choice[0]);
  if (choice.length === 1 && chosen instanceof Dict) return [root, chosen];
  throw new ArgumentError(
    "prefix",
    `the name of a part of ${file}`,
    null,
    `Name one of the parts that hold tensors, ${keys.slice(0, 20).map(quote).join(", ")}; or "" for all of them.`,
  );
}

/** The dicts from `root` to the one that `prefix` names. A key may itself contain dots: the whole rest is tried first. */
function pathTo(root: Dict, prefix: string): readonly Dict[] | null {
  if (prefix === "") return [root];
  const whole = root.get(prefix);
  if (whole instanceof Dict) return [root, whole];
  for (let dot = prefix.indexOf("."); dot >= 0; dot = prefix.indexOf(".", dot + 1)) {
    const next = root.get(prefix.slice(0, dot));
    const rest = next instanceof Dict ? pathTo(next, prefix.slice(dot + 1)) : null;
    if (rest) return [root, ...rest];
  }
  return null;
}

/** The keys of `root` under which there is a tensor, however deep. */
const keysOfTensors = (root: Dict): readonly string[] =>
  [...root.entries()].flatMap(([key, value]) => (typeof key === "string" && holdsTensor(value) ? [key] : []));

function holdsTensor(value: unknown): boolean {
  const open = [value];
  const seen = new Set<unknown>();
  while (open.length > 0) {
    const next = open.pop();
    if (next instanceof TensorReference) return true;
    const parts = partsOf(next);
    if (!parts || seen.has(next)) continue;
    seen.add(next);
    for (const [, part] of parts) open.push(part);
  }
  return false;
}

/** What a dict, list or tuple is made of, with keys; null for everything else. */
function partsOf(value: unknown): Iterable<readonly [key: unknown, part: unknown]> | null {
  if (value instanceof Dict) return value.entries();
  if (value instanceof Tuple) return value.items.entries();
  return Array.isArray(value) ? value.entries() : null;
}

const isKey = (key: unknown): key is string | number => typeof key === "string" || typeof key === "number";

/** Counts what is visited, and refuses what would not end. */
function visitor(report: Report): (depth: number) => void {
  let visited = 0;
  return (depth) => {
    if (++visited > LIMITS.values || depth > LIMITS.depth) {
      throw report("unsupported-pickle", "the object of the file is endless, or nested too deeply");
    }
  };
}

function flatten(chosen: Dict, report: Report): ReadonlyMap<string, TensorReference> {
  const tensors = new Map<string, TensorReference>();
  const visited = visitor(report);
  const walk = (value: unknown, keys: readonly unknown[]) => {
    visited(keys.length);
    if (value instanceof TensorReference) {
      const name = keys.join(".");
      if (!keys.every(isKey))
        throw report("unsupported-pickle", "a tensor has a name that is neither text nor a number");
      if (tensors.has(name)) throw report("unsupported-pickle", `two tensors have the name ${quote(name)}`);
      tensors.set(name, value);
    } else {
      for (const [key, part] of partsOf(value) ?? []) walk(part, [...keys, key]);
    }
  };
  walk(chosen, []);
  return tensors;
}

function plainValues(path: readonly Dict[], report: Report): Readonly<Record<string, unknown>> {
  const visited = visitor(report);
  /** The value as plain JavaScript, or undefined if anything in it is not plain. */
  const plain = (value: unknown, depth: number): unknown => {
    visited(depth);
    const parts = partsOf(value);
    if (!parts) return value === null || PLAIN.has(typeof value) ? value : undefined;
    const pairs: [string, unknown][] = [];
    for (const [key, part] of parts) {
      const copy = isKey(key) ? plain(part, depth + 1) : undefined;
      if (copy === undefined) return undefined;
      pairs.push([String(key), copy]);
    }
    return value instanceof Dict ? Object.fromEntries(pairs) : pairs.map(([, copy]) => copy);
  };
  const metadata: [string, unknown][] = [];
  for (const [key, value] of path.flatMap((dict) => [...dict.entries()])) {
    if (!isKey(key) || path.includes(value as Dict)) continue;
    const copy = plain(value, 1);
    if (copy !== undefined) metadata.push([String(key), copy]);
  }
  return Object.fromEntries(metadata);
}

const PLAIN: ReadonlySet<string> = new Set(["number", "bigint", "string", "boolean"]);
