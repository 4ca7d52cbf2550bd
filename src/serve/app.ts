/** The routes of a server as a hono app: OpenAI's interface over models of this machine, besides health and metrics. */
import type { ServerResponse } from "node:http";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { check, isIntegerIn, isObject, withDefaults } from "../base/check.js";
import { ArgumentError, UnknownNameError } from "../base/errors.js";
import { firstOf, forMany } from "../base/signals.js";
import { type RunEnd, type RunResult, VERSION } from "../index.js";
import { formBody, jsonBody } from "./body.js";
import { failureOf, HttpRefusal } from "./errors.js";
import { guard } from "./guard.js";
import { type Metrics, metricsOf } from "./metrics.js";
import { completions } from "./routes/chat.js";
import type { Handling } from "./routes/handling.js";
import { edits, generations } from "./routes/images.js";
import { speech } from "./routes/speech.js";
import { Models, type Served, type ServedModels } from "./served.js";

export interface AppOptions extends ServedModels {
  /** Requests that may wait for a model while it serves another; one more is answered by 429. Default 32. */
  readonly queueLimit?: number | undefined;
  /**
   * Pictures that are drawn in one batch, at most, where requests wait that want the same model, order and sampling; 1: each request
   * by itself. What a request gets does not depend on it. A CPU gains little beyond four, and a batch is not left in the middle of a
   * pass. Default 4.
   */
  readonly together?: number | undefined;
  /** What clients send as a bearer token; null: only this machine may ask. Default null. */
  readonly token?: string | null | undefined;
  /** Further names of models, such as { "gpt-image-1": "tessera-icons" }. */
  readonly aliases?: Readonly<Record<string, string>> | undefined;
  /** Bytes of a JSON body, at most. Default 2^20. */
  readonly maxJsonBytes?: number | undefined;
  /** Bytes of a form with pictures, at most. Default 2^25. */
  readonly maxFormBytes?: number | undefined;
  /** Is told of failures that are the server's own. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Every option of an app, completed. */
type AppSettings = { readonly [K in keyof AppOptions]-?: Exclude<AppOptions[K], undefined> };

const APP_DEFAULTS: AppSettings = {
  ...{ images: [], speech: [], texts: [], queueLimit: 32, together: 4, token: null, aliases: {} },
  ...{ maxJsonBytes: 2 ** 20, maxFormBytes: 2 ** 25, onError: () => {} },
};

/** What the node server hands in; absent where the app is called without one. */
type Bindings = { readonly outgoing?: ServerResponse };

export type App = Hono<{ Bindings: Bindings }>;

/** An app, and what ends its work. */
export interface Running {
  readonly app: App;
  /** Refuses new requests by 503, and resolves when those that are there have ended; `stop` ends them at once. */
  drain(stop: AbortSignal): Promise<void>;
}

const V1 = {
  generations: "/v1/images/generations",
  edits: "/v1/images/edits",
  speech: "/v1/audio/speech",
  chat: "/v1/chat/completions",
  models: "/v1/models",
} as const;

const ROUTES: readonly string[] = [...Object.values(V1), "/health", "/metrics"];

/**
 * The app alone, for a server of your own: `app.fetch` answers requests, `app.route("/ai", createApp(...))` mounts it. Without a token
 * it answers only requests to a loopback address. Throws ArgumentError, UnknownNameError.
 */
export const createApp = (options: AppOptions): App => runningApp(options).app;

export function runningApp(options: AppOptions): Running {
  const settings = withDefaults("createApp", APP_DEFAULTS, options);
  const { queueLimit, together, token, aliases, maxJsonBytes, maxFormBytes, onError } = settings;
  check("queueLimit", "a whole number from 0 to 10000", queueLimit, isIntegerIn(0, 10_000));
  check("together", "a whole number from 1 to 1000", together, isIntegerIn(1, 1000));
  check("token", "a text of at least 16 characters, or null", token, (t) => t === null || isToken(t));
  check("maxJsonBytes", "a whole number of bytes", maxJsonBytes, isIntegerIn(1, 2 ** 31));
  check("maxFormBytes", "a whole number of bytes", maxFormBytes, isIntegerIn(1, 2 ** 31));
  check("onError", "a function", onError, (f) => typeof f === "function");
  const models = new Models(settings, queueLimit, together, aliases);
  checkNamesOf(models, aliases);
  const metrics = metricsOf(models);
  const work = new Work(models, metrics, onError);

  const app: App = new Hono<{ Bindings: Bindings }>();
  app.onError((error, c) => work.failed(error, c));
  app.notFound((c) => work.failed(new HttpRefusal(404, "not_found", `There is no ${c.req.method} ${c.req.path}.`), c));
  app.use(async (c, next) => {
    work.watch(c);
    await next();
  });
  app.get("/health", (c) =>
    c.json({ status: work.draining ? "draining" : "ok", version: VERSION }, work.draining ? 503 : 200),
  );
  app.use(async (c, next) => {
    guard(c, token);
    if (work.draining) {
      c.header("Connection", "close");
      throw new HttpRefusal(503, "draining", "The server is shutting down.");
    }
    await next();
  });
  app.get("/metrics", async (c) => c.text(await metrics.text(), 200, { "Content-Type": metrics.contentType }));
  app.get(V1.models, (c) => c.json({ object: "list", data: models.all.map(described) }));
  app.get(`${V1.models}/:name`, (c) => {
    const found = models.all.find(({ model }) => model.name === c.req.param("name"));
    const names = models.all.map(({ model }) => model.name);
    if (!found) throw new UnknownNameError("model", c.req.param("name"), names);
    return c.json(described(found));
  });
  const json = limited(maxJsonBytes);
  app.post(V1.generations, json, async (c) => generations(await jsonBody(c), work.of(c)));
  app.post(V1.edits, limited(maxFormBytes), async (c) => edits(await formBody(c), work.of(c)));
  app.post(V1.speech, json, async (c) => speech(await jsonBody(c), work.of(c)));
  app.post(V1.chat, json, async (c) => completions(await jsonBody(c), work.of(c)));
  return { app, drain: (stop) => work.drain(stop) };
}

/** The requests of an app: how each is served, told of and ended. */
class Work {
  draining = false;
  private readonly ended = new AbortController();

  constructor(
    private readonly models: Models,
    private readonly metrics: Metrics,
    private readonly onError: (error: unknown) => void,
  ) {
    forMany(this.ended.signal);
  }

  /** Counts the answer to a request, when its last byte is sent or its client has left. */
  watch(c: Context<{ Bindings: Bindings }>): void {
    const started = performance.now();
    const route = ROUTES.find((path) => c.req.path.endsWith(path)) ?? "other"; // the app may be mounted somewhere
    const { outgoing } = c.env ?? {};
    outgoing?.once("close", () => {
      const status = outgoing.writableFinished ? outgoing.statusCode : 499;
      this.metrics.answered(route, status, (performance.now() - started) / 1000);
    });
  }

  of(c: Context): Handling {
    const sources = [c.req.raw.signal, this.ended.signal];
    const { models, metrics } = this;
    return {
      find: (medium, name) => models.find(medium, name),
      async *events(served, work) {
        const { signal, free } = firstOf(...sources);
        try {
          for await (const event of served.queue.events(work, signal)) {
            if (event.type === "run-end")
              metrics.used(served.model.name, (event as unknown as RunEnd<RunResult>).result.usage);
            yield event;
          }
        } finally {
          free();
        }
      },
      tell: (error) => {
        if (!sources.some(({ aborted }) => aborted)) this.tell(error);
      },
    };
  }

  failed(error: unknown, c: Context): Response {
    const { status, headers, body } = failureOf(error);
    if (!c.req.raw.signal.aborted) this.tell(error);
    for (const [name, value] of Object.entries(headers)) c.header(name, value);
    return c.json(body, status as 500);
  }

  async drain(stop: AbortSignal): Promise<void> {
    this.draining = true;
    const end = () => this.ended.abort(new DOMException("The server is shutting down.", "AbortError"));
    if (stop.aborted) end();
    stop.addEventListener("abort", end, { once: true });
    await this.models.idle();
    stop.removeEventListener("abort", end);
  }

  private tell(error: unknown): void {
    if (failureOf(error).status >= 500) this.onError(error);
  }
}

const limited = (maxSize: number) =>
  bodyLimit({
    maxSize,
    onError() {
      throw new HttpRefusal(413, "body_too_large", `The body exceeds the limit of ${maxSize} bytes.`);
    },
  });

/** A model as OpenAI lists it, and what of ours a client may want to know. */
const described = ({ model, medium }: Served) => ({
  ...{ id: model.name, object: "model", created: 0, owned_by: "tessera" },
  ...{
    medium,
    revision: model.revision,
    licence: model.licence,
    device: model.device.name,
    precision: model.precision,
  },
});

const isToken = (value: unknown): boolean => typeof value === "string" && /^[\x21-\x7e]{16,}$/.test(value);

function checkNamesOf({ all }: Models, aliases: unknown): void {
  const names = all.map(({ model }) => model.name);
  if (names.length === 0)
    throw new ArgumentError("models", "at least one model", undefined, "Pass images, speech or texts.");
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new ArgumentError("models", "models of different names", twice);
  check("aliases", "an object of names", aliases, isObject);
  for (const [alias, name] of Object.entries(aliases as object))
    if (!names.includes(name as string)) throw new UnknownNameError(`model for the alias ${alias}`, name, names);
}
