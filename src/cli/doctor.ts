/** `tessera doctor`: the devices that can run here, and what the others need. */
import { Command } from "commander";
import { diagnose } from "../engine/index.js";
import { VERSION } from "../index.js";
import type { Context } from "./context.js";
import { printJson } from "./options.js";
import { print } from "./streams.js";

export const doctorCommand = ({ signal }: Context): Command =>
  new Command("doctor")
    .description("list the devices that can run here, and what the others need")
    .option("--json", "print one JSON object and nothing else", false)
    .action(async ({ json }: { json: boolean }) => {
      const devices = await diagnose();
      signal.throwIfAborted();
      const platform = { tessera: VERSION, node: process.version, platform: `${process.platform}-${process.arch}` };
      if (json) return printJson({ ...platform, devices });
      print(`tessera ${platform.tessera} · node ${platform.node} · ${platform.platform}\n\n`);
      for (const { device, usable, reason, remedy } of devices) {
        print(`${usable ? "✓" : "✗"} ${device.padEnd(18)} ${reason}\n`);
        if (remedy) print(`  ${"".padEnd(18)} → ${remedy}\n`);
      }
    });
