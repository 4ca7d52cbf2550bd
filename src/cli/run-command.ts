/** Parses a command line, runs it, and turns whatever happens into an exit code and a message without a stack. */
import { Command, CommanderError } from "commander";
import { TesseraError, VERSION } from "../index.js";
import { compareCommand } from "./compare.js";
import { type Context, Refusal } from "./context.js";
import { demoCommand } from "./demo.js";
import { doctorCommand } from "./doctor.js";
import { editCommand } from "./edit.js";
import { imageCommand } from "./image.js";
import { modelsCommand } from "./models.js";
import { verifyCommand } from "./verify.js";

const EXIT = { done: 0, failed: 1, arguments: 2, interrupted: 130 } as const;

/** Runs one command line, without the name of the program, and answers the exit code. */
export async function runCommand(words: readonly string[]): Promise<number> {
  const interrupt = new AbortController();
  const onInterrupt = () => interrupt.abort(new DOMException("Interrupted.", "AbortError"));
  process.once("SIGINT", onInterrupt);
  try {
    await programOf({ signal: interrupt.signal }).parseAsync(words, { from: "user" });
    return EXIT.done;
  } catch (error) {
    if (interrupt.signal.aborted) {
      process.stderr.write("\nInterrupted; nothing was left half-written.\n");
      return EXIT.interrupted;
    }
    return report(error, words.includes("--json"));
  } finally {
    process.off("SIGINT", onInterrupt);
  }
}

function programOf(context: Context): Command {
  const program = new Command("tessera")
    .description("Images from words, on your own machine: autoregressive generation without Python.")
    .version(VERSION, "-v, --version")
    .exitOverride()
    .showHelpAfterError("Run with --help for the options.");
  for (const command of [
    imageCommand,
    editCommand,
    compareCommand,
    demoCommand,
    verifyCommand,
    modelsCommand,
    doctorCommand,
  ]) {
    program.addCommand(command(context).exitOverride().showHelpAfterError("Run with --help for the options."));
  }
  return program;
}

/** Says what went wrong: on stderr for people, as one JSON object on stdout for programs that asked for JSON. */
function report(error: unknown, json: boolean): number {
  if (error instanceof Refusal) return EXIT.failed;
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.arguments; // it has spoken already
  const known = error instanceof TesseraError ? error : null;
  const message = error instanceof Error ? error.message : String(error);
  if (json) {
    const [what] = message.split("\n  → ");
    const facts = { code: known?.code ?? "unexpected", message: what, remedy: known?.remedy ?? null };
    process.stdout.write(`${JSON.stringify({ error: facts })}\n`);
  } else {
    process.stderr.write(`${message}\n`);
  }
  if (process.env.TESSERA_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return known?.code === "argument" || known?.code === "unknown-name" ? EXIT.arguments : EXIT.failed;
}
