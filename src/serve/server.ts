/** An app that listens, and ends in good order. */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { check, isIntegerIn, isNumberIn } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";
import { type AppOptions, runningApp } from "./app.js";
import { isLoopback } from "./guard.js";

export interface ServerOptions extends AppOptions {
  /** The address to listen on. Default 127.0.0.1; any that others can reach needs a token. */
  readonly host?: string | undefined;
  /** 0: any that is free. Default 8080. */
  readonly port?: number | undefined;
  /** Seconds that close() leaves to the requests that are there. Default 30. */
  readonly drainSeconds?: number | undefined;
}

export interface RunningServer extends AsyncDisposable {
  /** Such as "http://127.0.0.1:8080". */
  readonly url: string;
  readonly port: number;
  /** Refuses new requests, lets those that are there end, and stops listening. The models stay open. */
  close(): Promise<void>;
}

/** Milliseconds that a client may take to send its request. */
const SLOWEST_REQUEST = 60_000;

/**
 * Serves loaded models over HTTP as OpenAI's clients know it.
 *
 * @throws ArgumentError where an address that others can reach has no token, or where it cannot be listened on.
 * @example
 * const model = await loadImageModel();
 * const server = await createServer({ images: [model], port: 8080 });
 * // new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none" }).images.generate({ prompt: "red apple" })
 * await server.close();
 * await model.close();
 */
export async function createServer(options: ServerOptions): Promise<RunningServer> {
  const { host = "127.0.0.1", port = 8080, drainSeconds = 30, ...rest } = options;
  check("host", "an address", host, (h) => typeof h === "string" && h !== "");
  check("port", "a whole number from 0 to 65535", port, isIntegerIn(0, 65_535));
  check("drainSeconds", "a number of seconds up to 3600", drainSeconds, isNumberIn(0, 3600));
  if (!isLoopback(host) && (rest.token ?? null) === null)
    throw new ArgumentError(
      "token",
      "a token, as others can reach this address",
      undefined,
      "Set one, or listen on 127.0.0.1.",
    );
  const { app, drain } = runningApp(rest);
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server;
  server.requestTimeout = SLOWEST_REQUEST;
  await listening(server, host, port);
  const { port: actual } = server.address() as AddressInfo;
  let closing: Promise<void> | null = null;
  const close = () => (closing ??= ended(server, drain, drainSeconds));
  const name = host.includes(":") ? `[${host}]` : host;
  return { url: `http://${name}:${actual}`, port: actual, close, [Symbol.asyncDispose]: close };
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const reason = `an address to listen on (${cause.code ?? cause.message})`;
      reject(
        new ArgumentError("port", reason, port, "Choose another port or host, or stop what listens there.", { cause }),
      );
    });
    server.listen(port, host, () => resolve());
  });
}

async function ended(server: Server, drain: (stop: AbortSignal) => Promise<void>, seconds: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve())); // waits for the connections that are busy
  await drain(AbortSignal.timeout(Math.ceil(1000 * seconds)));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), 1000); // what a client does not read is not waited for
  await closed;
  clearTimeout(timer);
}
