#!/usr/bin/env node
/** The command `tessera`. Exit codes: 0 done, 1 failed, 2 wrong arguments, 130 interrupted. */
import { runCommand } from "./run-command.js";

process.exitCode = await runCommand(process.argv.slice(2));
