/** Which devices can be used here, and what the others lack. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { DEVICE_NAMES, type DeviceName, type DeviceRow, DEVICES } from "./devices.js";
import { builtFile } from "./thread/built.js";

export interface Diagnosis {
  readonly device: DeviceName;
  readonly usable: boolean;
  /** How it was found usable, or why it is not. */
  readonly reason: string;
  /** What would make it usable; empty if it is. */
  readonly remedy: string;
}

/** What the child process of a probe prints. */
export type ProbeResult = { readonly usable: true } | { readonly usable: false; readonly reason: string };

const PROBE_MILLISECONDS = 60_000;

/** Probes every device. Each is started in a child process of its own, since a failing driver can abort the process. */
export function diagnose(): Promise<Diagnosis[]> {
  return Promise.all(DEVICE_NAMES.map(diagnoseOne));
}

async function diagnoseOne(device: DeviceName): Promise<Diagnosis> {
  const { remedy, obstacle, remark }: DeviceRow = DEVICES[device];
  const reason = obstacle();
  if (reason !== null) return { device, usable: false, reason, remedy };
  const result = await probe(device);
  return result.usable
    ? { device, usable: true, reason: ["computed a known result", ...remark()].join("; "), remedy: "" }
    : { device, usable: false, reason: result.reason, remedy };
}

function probe(device: DeviceName): Promise<ProbeResult> {
  const script = fileURLToPath(builtFile("engine/probe.js"));
  return new Promise((resolve) => {
    execFile(process.execPath, [script, device], { timeout: PROBE_MILLISECONDS }, (error, stdout, stderr) => {
      // Native libraries print to stdout as well, so the result is the last line. A driver may also die after it.
      const last = stdout.trimEnd().split("\n").at(-1) ?? "";
      if (last.startsWith('{"usable"')) return resolve(JSON.parse(last) as ProbeResult);
      const end = error?.killed
        ? `did not end within ${PROBE_MILLISECONDS / 1000} s`
        : `died (${error?.signal ?? error?.code})`;
      const said = stderr.trimEnd().split("\n").at(-1);
      resolve({ usable: false, reason: `its process ${end}${said ? `: ${said}` : ""}` });
    });
  });
}
