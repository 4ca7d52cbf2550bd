/**
 * Where an engine lives. From the main thread it is a worker thread. From a worker thread it is a process of its own: whoever ends
 * that thread would abort this process if native code ran in a thread below it (nobody there is asked to wait, see gate.ts), and its
 * environment is a copy, by which the runtime cannot be silenced. Messages to a process are copied through a pipe, which was
 * measured as 0.1 ms and 5 ms per megabyte against 0.04 ms and 0.1 ms.
 */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { isMainThread, Worker } from "node:worker_threads";
import { quietEnvironment, silenceTelemetry } from "../onnx/telemetry.js";
import { builtFile } from "./built.js";
import { newGate, shutOnExit } from "./gate.js";
import type { Port } from "./wire.js";

export interface Home {
  readonly port: Port;
  /** Whether it keeps this process alive; at first it does not. */
  keepAlive(keep: boolean): void;
  /** Ends it. Nothing native may be running. */
  end(): Promise<void>;
}

/** Told once, when it has ended, why. */
export type OnEnd = (reason: string, cause?: unknown) => void;

/** Starts the entry file of engines (main.ts) under a name for the tools of the system. */
export const startHome = (name: string, onEnd: OnEnd): Home =>
  isMainThread ? startThread(name, onEnd) : startProcess(onEnd);

const ENTRY = "engine/thread/main.js";

/** Options of this process that its threads share: not how its program was given by `node -e`, which a thread with a file refuses. */
const threadOptions = (): string[] =>
  process.execArgv.filter((option, i, all) => !/^--input-type(=|$)/.test(option) && all[i - 1] !== "--input-type");

function startThread(name: string, onEnd: OnEnd): Home {
  silenceTelemetry();
  const gate = newGate();
  const worker = new Worker(builtFile(ENTRY), { name, workerData: gate, execArgv: threadOptions() });
  const forget = shutOnExit(gate);
  let cause: Error | undefined;
  worker.on("error", (error) => (cause = error));
  worker.on("exit", (code) => {
    forget();
    onEnd(cause?.message ?? `its thread ended with code ${code}`, cause);
  });
  worker.unref();
  return {
    port: worker,
    keepAlive: (keep) => (keep ? worker.ref() : worker.unref()),
    end: async () => void (await worker.terminate()),
  };
}

function startProcess(onEnd: OnEnd): Home {
  const child = fork(fileURLToPath(builtFile(ENTRY)), {
    serialization: "advanced",
    env: quietEnvironment(),
    execArgv: [], // those of this process may be an inspector's or a loader's
  });
  const keepAlive = (keep: boolean) => {
    if (keep) child.ref();
    else child.unref();
    if (keep) child.channel?.ref();
    else child.channel?.unref();
  };
  const ended = new Promise<void>((resolve) => {
    const end = (reason: string, cause?: unknown) => {
      onEnd(reason, cause);
      resolve();
    };
    child.on("error", (error) => end(error.message, error));
    child.on("exit", (code, signal) => end(`its process ended with ${signal ?? `code ${code}`}`));
  });
  keepAlive(false);
  return {
    port: {
      // A process that has ended takes nothing more; its end is told by "exit", so that there is nothing to say here.
      postMessage: (message) => void child.send(message as object, () => {}),
      on: (event, listen) => child.on(event, listen as (message: unknown) => void),
    },
    keepAlive,
    end: async () => {
      keepAlive(true);
      if (child.connected) child.disconnect(); // upon which it exits
      await ended;
    },
  };
}
