/** Parses a command line, runs it, and turns whatever happens into an exit code and a message without a stack. */
import { constants } from "node:os";
import { Command, CommanderError } from "commander";
import { TesseraError, VERSION } from "../index.js";
import { type Context, Refusal } from "./context.js";
import { printJson } from "./options.js";
import { drained, messageOf, print, tell, watchStreams } from "./streams.js";

const HELP = "Run with --help for the options.";

const EXIT = { done: 0, failed: 1, arguments: 2 } as const;

/** Signals that end a run in good order; the exit code is 128 and the number of the signal. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs one command line, without the name of the program, and answers the exit code. */
export async function runCommand(words: readonly string[]): Promise<number> {
  watchStreams();
  const interrupt = new AbortController();
  let code: number;
  let signal: (typeof SIGNALS)[number] | null = null;
  const onSignal = (name: NodeJS.Signals) => {
    signal = name as (typeof SIGNALS)[number];
    interrupt.abort(new DOMException(`Ended by ${name}.`, "AbortError"));
    stopListening(); // a second signal ends the process at once
  };
  const stopListening = () => SIGNALS.forEach((name) => process.off(name, onSignal));
  for (const name of SIGNALS) process.on(name, onSignal);
  const json = words.includes("--json");
  try {
    const program = await programOf({ signal: interrupt.signal }, words, json);
    await program.parseAsync(words, { from: "user" });
    code = EXIT.done;
  } catch (error) {
    code = signal === null ? report(error, json) : interrupted(signal, json);
  } finally {
    stopListening();
  }
  const failure = await drained();
  if (failure === null) return code;
  if (failure.code === "EPIPE") return 128 + constants.signals.SIGPIPE; // the reader has had enough, as for any other program
  tell(`Cannot write to standard output: ${failure.message}\n`);
  return EXIT.failed;
}

function interrupted(signal: (typeof SIGNALS)[number], json: boolean): number {
  const message = `Ended by ${signal}; nothing was left half-written.`;
  if (json) printJson({ error: { code: "interrupted", message, remedy: "Run the command again." } });
  else tell(`\n${message}\n`);
  return 128 + constants.signals[signal];
}

/** Those that are about all the others. */
const LOADS_ALL: ReadonlySet<string> = new Set(["completion"]);

/** The commands, as --help lists them. Each is loaded when it is asked for; all of them where none is, or one that is unknown. */
const COMMANDS: Readonly<Record<string, () => Promise<(context: Context) => Command>>> = {
  image: async () => (await import("./image.js")).imageCommand,
  text: async () => (await import("./text.js")).textCommand,
  edit: async () => (await import("./edit.js")).editCommand,
  mesh: async () => (await import("./mesh.js")).meshCommand,
  segment: async () => (await import("./segment.js")).segmentCommand,
  speak: async () => (await import("./speak.js")).speakCommand,
  serve: async () => (await import("./serve.js")).serveCommand,
  run: async () => (await import("./run.js")).assetsCommand,
  worker: async () => (await import("./worker.js")).workerCommand,
  compare: async () => (await import("./compare.js")).compareCommand,
  demo: async () => (await import("./demo.js")).demoCommand,
  gallery: async () => (await import("./gallery.js")).galleryCommand,
  verify: async () => (await import("./verify.js")).verifyCommand,
  models: async () => (await import("./models.js")).modelsCommand,
  doctor: async () => (await import("./doctor.js")).doctorCommand,
  completion: async () => (await import("./completion.js")).completionCommand,
};

async function programOf(context: Context, words: readonly string[], json: boolean): Promise<Command> {
  const program = new Command("tessera")
    .description(
      "Makes pictures, speech, meshes, masks and text on your own machine: autoregressive generation, without Python.",
    )
    .version(VERSION, "-v, --version")
    .exitOverride()
    .showHelpAfterError(HELP)
    .configureOutput({ writeOut: print, writeErr: json ? () => {} : tell });
  const asked = Object.keys(COMMANDS).filter((name) => name === words[0] && !LOADS_ALL.has(name));
  for (const name of asked.length > 0 ? asked : Object.keys(COMMANDS)) {
    const command = await COMMANDS[name]!();
    program.addCommand(command(context).copyInheritedSettings(program));
  }
  return program;
}

/** Says what went wrong: on stderr for people, as one JSON object on stdout for programs that asked for JSON. */
function report(error: unknown, json: boolean): number {
  if (error instanceof Refusal) return EXIT.failed;
  const facts = factsOf(error);
  if (facts === null) return EXIT.done; // help or the version, which is no error
  if (json) printJson({ error: facts });
  else if (facts.code !== "usage") tell(`${messageOf(error)}\n`); // commander has said it already
  if (process.env.TESSERA_DEBUG && error instanceof Error) tell(`${error.stack}\n`);
  return WRONG_ARGUMENTS.has(facts.code) ? EXIT.arguments : EXIT.failed;
}

const WRONG_ARGUMENTS: ReadonlySet<string> = new Set(["usage", "argument", "unknown-name", "input"]);

interface Facts {
  readonly code: string;
  readonly message: string;
  readonly remedy: string | null;
}

function factsOf(error: unknown): Facts | null {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return null;
    const said = error.code === "commander.help" ? "No command was given." : error.message.replace(/^error: /, "");
    return { code: "usage", message: said, remedy: HELP };
  }
  const known = TesseraError.isInstance(error) ? error : null;
  const [message] = messageOf(error).split("\n  → ") as [string];
  return { code: known?.code ?? "unexpected", message, remedy: known?.remedy ?? null };
}
