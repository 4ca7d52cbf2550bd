/**
 * ONNX Runtime 1.30 reports to its maker unless this variable of the real environment says otherwise when its library is loaded:
 * hashes of models, session events and a persistent device id, queued in a file under ~/.cache. Tessera switches that off.
 */
const SWITCH = "ORT_DISABLE_TELEMETRY";

/** Environment for a process that loads the runtime. Whoever sets the variable, even to 0, decides. */
export const quietEnvironment = (): NodeJS.ProcessEnv => ({ ...process.env, [SWITCH]: process.env[SWITCH] || "1" });

/** The same for this process; from its main thread only, since the environment of a worker thread is a copy. */
export function silenceTelemetry(): void {
  process.env[SWITCH] ||= "1";
}

/** Whether an engine that this process opens reports nothing. */
export const telemetryIsOff = (): boolean => /^(1|true|yes|on)$/i.test(quietEnvironment()[SWITCH]!);
