/**
 * What every medium promises, as one suite: a medium calls it with how its items are made and compared. What a medium promises
 * besides, its own tests say.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunEnd, RunResult, RunStart, TokensAccept } from "../../src/media/events.js";
import type { LoadedModel } from "../../src/media/load.js";
import type { ManifestBase } from "../../src/media/manifest.js";
import type { GeneratedItem } from "../../src/media/saved.js";
import type { Verification } from "../../src/media/verification.js";
import { temporaryFolder } from "../support/temporary-folder.js";

/** Settings that all media have; a suite may pass wrong ones. */
export interface CommonOptions<Model> {
  readonly model?: Model;
  readonly signal?: AbortSignal;
  readonly n?: number;
  readonly seed?: number;
  readonly firstIndex?: number;
}

export interface Conforming<Model extends LoadedModel, Item extends GeneratedItem, Result extends RunResult> {
  /** Loads a small model. */
  load(): Promise<Model>;
  /** Makes items of one subject, of which no two seeds and no two indices give the same. */
  stream(options: CommonOptions<Model>): AsyncGenerator<{ readonly type: string }, void, void>;
  items(result: Result): readonly Item[];
  /** The item that an event hands out, if it is the event of a complete item. */
  itemOf(event: { readonly type: string }): Item | undefined;
  /** Tells two items apart. */
  fingerprint(item: Item): string;
  /** An ending of the files, such as "png". */
  readonly ending: string;
  /** False where the medium has one order of decoding only. */
  readonly ordered?: boolean;
  /** A setting that the sampling of the medium knows, with a value out of its range. */
  readonly outOfRange: object;
  parseManifest(json: unknown): Item["manifest"];
  verify(manifest: Item["manifest"], model: Model): Promise<Verification>;
}

/** Fails where the medium breaks one of the promises. */
export function conformMedium<Model extends LoadedModel, Item extends GeneratedItem, Result extends RunResult>(
  name: string,
  medium: Conforming<Model, Item, Result>,
): void {
  describe(`${name} as a medium`, () => {
    const folder = temporaryFolder();
    let model: Model;
    beforeAll(async () => {
      model = await medium.load();
    });
    afterAll(() => model.close());

    const eventsOf = async (options: CommonOptions<Model>) => {
      const events: { readonly type: string }[] = [];
      for await (const event of medium.stream({ model, seed: 7, ...options })) events.push(event);
      return events;
    };
    const resultOf = async (options: CommonOptions<Model> = {}) =>
      ((await eventsOf(options)).at(-1) as RunEnd<Result>).result;
    const printsOf = async (options: CommonOptions<Model> = {}) =>
      medium.items(await resultOf(options)).map(medium.fingerprint);

    test("tells the start, every pass, every item and the result", async () => {
      const events = await eventsOf({ n: 3, firstIndex: 2 });
      const { result } = events.at(-1) as RunEnd<Result>;
      const start = events[0] as RunStart;
      expect(start).toMatchObject({ type: "run-start", seed: 7, n: 3, model: { name: model.name } });
      expect(start.device).toEqual(model.device);
      expect(events.filter(({ type }) => type === "run-start" || type === "run-end")).toHaveLength(2);
      const passes = events.filter((event): event is TokensAccept => event.type === "tokens-accept");
      expect(passes.map(({ forwardPasses }) => forwardPasses)).toEqual(passes.map((_, i) => i + 1));
      expect(passes.map(({ done }) => done)).toEqual(passes.map(({ done }) => done).sort((a, b) => a - b));
      expect(new Set(passes.map(({ total }) => total))).toEqual(new Set([start.total]));
      const { usage } = result;
      expect(usage).toMatchObject({ forwardPasses: passes.length, outputTokens: passes.at(-1)!.done });
      if (start.total !== null) expect(usage.outputTokens).toBe(start.total);
      expect(usage.totalTokens).toBe(usage.inputTokens + usage.outputTokens);
      expect(usage.predictedTokens).toBeGreaterThanOrEqual(usage.outputTokens);
      const items = medium.items(result);
      expect(items.map(({ seed, index }) => ({ seed, index }))).toEqual([2, 3, 4].map((index) => ({ seed: 7, index })));
      const told = events.flatMap((event) => medium.itemOf(event) ?? []);
      expect(new Set(told)).toEqual(new Set(items));
      const counts = items.map(({ manifest }) => manifest.tokens.count);
      expect(counts.reduce((a, b) => a + b)).toBe(usage.outputTokens);
      expect(result).toMatchObject({ seed: 7, response: { modelId: model.name, revision: model.revision } });
    });

    test("an item does not depend on its batch, and depends on its seed", async () => {
      const together = await printsOf({ n: 3 });
      expect(new Set(together).size).toBe(3);
      for (const index of [2, 0, 1]) expect(await printsOf({ firstIndex: index })).toEqual([together[index]]);
      expect(await printsOf({ seed: 8 })).not.toEqual([together[0]]);
    });

    test("a console shows an item in a few lines", async () => {
      const [item] = medium.items(await resultOf());
      const shown = inspect(item);
      expect(shown).toContain("seed: 7");
      if ("ids" in item!) expect(shown).toMatch(/ids: \[Int32Array\(\d+\)\]/);
      expect(shown.split("\n").length).toBeLessThanOrEqual(28);
      expect(shown.length).toBeLessThan(1200);
      expect(JSON.stringify(inspect({ deep: { in: { it: item } } }))).not.toContain("Int32Array");
    });

    test("runs on one model do not disturb each other", async () => {
      const alone = [await printsOf({ seed: 3 }), await printsOf({ seed: 4, n: 2 })];
      expect(await Promise.all([printsOf({ seed: 3 }), printsOf({ seed: 4, n: 2 })])).toEqual(alone);
    });

    test("an abort rejects with its reason, and leaves the model usable", async () => {
      const before = await printsOf();
      for (const at of [0, 1]) {
        const controller = new AbortController();
        const reason = new Error(`stopped at ${at}`);
        if (at === 0) controller.abort(reason);
        const run = async () => {
          for await (const event of medium.stream({ model, seed: 7, n: 2, signal: controller.signal }))
            if (event.type === "tokens-accept") controller.abort(reason);
        };
        await expect(run()).rejects.toBe(reason);
      }
      for await (const event of medium.stream({ model, seed: 7 })) if (event.type === "tokens-accept") break;
      expect(await printsOf()).toEqual(before);
    });

    test.each<[object, string]>([
      [{ n: 0 }, "n"],
      [{ n: 1001 }, "n"],
      [{ n: 1.5 }, "n"],
      [{ seed: -1 }, "seed"],
      [{ seed: 2 ** 53 }, "seed"],
      [{ seed: "7" }, "seed"],
      [{ firstIndex: -1 }, "firstIndex"],
      [{ signal: {} }, "signal"],
      [{ colour: "red" }, "options.colour"],
    ])("%o is an ArgumentError", async (options, argument) => {
      await expect(eventsOf(options)).rejects.toMatchObject({ code: "argument", argument });
    });

    test("a number out of its range, and an unknown decoding, are refused", async () => {
      await expect(eventsOf(medium.outOfRange)).rejects.toMatchObject({ code: "argument" });
      const unknown = { decoding: "widdershins" } as CommonOptions<Model>;
      const code = medium.ordered === false ? "argument" : "unknown-name"; // speech has no setting of that name
      await expect(eventsOf(unknown)).rejects.toMatchObject({ code });
    });

    test("a closed model refuses", async () => {
      const other = await medium.load();
      await other.close();
      await expect(eventsOf({ model: other })).rejects.toMatchObject({ code: "closed" });
    });

    test("a manifest survives JSON, and makes the same item again", async () => {
      const item = medium.items(await resultOf({ n: 2, firstIndex: 5 }))[1]!;
      const { manifest } = item;
      expect(manifest).toMatchObject({ seed: 7, index: 6, device: model.device.name, precision: model.precision });
      expect(manifest.model).toEqual({ name: model.name, revision: model.revision, sha256: model.sha256 });
      expect(medium.parseManifest(JSON.parse(JSON.stringify(manifest)))).toEqual(manifest);
      expect(await medium.verify(manifest, model)).toMatchObject({ same: true, differences: [] });
      const changed = await medium.verify({ ...manifest, seed: 8, tessera: "0.0.0" }, model);
      expect(changed.same).toBe(false);
      expect(changed.differences).toEqual(expect.arrayContaining([expect.stringMatching(/^version: was 0.0.0/)]));
      const other = { ...manifest, model: { ...manifest.model, name: "other" } };
      await expect(medium.verify(other, model)).rejects.toMatchObject({ code: "argument", argument: "model" });
      for (const none of [undefined, null, "tessera", {}])
        await expect(medium.verify(manifest, none as never)).rejects.toMatchObject({
          code: "argument",
          argument: "model",
        });
    });

    test.each<[string, (manifest: ManifestBase) => unknown]>([
      ["an array", () => []],
      ["another kind", (manifest) => ({ ...manifest, kind: "x" })],
      ["a wrong seed", (manifest) => ({ ...manifest, seed: -1 })],
      ["a stray field", (manifest) => ({ ...manifest, colour: "red" })],
      ["a stray sampling number", (manifest) => ({ ...manifest, sampling: { ...manifest.sampling, colour: 1 } })],
      ["a wrong digest", (manifest) => ({ ...manifest, tokens: { count: 5, sha256: "no" } })],
    ])("a manifest with %s is an ArgumentError", async (_, change) => {
      const { manifest } = medium.items(await resultOf())[0]!;
      const wrong = change(JSON.parse(JSON.stringify(manifest)) as ManifestBase);
      expect(() => medium.parseManifest(wrong)).toThrow(expect.objectContaining({ code: "argument" }));
      await expect(medium.verify(wrong as Item["manifest"], model)).rejects.toMatchObject({ code: "argument" });
    });

    test("save writes the file and its manifest, and makes folders", async () => {
      const item = medium.items(await resultOf())[0]!;
      const path = join(folder, "new", "deep", `x.${medium.ending}`);
      expect(await item.save(path)).toEqual([path]);
      expect(await item.save(path, { manifest: true })).toEqual([path, `${path}.json`]);
      expect((await stat(path)).size).toBeGreaterThan(0);
      expect(medium.parseManifest(JSON.parse(await readFile(`${path}.json`, "utf8")))).toEqual(item.manifest);
    });

    test("save writes both files or none, and refuses another ending", async () => {
      const item = medium.items(await resultOf())[0]!;
      const own = join(folder, "both");
      await item.save(join(own, `x.${medium.ending}`)); // makes the folder
      const name = `${"x".repeat(254 - medium.ending.length)}.${medium.ending}`; // 255 bytes: with .json it is too long
      await expect(item.save(join(own, name), { manifest: true })).rejects.toMatchObject({ code: "output" });
      await expect(item.save(join(own, "x.gif"))).rejects.toMatchObject({ code: "argument", argument: "path" });
      expect(await readdir(own)).toEqual([`x.${medium.ending}`]);
    });
  });
}
