/** `tessera worker --queue redis://… --cache FOLDER`: makes what `tessera run --queue` submits. */
import { Command } from "commander";
import { runWorker } from "../pipeline/index.js";
import type { Context } from "./context.js";
import { numberOf, printJson } from "./options.js";
import { messageOf, print, tell } from "./streams.js";

interface WorkerCommandOptions {
  readonly queue: string;
  readonly cache: string;
  readonly models?: string[];
  readonly jobs?: number;
  readonly threads?: number;
  readonly silence?: number;
  readonly json: boolean;
}

export const workerCommand = ({ signal }: Context): Command =>
  new Command("worker")
    .description("make what `tessera run --queue` submits, until it is ended; see docs/pipelines.md")
    .optionsGroup("Where jobs come from:")
    .requiredOption("--queue <url>", "a Redis, such as redis://localhost:6379")
    .requiredOption("--cache <folder>", "what submitters and workers share: a folder, or s3://bucket/prefix")
    .option("--models <folders...>", "folders of models that lie elsewhere than at the submitters")
    .optionsGroup("How it runs:")
    .option("--jobs <count>", "jobs at once, each with models of its own (default: 1)", numberOf)
    .option("--threads <count>", "CPU threads of each (default: the cores, shared out)", numberOf)
    .option("--silence <seconds>", "without a sign of life for so long, its jobs go to another (default: 30)", numberOf)
    .optionsGroup("What it prints:")
    .option("--json", "print one JSON object per job", false)
    .action(async ({ json, ...options }: WorkerCommandOptions) => {
      if (!json) tell("waiting for jobs; a first signal ends it after those that it has begun\n");
      await runWorker({
        ...{ ...options, signal },
        onJob({ key, name }, error) {
          if (json) printJson({ key, name, error: error && messageOf(error) });
          else print(error ? `failed   ${name}: ${messageOf(error)}\n` : `made     ${name}\n`);
        },
      });
    });
