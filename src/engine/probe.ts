/** The child process of `diagnose`: opens the device named by the argument, which tests itself, and prints a ProbeResult. */
import { DeviceError } from "../base/errors.js";
import type { DeviceName } from "./devices.js";
import type { ProbeResult } from "./diagnose.js";
import { openEngine } from "./open.js";

const say = (result: ProbeResult) => process.stdout.write(`\n${JSON.stringify(result)}\n`, () => process.exit());

try {
  const engine = await openEngine({ device: process.argv[2] as DeviceName });
  await engine.close();
  say({ usable: true });
} catch (error) {
  say({ usable: false, reason: error instanceof DeviceError ? error.reason : String(error) });
}
