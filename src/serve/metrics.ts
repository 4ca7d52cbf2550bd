/** What a server tells Prometheus. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Usage } from "../index.js";
import type { Models } from "./served.js";

export interface Metrics {
  /** Counts an answer. `status` 499: the client left before it. */
  answered(route: string, status: number, seconds: number): void;
  used(model: string, usage: Usage): void;
  /** In the text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Upper bounds in seconds: a picture of the embedded model takes about one. */
const BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

export function metricsOf(models: Models): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: "tessera_requests_total",
    help: "Responses by route and status; 499: the client disconnected first.",
    labelNames: ["route", "status"],
    registers,
  });
  const durations = new Histogram({
    name: "tessera_request_duration_seconds",
    help: "Seconds from a request to the end of its response, waiting included.",
    labelNames: ["route"],
    buckets: BUCKETS,
    registers,
  });
  const tokens = new Counter({
    name: "tessera_tokens_total",
    help: "Tokens read (input) and generated (output).",
    labelNames: ["model", "direction"],
    registers,
  });
  new Gauge({
    name: "tessera_queue_requests",
    help: "Requests running or waiting now.",
    labelNames: ["model", "state"],
    registers,
    collect() {
      for (const { model, queue } of models.all)
        for (const [state, count] of Object.entries(queue.state)) this.set({ model: model.name, state }, count);
    },
  });
  return {
    answered(route, status, seconds) {
      requests.inc({ route, status });
      durations.observe({ route }, seconds);
    },
    used(model, { inputTokens, outputTokens }) {
      tokens.inc({ model, direction: "input" }, inputTokens);
      tokens.inc({ model, direction: "output" }, outputTokens);
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
