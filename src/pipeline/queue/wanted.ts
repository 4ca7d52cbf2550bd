/**
 * Who waits for a job. Several submitters may ask for the same one, so a submitter that leaves takes nothing from the others: a job
 * is cancelled when nobody waits for it any more.
 */
import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { QUEUE } from "./connect.js";

/** Where workers hear of jobs that nobody waits for. */
export const CANCELLATIONS = `${QUEUE}:cancelled`;

/** A submitter that was killed counts as one who waits for this long. */
const LEASE_MILLISECONDS = 60_000;

export class Wanted {
  private readonly me = randomUUID();

  constructor(private readonly redis: Redis) {}

  /** Says, or says again, that this submitter waits for these jobs. */
  async renew(keys: readonly string[]): Promise<void> {
    const until = Date.now() + LEASE_MILLISECONDS;
    const commands = this.redis.pipeline();
    for (const key of keys) commands.zadd(rowOf(key), until, this.me).pexpire(rowOf(key), 2 * LEASE_MILLISECONDS);
    await commands.exec();
  }

  /** Says that this submitter waits no more, and answers those of the jobs that nobody waits for. */
  async leave(keys: readonly string[]): Promise<readonly string[]> {
    const alone: string[] = [];
    for (const key of keys) {
      const row = rowOf(key);
      const commands = this.redis.multi().zrem(row, this.me).zremrangebyscore(row, 0, Date.now()).zcard(row);
      const answers = await commands.exec();
      if (answers?.at(-1)?.[1] === 0) alone.push(key);
    }
    return alone;
  }
}

const rowOf = (key: string): string => `${QUEUE}:wanted:${key}`;
