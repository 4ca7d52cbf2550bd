/** What was opened for a model, owned by it and closed with it. */
import { ClosedError } from "../base/errors.js";
import { once } from "../base/once.js";

export interface Closable {
  close(): Promise<void>;
}

export class Parts implements Closable {
  private readonly opened: Closable[] = [];
  private readonly shared = new Map<object, () => Promise<unknown>>();
  private closed = false;

  /** Takes a part over. One that arrives after the end is closed at once, with a ClosedError. */
  async own<P extends Closable>(opening: Promise<P>): Promise<P> {
    const part = await opening;
    this.opened.push(part);
    if (!this.closed) return part;
    await this.close();
    throw new ClosedError("model");
  }

  /** Opens and owns the part of that key the first time, and answers the same one from then on. A failure is not remembered. */
  share<P extends Closable>(key: object, open: () => Promise<P>): Promise<P> {
    if (!this.shared.has(key))
      this.shared.set(
        key,
        once(() => this.own(open())),
      );
    return this.shared.get(key)!() as Promise<P>;
  }

  /** Closes all parts, the last one first. */
  async close(): Promise<void> {
    this.closed = true;
    for (const part of this.opened.splice(0).reverse()) await part.close();
  }
}
