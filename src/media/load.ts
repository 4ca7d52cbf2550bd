/** Loading a model of any medium: its settings, the engine that it runs on, and closing it again. */
import { check, checkName, isObject, type Options, withDefaults } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";
import type { DeviceName } from "../engine/devices.js";
import { type DeviceReport, type Engine, PRECISIONS, type Precision } from "../engine/engine.js";
import { openEngine } from "../engine/open.js";
import { type Closable, Parts } from "./parts.js";

/** What every loaded model tells about itself. */
export interface LoadedModel extends Closable, AsyncDisposable {
  readonly name: string;
  readonly revision: string;
  readonly licence: string;
  readonly device: DeviceReport;
  /** How the weights of the default decoding are held. */
  readonly precision: Precision;
  /** SHA-256 of every file of the default decoding; empty where `verify` was off. */
  readonly sha256: Readonly<Record<string, string>>;
}

export interface LoadSettings {
  /** An engine of the caller's, which stays open; null: one is opened for this model and closed with it. */
  readonly engine: Engine | null;
  /** Where `engine` is null: the device to open. */
  readonly device: DeviceName | "auto";
  /** Where `engine` is null: threads of the CPU's kernels; null: one per core. On a machine that is busy, fewer are faster. */
  readonly threads: number | null;
  /** How the transformer's weights are held, and of CosyVoice those of its flow, too; null: as the model states ("f32" for published files). */
  readonly precision: Precision | null;
  /** Whether files are hashed, and those of a folder compared with its config.json, before they are used. */
  readonly verify: boolean;
}

export const LOAD_DEFAULTS: LoadSettings = Object.freeze({
  engine: null,
  device: "auto",
  threads: null,
  precision: null,
  verify: true,
});

/**
 * Completes and checks what a caller wrote; `where` is the function that was called. `defaults` may name further settings, which the caller
 * of this checks. Throws ArgumentError.
 */
export function loadSettings<S extends LoadSettings = LoadSettings>(
  where: string,
  options: Options<S>,
  defaults: S = LOAD_DEFAULTS as S,
): S {
  const settings = withDefaults(where, defaults, options);
  const { engine, device, threads, precision, verify } = settings;
  check("engine", "an engine, as openEngine() opens it, or null", engine, (e) => e === null || isEngine(e));
  if (precision !== null) checkName("precision", precision, PRECISIONS);
  check("verify", "true or false", verify, (v) => typeof v === "boolean");
  if (engine !== null && (device !== "auto" || threads !== null)) {
    throw new ArgumentError("device", "no device and no threads beside an engine, which has both", threads ?? device);
  }
  return settings;
}

const isEngine = (engine: unknown): boolean =>
  isObject(engine) && isObject(engine.device) && typeof engine.close === "function";

/**
 * Builds a model and gives it its close(). What `build` opens it hands to `parts`; if it fails, that is closed again. The engine
 * may still be opening when `build` begins, so that files are read meanwhile.
 */
export async function loaded<M extends object>(
  { engine, device, threads }: LoadSettings,
  build: (engine: Promise<Engine>, parts: Parts) => Promise<M>,
): Promise<M & Closable & AsyncDisposable> {
  const parts = new Parts();
  const close = () => parts.close();
  try {
    const opening = engine ? Promise.resolve(engine) : parts.own(openEngine({ device, threads }));
    opening.catch(() => {}); // a build that fails before it waits for the engine has a reason of its own
    return { ...(await build(opening, parts)), close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}
