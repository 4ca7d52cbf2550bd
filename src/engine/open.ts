/** Opens an engine on a device by its name, or on the best one here. Nothing falls back silently: the report says why. */
import { check, isIntegerIn, type Options, withDefaults } from "../base/check.js";
import { DeviceError, ExecutionError, UnknownNameError } from "../base/errors.js";
import { AUTO_ORDER, DEVICE_NAMES, type DeviceName, type DeviceRow, DEVICES } from "./devices.js";
import type { Engine } from "./engine.js";
import { selfTest } from "./self-test.js";

export type { DeviceName } from "./devices.js";

export interface EngineOptions {
  /** A device of `DEVICES`, or "auto": the first of `AUTO_ORDER` that runs. */
  readonly device: DeviceName | "auto";
  /** Threads of the CPU kernels of ONNX Runtime, 1 … 256; null: as many as there are physical cores. */
  readonly threads: number | null;
}

export const ENGINE_DEFAULTS: EngineOptions = { device: "auto", threads: null };

/**
 * Opens an engine and lets it compute something known before handing it out.
 * Throws DeviceError with the reason and a remedy if the device cannot run, UnknownNameError for a name that is none.
 */
export async function openEngine(options: Options<EngineOptions> = {}): Promise<Engine> {
  const { device, threads } = withDefaults("openEngine", ENGINE_DEFAULTS, options);
  if (threads !== null) check("threads", "an integer from 1 to 256, or null", threads, isIntegerIn(1, 256));
  if (device !== "auto") return openDevice(device, threads, "it was asked for");

  const passed: string[] = [];
  for (const name of AUTO_ORDER) {
    try {
      return await openDevice(
        name,
        threads,
        [`it is the first usable of ${AUTO_ORDER.join(", ")}`, ...passed].join("; "),
      );
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      passed.push(`${name}: ${error.reason}`);
    }
  }
  throw new DeviceError("auto", passed.join("; "), "Run `tessera doctor` to see what each device needs.");
}

/** The exclusive device that is open in this process, if any. */
let taken: string | null = null;

async function openDevice(name: DeviceName, threads: number | null, reason: string): Promise<Engine> {
  if (!Object.hasOwn(DEVICES, name)) throw new UnknownNameError("device", name, ["auto", ...DEVICE_NAMES]);
  const row: DeviceRow = DEVICES[name];
  const obstacle = row.obstacle();
  if (obstacle !== null) throw new DeviceError(name, obstacle, row.remedy);
  const onEnd = row.exclusive ? claim(name) : () => {};
  try {
    const engine = await row.open({ name: row.title, reason }, { threads, onEnd });
    await selfTest(engine).catch(async (error) => {
      await engine.close();
      throw error;
    });
    return engine;
  } catch (cause) {
    onEnd();
    if (cause instanceof DeviceError || !(cause instanceof ExecutionError)) throw cause;
    throw new DeviceError(name, cause.reason, row.remedy, { cause });
  }
}

/** Reserves the right to an exclusive device; returns what gives it back. */
function claim(name: string): () => void {
  if (taken !== null)
    throw new DeviceError(
      name,
      `this process already runs "${taken}", and two such engines would crash it`,
      "Close the other engine first.",
    );
  taken = name;
  return () => {
    if (taken === name) taken = null;
  };
}
