/** The way to Redis: BullMQ and ioredis, which are optional peers. Who runs on one machine does without them. */
import type { Redis } from "ioredis";
import { ArgumentError, InstallationError, QueueError } from "../../base/errors.js";
import { described } from "../../base/words.js";
import { RESULTS } from "../task.js";

/** Where submitters and workers meet in Redis. Releases that give other results have a queue of their own. */
export const QUEUE = `tessera-assets-${RESULTS}`;

export interface Connection {
  readonly bullmq: typeof import("bullmq");
  readonly redis: Redis;
  /** Host and port, for messages: the address itself may hold a password. */
  readonly where: string;
}

/**
 * Connects once, and from then on again and again, however long a Redis that went away takes to come back.
 *
 * @throws ArgumentError for an address that is none of Redis; InstallationError where a peer is missing; QueueError where no Redis answers.
 */
export async function connected(url: string): Promise<Connection> {
  const where = hostOf(url);
  const { bullmq, ioredis } = await peers();
  let reached = false;
  const redis = new ioredis.Redis(url, {
    ...{ lazyConnect: true, maxRetriesPerRequest: null },
    retryStrategy: (times) => (reached ? Math.min(100 * times, 2000) : null),
  });
  redis.on("error", () => {}); // it connects again by itself
  try {
    await redis.connect();
  } catch (cause) {
    redis.disconnect();
    const remedy = "Start a redis-server there, or correct the address and its password.";
    throw new QueueError(`No Redis answers at ${where} (${(cause as Error).message}).`, remedy, { cause });
  }
  reached = true;
  return { bullmq, redis, where };
}

async function peers() {
  try {
    return { bullmq: await import("bullmq"), ioredis: await import("ioredis") };
  } catch (cause) {
    throw new InstallationError("bullmq and ioredis", "Run: npm install bullmq ioredis", { cause });
  }
}

function hostOf(url: string): string {
  const address = URL.canParse(url) ? new URL(url) : null;
  if (address && ["redis:", "rediss:"].includes(address.protocol)) return address.host;
  const received = described(address ? `${address.protocol}//${address.host}` : "no address");
  throw new ArgumentError("queue", "the address of a Redis, such as redis://localhost:6379", received);
}
