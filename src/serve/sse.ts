/** Server-sent events (WHATWG HTML §9.2) as the body of a response. */
import { failureOf } from "./errors.js";

export interface ServerSentEvent {
  /** The name of the event; absent where the interface has events without names. */
  readonly event?: string;
  readonly data: unknown;
}

const line = ({ event, data }: ServerSentEvent): string =>
  `${event === undefined ? "" : `event: ${event}\n`}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;

/**
 * A response of events. The first one is awaited before the response begins, so that what fails at once has a status of its own; what
 * fails later is the last event. `tell` is handed such an error.
 */
export async function eventStream(
  events: AsyncGenerator<ServerSentEvent, void, void>,
  tell: (error: unknown) => void,
): Promise<Response> {
  const first = await events.next();
  async function* lines(): AsyncGenerator<string, void, void> {
    try {
      if (!first.done) yield line(first.value);
      for await (const event of events) yield line(event);
    } catch (error) {
      tell(error);
      yield line({ event: "error", data: failureOf(error).body });
    } finally {
      await events.return();
    }
  }
  return new Response(byteStream(lines()), {
    headers: { "Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache" },
  });
}

/** Texts or bytes as the body of a response; who stops reading stops them. */
export function byteStream(parts: AsyncGenerator<string | Uint8Array, void, void>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await parts.next();
      if (done) controller.close();
      else controller.enqueue(typeof value === "string" ? encoder.encode(value) : value);
    },
    async cancel() {
      await parts.return();
    },
  });
}
