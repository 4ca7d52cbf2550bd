/** What travels through Redis: tasks, never bytes. A job may come from anybody who reaches that Redis, so a worker checks it. */
import { z } from "zod";
import { ArgumentError } from "../../base/errors.js";
import { described } from "../../base/words.js";
import { KINDS } from "../kinds/index.js";
import { parsedBy } from "../schema-faults.js";
import { outputKey, type Task } from "../task.js";
import { DIGEST, parsedSteps, TASK_FIELDS } from "../task-schema.js";

const JOB = z.strictObject({
  task: z.strictObject({ ...TASK_FIELDS, model: DIGEST, manifests: z.enum(["beside", "none"]) }),
  /** Where the submitter has the model: its name, or its folder. */
  source: z.string().min(1).max(1000),
});

export interface Job {
  readonly task: Task;
  readonly source: string;
}

/** What a worker tells while it is at a job. */
export const NEWS = z.union([
  z.strictObject({ done: z.number(), total: z.number().nullable() }),
  z.strictObject({ warning: z.string() }),
]);
export type News = z.output<typeof NEWS>;

/** Why a job failed that was stopped because nobody waited for it. */
export const CANCELLED = "cancelled: nobody waits for it";

/** The job of that key. Throws ArgumentError where the data is no job, or the job of another key. */
export function parseJob(key: string, data: unknown): Job {
  const { task, source } = parsedBy(JOB, data, "job");
  const job = { task: { ...task, steps: parsedSteps(task.kind, task.steps, "job") }, source };
  if (outputKey(job.task) !== key) {
    const remedy = "Run the same version of tessera-sdk at submitters and workers.";
    throw new ArgumentError("job", "the task that its key stands for", described("another"), remedy);
  }
  return job;
}

/** A job as a person tells it from others, such as: image "red apple", seed 3, index 0. */
export function nameOf({ kind, settings, seed, index }: Task): string {
  const subject = ["prompt", ...KINDS[kind].subjects]
    .map((name) => settings[name])
    .find((value) => value !== undefined);
  return `${kind} ${JSON.stringify(subject)}, seed ${seed}, index ${index}`;
}
