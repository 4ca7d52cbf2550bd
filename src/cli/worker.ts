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
    .description("make what `tessera run --queue` submits, until stopped; see docs/pipelines.md")
    .optionsGroup("Where jobs come from:")
    .requiredOption("--queue <url>", "a Redis, such as redis://localhost:6379")
    .requiredOption("--cache <folder>", "store that submitters and workers share: a folder, or s3://bucket/prefix")
    .option("--models <folders...>", "folders of models that have other paths than on the submitters' machines")
    .optionsGroup("How it runs:")
    .option("--jobs <count>", "jobs at once, each with its own models (default: 1)", numberOf)
    .option("--threads <count>", "CPU threads per job (default: the cores, divided among the jobs)", numberOf)
    .option("--silence <seconds>", "silence after which its jobs go to another worker (default: 30)", numberOf)
    .optionsGroup("What it prints:")
    .option("--json", "print one JSON object per job", false)
    .action(async ({ json, ...options }: WorkerCommandOptions) => {
      if (!json) tell("waiting for jobs; the first signal stops it after the jobs in progress\n");
      await runWorker({
        ...{ ...options, signal },
        onJob({ key, name }, error) {
          if (json) printJson({ key, name, error: error && messageOf(error) });
          else print(error ? `failed   ${name}: ${messageOf(error)}\n` : `made     ${name}\n`);
        },
      });
    });
