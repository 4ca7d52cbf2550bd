/** The entry of an engine's thread or process: opens one engine, and lets its owner drive it by messages. */
import { parentPort, workerData } from "node:worker_threads";
import type { Engine, FileProgram, Memory, Program } from "../engine.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { toFloats } from "../weights/floats.js";
import { type Native, through, ungated } from "./gate.js";
import type { CheckpointTable, OwnerMethods, ThreadMethods, ThreadSettings } from "./protocol.js";
import { type Methods, Moved, type Port, Wire } from "./wire.js";

/** Each runtime is imported only by the thread that runs it. */
const OPEN: { readonly [K in ThreadSettings["engine"]]: (settings: never, native: Native) => Promise<Engine> } = {
  onnx: async (settings, native) => (await import("../onnx/executor.js")).openOnnx(settings, native),
  tensorflow: async (settings, native) => (await import("../tensorflow/executor.js")).openTensorflow(settings, native),
};

const native = parentPort === null ? ungated : through(workerData as Int32Array);

let engine: Engine;
let next = 0;
const programs = new Map<number, Program>();
const files = new Map<number, FileProgram>();
const memories = new Map<number, Memory>();

/** Everything is done in the order it was asked for, so that a truncation never overtakes the run before it. */
const methods: ThreadMethods = {
  async open(settings) {
    engine = await OPEN[settings.engine](settings as never, native);
  },
  async compile({ graph, checkpoint, precision }) {
    programs.set(next, await engine.compile(graph, remote(checkpoint), { precision }));
    return next++;
  },
  async openFile(path) {
    const file = await engine.openFile!(path);
    files.set(next, file);
    return { file: next++, inputs: file.inputs };
  },
  runFile: ({ file, inputs }) => files.get(file)!.run(inputs),
  async closeFile(file) {
    await files.get(file)?.close();
    files.delete(file);
  },
  async allocate({ program, sizes }) {
    const memory = await programs.get(program)!.allocate(sizes);
    memories.set(next, memory);
    return { memory: next++, slots: memory.slots, visible: memory.visible };
  },
  async run({ program, inputs, memory }) {
    const states = memory === null ? undefined : memories.get(memory)!;
    const outputs = await programs.get(program)!.run(inputs, states);
    const buffers = new Set(Object.values(outputs).map(({ data }) => data.buffer as ArrayBuffer));
    const { length, visible } = states ?? { length: 0, visible: 0 };
    return new Moved({ outputs, length, visible }, [...buffers]);
  },
  async truncate({ memory, length }) {
    memories.get(memory)!.truncate(length);
  },
  keep: ({ memory, slots }) => memories.get(memory)!.keep(slots),
  fork: ({ memory, parents }) => memories.get(memory)!.fork(parents),
  async load({ memory, rows }) {
    const states = memories.get(memory)!;
    await states.load(rows);
    return { length: states.length, visible: states.visible };
  },
  read: ({ memory, state }) => memories.get(memory)!.read(state),
  async closeMemory(memory) {
    await memories.get(memory)?.close();
    memories.delete(memory);
  },
  async closeProgram(program) {
    await programs.get(program)?.close();
    programs.delete(program);
  },
  close: () => engine.close(),
};

const wire = new Wire<OwnerMethods>(parentPort ?? ownerProcess(), inOrder(methods));

/** The process that started this one, with which it ends. Signals to the whole group are that one's to answer. */
function ownerProcess(): Port {
  process.on("disconnect", () => process.exit());
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});
  return {
    postMessage: (message) => void process.send!(message, undefined, undefined, () => {}),
    on: (event, listen) => process.on(event, listen as (message: unknown) => void),
  };
}

/** A checkpoint whose bytes lie with the owner of the thread; widening them to float32 is done here. */
function remote({ id, label, entries, extents }: CheckpointTable): Checkpoint {
  const table = new Map(entries.map((entry) => [entry.name, entry]));
  const places = new Map(extents);
  const bytes = (name: string) => wire.call("bytes", { checkpoint: id, name });
  const close = async () => {};
  return {
    label,
    entries: table,
    metadata: {},
    bytes,
    floats: async (name) => toFloats(table.get(name)!.element, await bytes(name)),
    extent: (name) => places.get(name) ?? null,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function inOrder(methods: ThreadMethods): Methods {
  let last: Promise<unknown> = Promise.resolve();
  const queued = ([name, method]: [string, (argument: never) => Promise<unknown>]) => [
    name,
    (argument: never) => {
      const result = last.then(() => method(argument));
      last = result.catch(() => {});
      return result;
    },
  ];
  return Object.fromEntries((Object.entries(methods) as [string, (argument: never) => Promise<unknown>][]).map(queued));
}
