/** `tessera doctor`: which devices can run here, and what the others lack. */
import { Command } from "commander";
import { diagnose, VERSION } from "../index.js";
import { printJson } from "./options.js";

export const doctorCommand = (): Command =>
  new Command("doctor")
    .description("say which devices can run here, and what the others lack")
    .option("--json", "one JSON object on stdout and nothing else", false)
    .action(async ({ json }: { json: boolean }) => {
      const devices = await diagnose();
      const platform = { tessera: VERSION, node: process.version, platform: `${process.platform}-${process.arch}` };
      if (json) return printJson({ ...platform, devices });
      process.stdout.write(`tessera ${platform.tessera} · node ${platform.node} · ${platform.platform}\n\n`);
      for (const { device, usable, reason, remedy } of devices) {
        process.stdout.write(`${usable ? "✓" : "✗"} ${device.padEnd(18)} ${reason}\n`);
        if (remedy) process.stdout.write(`  ${"".padEnd(18)} → ${remedy}\n`);
      }
    });
