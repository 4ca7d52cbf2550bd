/** `tessera run assets.yaml`: the assets of a manifest, of which only what changed is made. */
import { Command } from "commander";
import {
  type AssetsEvent,
  type AssetsOptions,
  assetsJsonSchema,
  planAssets,
  streamAssets,
  submitAssets,
} from "../pipeline/index.js";
import { ArgumentError } from "../index.js";
import { type Context, Refusal } from "./context.js";
import { numberOf, printJson, type ReportOptions, withReportOptions } from "./options.js";
import { type Progress, progressOn } from "./progress.js";
import { messageOf, print, tell } from "./streams.js";

interface RunOptions extends ReportOptions {
  readonly output?: string;
  readonly cache?: string;
  readonly only?: string[];
  readonly jobs?: number;
  readonly threads?: number;
  readonly queue?: string;
  readonly prune: boolean;
  readonly dryRun: boolean;
  readonly watch: boolean;
  readonly schema: boolean;
}

export const assetsCommand = ({ signal }: Context): Command =>
  withReportOptions(
    new Command("run")
      .description("make the assets of a manifest that are new or have changed")
      .argument("[manifest]", "such as assets.yaml; see docs/pipelines.md")
      .optionsGroup("What is made:")
      .option("--only <names...>", "make only these assets and sheets")
      .option("-o, --output <folder>", "folder of the files (default: as the manifest says)")
      .option("--prune", "remove files of the last run that the manifest no longer lists", false)
      .option("--dry-run", "say what would be made, and make nothing", false)
      .option("--watch", "run again whenever the manifest changes", false)
      .option("--schema", "print the JSON Schema of manifests, for editors", false)
      .optionsGroup("How it runs:")
      .option("--jobs <count>", "batches at once, each with its own models (default: 1)", numberOf)
      .option("--threads <count>", "CPU threads per job (default: the cores, divided among the jobs)", numberOf)
      .option("--queue <url>", "have `tessera worker` processes make the assets; needs the --cache that they share")
      .option(
        "--cache <folder>",
        "folder of what was made before, or s3://bucket/prefix (default: .tessera beside the manifest)",
      ),
  ).action(async (manifest: string | undefined, options: RunOptions) => {
    if (options.schema) return print(`${JSON.stringify(assetsJsonSchema(), null, 2)}\n`);
    if (manifest === undefined) throw new ArgumentError("<manifest>", "a manifest, such as assets.yaml", undefined);
    const { output, cache, only, jobs, threads } = options;
    const asked = { manifest, output, cache, only, jobs, threads, stale: options.prune ? "remove" : "keep" } as const;
    if (options.dryRun) return dryRun(asked, options.json);
    if (!options.watch) return runOnce({ ...asked, signal }, options);
    if (options.json) throw new ArgumentError("--json", "one run, which --watch is not", true);
    const { changesOf } = await import("../pipeline/watch.js");
    for await (const _ of changesOf(manifest, signal)) {
      await runOnce({ ...asked, signal }, options).catch((error: unknown) => {
        signal.throwIfAborted();
        if (!(error instanceof Refusal)) tell(`${messageOf(error)}\n`); // the next change may mend it
      });
      tell(`waiting for changes to ${manifest}\n`);
    }
  });

async function dryRun(options: AssetsOptions, json: boolean): Promise<void> {
  const { items, sheets } = await planAssets(options);
  const rows = items.map(({ item, known, missing }) => ({
    name: item.stem,
    what: known === null ? "make" : missing.length > 0 ? "restore" : "keep",
  }));
  if (json) return printJson({ items: rows, sheets: sheets.map(({ stem }) => stem) });
  for (const { name, what } of rows) print(`${what.padEnd(8)} ${name}\n`);
  const count = (which: string) => rows.filter(({ what }) => what === which).length;
  print(`${count("make")} to make, ${count("restore")} to restore, ${count("keep")} kept; ${sheets.length} sheets\n`);
}

/** The events of a run in this process, or by workers. */
function eventsOf({ jobs, threads, ...options }: AssetsOptions, queue: string | undefined) {
  if (queue === undefined) return streamAssets({ ...options, jobs, threads });
  const mine = [...(jobs === undefined ? [] : ["--jobs"]), ...(threads === undefined ? [] : ["--threads"])];
  if (mine.length > 0) throw new ArgumentError(mine[0]!, "a run without --queue", jobs ?? threads, WORKERS_SAY);
  const { cache } = options;
  if (cache === undefined)
    throw new ArgumentError("--cache", "a folder or s3://bucket/prefix that the workers share, beside --queue", cache);
  return submitAssets({ ...options, queue, cache });
}

const WORKERS_SAY = "Leave it out, and pass it to `tessera worker`.";

async function runOnce(options: AssetsOptions, { json, quiet, queue }: RunOptions): Promise<void> {
  const progress = progressOn(process.stderr, quiet || json, "assets");
  try {
    const reporter = new Reporter(progress, json);
    for await (const event of eventsOf(options, queue)) reporter.take(event);
  } finally {
    progress.clear();
  }
}

/** Tells of a run while it goes on, and of all of it in the end. */
export class Reporter {
  private ended = 0;
  private total = 0;
  private readonly files: string[] = [];

  constructor(
    private readonly progress: Progress,
    private readonly json: boolean,
  ) {}

  take(event: AssetsEvent): void {
    switch (event.type) {
      case "plan-ready":
        this.total = event.total;
        if (event.kept < event.total) this.progress.line(`${event.total} assets, of which ${event.kept} are there`);
        break;
      case "item-progress": {
        const [first] = event.names;
        const others = event.names.length > 1 ? ` and ${event.names.length - 1} more` : "";
        const tokens = event.total === null ? `${event.done} tokens` : `${event.done}/${event.total} tokens`;
        this.progress.update(this.ended, this.total, `${first}${others} ${tokens}`);
        break;
      }
      case "item-end":
        this.ended++;
        this.files.push(...event.files);
        if (event.fate !== "kept") this.progress.line(`${event.fate.padEnd(8)} ${event.name}`);
        this.progress.update(this.ended, this.total);
        break;
      case "item-fail":
        this.ended++;
        if (!this.json) tell(`failed   ${event.name}: ${messageOf(event.error)}\n`);
        break;
      case "warning":
        if (!this.json) tell(`warning  ${event.name}: ${event.message}\n`);
        break;
      case "run-end": {
        const { counts, failures, lock, stale } = event.result;
        const failed = failures.map(({ name, error }) => ({ name, message: messageOf(error) }));
        this.progress.clear();
        if (this.json) printJson({ counts, failed, lock, stale, files: this.files });
        else {
          const words = Object.entries(counts).flatMap(([fate, count]) => (count === 0 ? [] : [`${count} ${fate}`]));
          print(`${words.join(", ") || "nothing to do"}; ${lock}\n`);
          for (const path of stale) print(`stale    ${path}\n`);
        }
        if (failures.length > 0) throw new Refusal(`${failures.length} assets failed`);
      }
    }
  }
}
