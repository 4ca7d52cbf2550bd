/** What the commands that make something share: the options of a run, following one, the facts that they report. */
import { extname } from "node:path";
import type { Command } from "commander";
import { ArgumentError, type LoadedModel, type RunEvent, type RunResult, type Warning } from "../index.js";
import {
  type LoadOptions,
  type ReportOptions,
  type SamplingOptions,
  withLoadOptions,
  withReportOptions,
} from "./options.js";
import { progressOn } from "./progress.js";
import { tell } from "./streams.js";

export interface MakingOptions extends LoadOptions, SamplingOptions, ReportOptions {
  readonly manifest: boolean;
}

/** Adds where it computes and what it prints. */
export const withMakingOptions = (command: Command): Command => withReportOptions(withLoadOptions(command));

/**
 * Runs `stream` on a model, which is closed at the end, and answers the result. Tells on standard error how far it is and what to
 * be warned of; `take` gets the events of the medium.
 */
export async function followed<M extends LoadedModel, Own extends { readonly type: string }, Result extends RunResult>(
  { json, quiet }: ReportOptions,
  loading: Promise<M>,
  stream: (model: M) => AsyncIterable<RunEvent<Own, Result>>,
  take: (event: Own) => unknown,
): Promise<Result> {
  const progress = progressOn(process.stderr, quiet || json);
  await using model = await loading;
  let result: Result | undefined;
  let [n, total]: [number, number | null] = [0, null];
  try {
    for await (const event of stream(model) as AsyncIterable<RunEvent<never, Result>>) {
      if (event.type === "run-start") {
        ({ n, total } = event);
        const tokens = total === null ? "" : `: ${n} × ${total / n} tokens`;
        progress.line(`${event.model.name} on ${event.device.name}${tokens}`);
      } else if (event.type === "tokens-accept") {
        if (total !== null) progress.update(event.done, total);
      } else if (event.type === "run-end") result = event.result;
      else await take(event);
    }
  } finally {
    progress.clear();
  }
  if (!json) for (const warning of result!.warnings) tell(`warning: ${textOf(warning)}\n`);
  progress.line(`${n} in ${summaryOf(result!, total)}`);
  return result!;
}

/** Where items end by themselves, how many tokens they got is news. */
function summaryOf({ usage, seed }: RunResult, total: number | null): string {
  const { milliseconds, outputTokens, forwardPasses } = usage;
  const seconds = milliseconds / 1000;
  const tokens = total === null ? `, ${outputTokens} tokens (${(outputTokens / seconds).toFixed(1)} per second)` : "";
  return `${seconds.toFixed(2)} s${tokens}, ${forwardPasses} passes, seed ${seed}`;
}

const textOf = (warning: Warning): string =>
  warning.type === "other" ? warning.message : `${warning.feature} is not supported. ${warning.details ?? ""}`;

/** What --json tells of any run. */
export const factsOf = ({ warnings, usage, seed, response: { modelId, revision } }: RunResult) => ({
  ...{ warnings, usage, seed },
  model: { name: modelId, revision },
});

/** Where an item was written, as --json tells it. */
export const filesOf = ([path, manifest]: readonly string[]) => ({ path, manifest: manifest ?? null });

/**
 * The format of the file that --output names, out of those by their endings; null where it names a folder. Refuses a file for
 * several items, and an ending of another format than --format says.
 */
export function formatOfOutput<F extends string>(
  { output, n, format }: { readonly output: string; readonly n: number; readonly format?: F },
  formats: Readonly<Record<string, F>>,
): F | null {
  const named = formats[extname(output).toLowerCase()];
  if (named === undefined) return null;
  if (n !== 1) throw new ArgumentError("--output", "a folder, as --n is not 1", output, "Name a folder.");
  if (format !== undefined && format !== named && Object.values(formats).includes(format))
    throw new ArgumentError("--output", `a name ending in ${endingOf(format, formats)}, as --format says`, output);
  return named;
}

/** The first ending of a format, such as ".jpg". */
export const endingOf = <F extends string>(format: F, formats: Readonly<Record<string, F>>): string =>
  Object.keys(formats).find((ending) => formats[ending] === format)!;
