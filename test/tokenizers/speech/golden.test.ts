/** Speech against numbers of the authors' own code: small cases of test/golden. */
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openEngine } from "../../../src/engine/open.js";
import { runCases } from "../../golden/run.js";

const ROOTS = ["speech", "voice"].map((name) => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url)));

test.each(["cpu", "tensorflow-cpu"] as const)(
  "all cases pass on %s",
  async (device) => {
    await using engine = await openEngine({ device });
    const outcomes = [];
    for await (const { name, verdict, note } of runCases(ROOTS, engine))
      outcomes.push(`${name} ${verdict} ${note}`.trim());
    expect(outcomes).toEqual([
      "pocket-tts/codec PASS",
      "cosyvoice/lm-v1 PASS",
      "cosyvoice/lm-v3 PASS",
      "cosyvoice/ras-table PASS",
      "cosyvoice/s3-quantizers PASS",
      "codecs/snac PASS",
      "codecs/snac-window PASS",
      "codecs/vocos-same PASS",
      "tessera-voice/paced PASS",
    ]);
  },
  60_000,
);
