/** What the JSON of a GLB file claims of its binary part, checked before anything is allocated by it (glTF 2.0 §3.6). */
import { isIntegerIn, isObject } from "../../base/check.js";
import { checkCount, damaged, MOST_VERTICES } from "./format.js";

const COMPONENT_BYTES: Readonly<Record<number, number>> = { 5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4 };
const COMPONENTS: Readonly<Record<string, number>> = {
  ...{ SCALAR: 1, VEC2: 2, VEC3: 3, VEC4: 4, MAT2: 4, MAT3: 9, MAT4: 16 },
};

type Json = Readonly<Record<string, unknown>>;

/** Refuses counts, offsets and lengths that do not fit the bytes that are there. */
export function checkSizes(file: string, json: unknown, resources: Readonly<Record<string, Uint8Array>>): void {
  const lists = ["accessors", "bufferViews", "buffers"] as const;
  const [accessors, views, buffers] = lists.map((name) => listOf(file, json, name)) as [Json[], Json[], Json[]];
  const bytesOf = (buffer: Json) =>
    resources[typeof buffer.uri === "string" ? buffer.uri : "@glb.bin"]?.byteLength ?? 0;
  const [first, ...others] = buffers;
  if (others.length > 0 || (first?.uri !== undefined && !String(first.uri).startsWith("data:")))
    throw damaged(file, "its data lies outside it, in files that are not followed");
  for (const [i, view] of views.entries()) {
    const buffer = buffers[view.buffer as number];
    const name = `buffer view ${i}`;
    if (!buffer) throw damaged(file, `${name} lies in a buffer that is not there`);
    const end = whole(file, name, view.byteOffset ?? 0) + whole(file, name, view.byteLength);
    const there = String(buffer.uri ?? "").startsWith("data:") ? String(buffer.uri).length : bytesOf(buffer);
    if (end > there) throw damaged(file, `${name} ends at byte ${end} of ${there}`);
  }
  for (const [i, accessor] of accessors.entries()) {
    const count = checkCount(file, `elements of accessor ${i}`, accessor.count as number, 3 * MOST_VERTICES);
    const size = COMPONENT_BYTES[accessor.componentType as number]! * COMPONENTS[accessor.type as string]!;
    if (!(size > 0)) throw damaged(file, `accessor ${i} is of a type that glTF does not have`);
    checkSpan(file, views, `accessor ${i}`, accessor, count, size);
    const { sparse } = accessor as { readonly sparse?: Readonly<Record<string, Json>> };
    if (sparse === undefined && accessor.bufferView === undefined && count > 0)
      throw damaged(file, `accessor ${i} has no numbers`);
    if (sparse === undefined) continue;
    const changed = checkCount(file, `changed elements of accessor ${i}`, Number(sparse.count), count);
    checkSpan(file, views, `the changes of accessor ${i}`, sparse.values ?? {}, changed, size);
    checkSpan(file, views, `the changes of accessor ${i}`, sparse.indices ?? {}, changed, 1);
  }
}

/** Whether so many elements of that size lie in the view that is named. */
function checkSpan(file: string, views: readonly Json[], name: string, of: Json, count: number, size: number): void {
  if (of.bufferView === undefined) return;
  const view = views[of.bufferView as number];
  if (!view) throw damaged(file, `${name} lies in a buffer view that is not there`);
  const stride = view.byteStride === undefined ? size : whole(file, name, view.byteStride);
  const end = whole(file, name, of.byteOffset ?? 0) + (count === 0 ? 0 : (count - 1) * stride + size);
  if (end > (view.byteLength as number))
    throw damaged(file, `${name} ends at byte ${end} of ${String(view.byteLength)}`);
}

function listOf(file: string, json: unknown, name: string): Json[] {
  const list = isObject(json) ? (json[name] ?? []) : null;
  if (!Array.isArray(list) || !list.every(isObject)) throw damaged(file, `its "${name}" are not a list of objects`);
  return list;
}

function whole(file: string, name: string, value: unknown): number {
  if (!isIntegerIn(0, Number.MAX_SAFE_INTEGER)(value))
    throw damaged(file, `${name} has an offset or a length that is not a byte count`);
  return value as number;
}
