/** Signals: what waits on them is told, and leaves nothing behind. */
import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { firstOf, unlessAborted } from "../../src/base/signals.js";

const never = new Promise<number>(() => {});
const listeners = ({ signal }: AbortController) => getEventListeners(signal, "abort").length;

describe("unlessAborted", () => {
  test("answers the value, or what it fails with", async () => {
    const controller = new AbortController();
    expect(await unlessAborted(Promise.resolve(7), controller.signal)).toBe(7);
    await expect(unlessAborted(Promise.reject(new Error("no")), controller.signal)).rejects.toThrow("no");
    expect(await unlessAborted(Promise.resolve(7), undefined)).toBe(7);
    expect(listeners(controller)).toBe(0);
  });

  test("fails with the reason of the signal, if that comes first", async () => {
    const controller = new AbortController();
    const waiting = unlessAborted(never, controller.signal);
    controller.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    await expect(unlessAborted(Promise.resolve(7), controller.signal)).rejects.toThrow("gone");
    expect(listeners(controller)).toBe(0);
  });
});

describe("firstOf", () => {
  test.each([0, 1])("aborts with the reason of source %i", (which) => {
    const sources = [new AbortController(), new AbortController()];
    const { signal } = firstOf(...sources.map(({ signal }) => signal));
    expect(signal.aborted).toBe(false);
    sources[which]!.abort(new Error(`of ${which}`));
    expect(signal.reason).toEqual(new Error(`of ${which}`));
    sources[1 - which]!.abort(new Error("later"));
    expect(signal.reason).toEqual(new Error(`of ${which}`));
  });

  test("has aborted where a source has", () => {
    const source = new AbortController();
    source.abort(new Error("before"));
    expect(firstOf(new AbortController().signal, source.signal).signal.reason).toEqual(new Error("before"));
  });

  test("hears of nothing once it is freed, and leaves nothing behind", () => {
    const source = new AbortController();
    const { signal, free } = firstOf(source.signal);
    expect(listeners(source)).toBe(1);
    free();
    expect(listeners(source)).toBe(0);
    source.abort();
    expect(signal.aborted).toBe(false);
  });
});
