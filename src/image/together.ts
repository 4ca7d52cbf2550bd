/** Requests that are drawn in common batches, where they are alike: whose pictures those are changes nothing about them. */
import { canonical } from "../base/canonical.js";
import { unlessAborted } from "../base/signals.js";
import { itemsOf, joined } from "../core/condition.js";
import { decodedApart } from "../core/orders.js";
import { APART, batchSize } from "../media/batches.js";
import { itemBytes } from "../media/token-passes.js";
import type { Drawing, ImageNetwork, Work } from "./networks/network.js";
import { sharedDrawing } from "./shared-drawing.js";

/** Begins pictures on a network. Rejects with the reason of the signal. */
export type Begin = (network: ImageNetwork, work: Work, signal: AbortSignal | undefined) => Promise<Drawing>;

/** The place of one request among those that are drawn together. */
export interface Seat {
  readonly begin: Begin;
  /** To be called when the request has ended, however it has: nobody waits for it any more. */
  leave(): void;
}

/** Pictures that wait for their turn. */
interface Waiting {
  readonly network: ImageNetwork;
  readonly work: Work;
  readonly signal: AbortSignal | undefined;
  resolve(drawing: Drawing): void;
  reject(error: unknown): void;
}

/**
 * Seats for so many requests. Pictures begin when each of the requests has begun its first ones or has left; like ones are then drawn
 * together, as many as fit into memory, and what is not alike one after the other.
 */
export function seatsFor(requests: number): readonly Seat[] {
  const awaited = new Set<object>();
  let waiting: Waiting[] = [];
  let last: Promise<void> = Promise.resolve(); // the end of the last drawing in line
  const draw = () => {
    if (awaited.size > 0) return;
    for (const batch of batched(waiting)) {
      const before = last;
      last = before.then(() => drawn(batch));
    }
    waiting = [];
  };
  const seat = (): Seat => {
    const self = {};
    awaited.add(self);
    return {
      begin(network, work, signal) {
        const begun = new Promise<Drawing>((resolve, reject) => {
          signal?.throwIfAborted();
          awaited.delete(self);
          waiting.push({ network, work, signal, resolve, reject });
          draw();
        });
        return unlessAborted(begun, signal);
      },
      leave() {
        if (awaited.delete(self)) draw();
      },
    };
  };
  return Array.from({ length: requests }, seat);
}

/** Like pictures in batches that fit into memory. */
function batched(all: readonly Waiting[]): Waiting[][] {
  const batches: Waiting[][] = [];
  const open = new Map<string, { readonly batch: Waiting[]; room: number }>();
  const networks = [...new Set(all.map(({ network }) => network))];
  for (const each of all) {
    const { network, work } = each;
    const { condition, decoding, sampling } = work;
    const items = itemsOf(condition);
    const key = canonical([networks.indexOf(network), condition.kind, decoding, sampling]);
    const like = work.given === null ? open.get(key) : undefined;
    if (like && like.room >= items) {
      like.batch.push(each);
      like.room -= items;
      continue;
    }
    const batch = [each];
    batches.push(batch);
    const most = batchSize(decodedApart(decoding) ? APART : itemBytes(network, sampling));
    if (work.given === null) open.set(key, { batch, room: most - items });
  }
  return batches;
}

/** Draws a batch for those who still want it, and resolves when the last of them has closed it. Never rejects. */
async function drawn(batch: readonly Waiting[]): Promise<void> {
  const wanted = batch.filter(({ signal }) => !signal?.aborted);
  if (wanted.length === 0) return;
  try {
    const drawing = await wanted[0]!.network.begin(joinedWork(wanted.map(({ work }) => work)));
    await new Promise<void>((resolve) => {
      const close = () => drawing.close().finally(resolve);
      const sizes = wanted.map(({ work }) => itemsOf(work.condition));
      for (const [i, part] of sharedDrawing({ ...drawing, close }, sizes).entries()) {
        if (wanted[i]!.signal?.aborted) void part.close();
        else wanted[i]!.resolve(part);
      }
    });
  } catch (error) {
    for (const { reject } of wanted) reject(error);
  }
}

/** Like works as one. */
const joinedWork = (works: readonly Work[]): Work => ({
  ...works[0]!,
  condition: joined(works.map(({ condition }) => condition)),
  seed: works.flatMap(({ seed }) => seed),
  firstItem: works.flatMap(({ firstItem }) => firstItem),
});
