/** The devices that can be used on this machine; the others are named with their reason in the output of the tests. */
import { type Diagnosis, diagnose } from "../../src/engine/diagnose.js";

export const DIAGNOSES: readonly Diagnosis[] = await diagnose();

for (const { device, usable, reason } of DIAGNOSES) if (!usable) console.info(`device ${device} is skipped: ${reason}`);

export const USABLE = DIAGNOSES.filter(({ usable }) => usable).map(({ device }) => device);
