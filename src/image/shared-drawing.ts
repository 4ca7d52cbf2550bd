/**
 * One drawing whose pictures belong to several requests, each of which sees its own alone. They go pass by pass: the next pass begins when
 * every request has taken the last one, so that what a request shows of it is what it would show by itself. One that leaves is
 * not waited for; its pictures are drawn on, and nobody looks at them.
 */
import { once } from "../base/once.js";
import type { DecodeEvent } from "../core/decode/loop.js";
import type { Token } from "../core/decode/step.js";
import type { Picture } from "../tokenizers/image/pixels.js";
import type { Drawing } from "./networks/network.js";

type Event = DecodeEvent<Token>;

/** The pictures of one request: `first` and those after it. */
interface Part {
  readonly first: number;
  readonly items: number;
  accepted: number;
}

interface Asking {
  resolve(event: Event | null): void;
  reject(error: unknown): void;
}

/** A drawing for each of the requests, of so many pictures; the last one that is closed closes the common one. */
export function sharedDrawing(drawing: Drawing, sizes: readonly number[]): readonly Drawing[] {
  const shared = new SharedDrawing(drawing);
  let first = 0;
  return sizes.map((items) => {
    first += items;
    return shared.part(first - items, items);
  });
}

class SharedDrawing {
  private items = 0;
  private readonly open = new Set<Part>();
  private readonly present = new Set<Part>(); // those of them that are waited for
  private readonly asking = new Map<Part, Asking>();
  private readonly events: AsyncIterator<Event>;
  private readonly pictures: () => Promise<Picture[]>;
  private pass: Promise<void> | null = null;
  private seen: Promise<Picture[]> | null = null; // of the last pass

  constructor(private readonly drawing: Drawing) {
    this.events = drawing.decode({})[Symbol.asyncIterator]();
    this.pictures = once(() => drawing.pictures());
  }

  part(first: number, items: number): Drawing {
    const part: Part = { first, items, accepted: 0 };
    this.items += items;
    this.open.add(part);
    this.present.add(part);
    const own = async (pictures: Promise<Picture[]>) => (await pictures).slice(first, first + items);
    const next = (signal: AbortSignal | undefined) => this.next(part, signal);
    return {
      async *decode({ signal }) {
        for (let event = await next(signal); event; event = await next(signal)) yield event;
      },
      previews: () => own((this.seen ??= this.drawing.previews())),
      pictures: () => own(this.pictures()),
      close: () => this.close(part),
    };
  }

  /** What the next pass brings to a part, when all parts have asked for it; null: all passes are done. */
  private async next(part: Part, signal: AbortSignal | undefined): Promise<Event | null> {
    signal?.throwIfAborted();
    const heard = new AbortController();
    try {
      return await new Promise((resolve, reject) => {
        this.asking.set(part, { resolve, reject });
        const stop = () => {
          reject(signal!.reason as Error);
          this.without(part);
        };
        signal?.addEventListener("abort", stop, { once: true, signal: heard.signal });
        this.advance();
      });
    } finally {
      heard.abort();
    }
  }

  /** Runs a pass if nobody is left who has not asked for it. */
  private advance(): void {
    if (this.pass || this.present.size === 0 || this.asking.size < this.present.size) return;
    this.pass = this.run().finally(() => {
      this.pass = null;
      this.advance(); // somebody may have asked meanwhile
    });
  }

  /** Tells each part what the pass brought to it. Never rejects. */
  private async run(): Promise<void> {
    const tell = (what: (asking: Asking, part: Part) => void) => {
      const all = [...this.asking];
      this.asking.clear();
      for (const [part, asking] of all) what(asking, part);
    };
    try {
      const { done, value } = await this.events.next();
      this.seen = null;
      tell((asking, part) => asking.resolve(done ? null : this.partOf(value, part)));
    } catch (error) {
      tell((asking) => asking.reject(error));
    }
  }

  private partOf(event: Event, part: Part): Event {
    const { first, items } = part;
    const own = <T>(all: readonly T[]): readonly T[] => all.slice(first, first + items);
    const share = (count: number) => (count * items) / this.items;
    const usageOf = ({ passes, tried }: Event["usage"]) => ({ passes, tried: share(tried), accepted: part.accepted });
    if (event.type === "decode-end") return { ...event, values: own(event.values), usage: usageOf(event.usage) };
    const accepted = own(event.accepted);
    part.accepted += accepted.reduce((sum, { positions }) => sum + positions.length, 0);
    const guesses = own(event.guesses);
    return { ...event, accepted, guesses, usage: usageOf(event.usage), most: share(event.most) };
  }

  /** Does not wait for a part any more. */
  private without(part: Part): void {
    this.asking.delete(part);
    this.present.delete(part);
    this.advance();
  }

  private async close(part: Part): Promise<void> {
    if (!this.open.delete(part)) return;
    this.without(part);
    if (this.open.size > 0) return;
    await this.pass;
    await this.events.return?.();
    await this.drawing.close();
  }
}
