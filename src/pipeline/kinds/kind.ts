/** What a kind of asset is: its settings, the model that makes it, and the medium that comes of it. */
import type { z } from "zod";
import type { DeviceName, Precision, RunEvent, RunResult, Warning } from "../../index.js";
import type { MediumName } from "../media/index.js";

/** What a manifest says about an asset besides its kind: prompt, style, guidance. */
export type Settings = Readonly<Record<string, unknown>>;

/** How a model is loaded. */
export interface Loading {
  readonly device: DeviceName | "auto";
  readonly threads: number | null;
  readonly precision: Precision | null;
}

/** Which items of a seed are made: `n` from `firstIndex` on. */
export interface Wanted {
  readonly seed: number;
  readonly firstIndex: number;
  readonly n: number;
  readonly signal: AbortSignal | undefined;
}

/** An item as its model made it, before anything is done to it. */
export interface MadeItem {
  readonly seed: number;
  readonly index: number;
  /** Number of its subject, where a list of them was asked for. */
  readonly promptIndex?: number;
  /** The file that the cache keeps: PNG, WAV, GLB or text. */
  readonly bytes: Uint8Array;
  readonly manifest: ItemManifest;
}

/** What every manifest holds, and what its medium adds. */
export type ItemManifest = Readonly<Record<string, unknown>> & {
  readonly kind: string;
  readonly tessera: string;
  readonly model: { readonly name: string; readonly revision: string };
  readonly device: string;
  readonly precision: string;
  readonly seed: number;
  readonly index: number;
  readonly tokens: { readonly sha256: string };
};

/** What happens while items are made. */
export type MakingEvent =
  | { readonly type: "progress"; readonly done: number; readonly total: number | null }
  | { readonly type: "item"; readonly item: MadeItem }
  | { readonly type: "warnings"; readonly warnings: readonly Warning[] };

interface Closable {
  close(): Promise<void>;
}

/** A row of the table of kinds. `M` is its loaded model, `E` the events of its own among those of a run. */
export interface KindRow<M extends Closable, E extends { readonly type: string }> {
  readonly about: string;
  readonly medium: MediumName;
  /** Raised when the same settings give other items than before, so that no cache answers with the old ones. */
  readonly revision: number;
  /** The model where none is named; null where there is none. */
  readonly model: string | null;
  /** Settings that say what is made; exactly one of these is named. */
  readonly subjects: readonly [string, ...string[]];
  /** The subject of which one call takes a list, as many items being made of each; null where it takes one. */
  readonly list: string | null;
  /** Settings of one value each that name a file; the model gets its bytes. */
  readonly files: readonly string[];
  /** Settings of one value each: a list of them makes an asset of each. */
  readonly axes: Readonly<Record<string, z.ZodType>>;
  /** Settings that are lists or objects by themselves. */
  readonly fixed: Readonly<Record<string, z.ZodType>>;
  /** Refuses what is known to be wrong before a model is loaded. */
  check(settings: Settings, model: string, where: string): void;
  load(source: string, loading: Loading): Promise<M>;
  stream(model: M, settings: Settings, wanted: Wanted): AsyncIterable<RunEvent<E, RunResult, number | null>>;
  /** The item of an event that completes one; null for others. */
  made(event: E): MadeItem | null;
}

/** A kind as the rest of the pipeline sees it, whatever its model. */
export interface Kind extends Omit<KindRow<Closable, never>, "stream" | "made"> {
  /** Makes items of one seed, told of in order of their completion. */
  make(model: Closable, settings: Settings, wanted: Wanted): AsyncGenerator<MakingEvent, void, void>;
}

/** Closes a row over the types of its model and events. */
export function kindOf<M extends Closable, E extends { readonly type: string }>(row: KindRow<M, E>): Kind {
  const { stream, made, ...facts } = row;
  return {
    ...facts,
    async *make(model, settings, wanted) {
      for await (const event of stream(model as M, settings, wanted)) {
        if (event.type === "tokens-accept") {
          const { done, total } = event as { readonly done: number; readonly total: number | null };
          yield { type: "progress", done, total };
        } else if (event.type === "run-end") {
          const { result } = event as { readonly result: RunResult };
          yield { type: "warnings", warnings: result.warnings };
        } else if (event.type !== "run-start") {
          const item = made(event as E);
          if (item) yield { type: "item", item };
        }
      }
    },
  };
}
