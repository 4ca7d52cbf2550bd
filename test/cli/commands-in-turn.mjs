// Child process of no-network.test.ts: runs command lines, which the argument lists, one after the other until one fails. Each is
// announced to whoever traces this process by a call that does nothing else: a change to a folder that is not there.
import { runCommand } from "../../dist/cli/run-command.js";

for (const [turn, words] of JSON.parse(process.argv[2]).entries()) {
  try {
    process.chdir(`/turn/${turn}`);
  } catch {}
  process.exitCode = await runCommand(words);
  if (process.exitCode !== 0) break;
}
