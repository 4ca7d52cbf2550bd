#!/usr/bin/env node
/** The command `tessera`. Exit codes: 0 done, 1 failed, 2 wrong arguments, 128 + n ended by the signal n. */
import { runCommand } from "./run-command.js";

process.exitCode = await runCommand(process.argv.slice(2));
