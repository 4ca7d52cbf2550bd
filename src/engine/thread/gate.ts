/**
 * Native code that is running when its thread is torn down takes the whole process with it: the binding of ONNX Runtime then
 * throws where nobody can catch (Napi::Error, SIGABRT). So a thread passes a gate around every native call, and the process, before
 * it exits, shuts all gates and waits until the last call is out. A pass through an open gate costs three atomic operations.
 */
import { ClosedError } from "../../base/errors.js";

/** Runs one native call. While it runs, the process does not exit. */
export type Native = <T>(call: () => T | Promise<T>) => Promise<T>;

/** For engines in the calling thread, which cannot exit in the middle of a call. */
export const ungated: Native = async (call) => call();

const INSIDE = 0; // 1 while a native call runs
const SHUT = 1; //   1 once no further call may begin

/** Longer than any pass. After that the process exits as it would have without a gate. */
const LONGEST_WAIT = 120_000;

export const newGate = (): Int32Array => new Int32Array(new SharedArrayBuffer(8));

/** The thread's side of the gate. Once it is shut, calls are refused with ClosedError. */
export const through =
  (gate: Int32Array): Native =>
  async (call) => {
    Atomics.store(gate, INSIDE, 1);
    try {
      if (Atomics.load(gate, SHUT) === 1) throw new ClosedError("engine");
      return await call();
    } finally {
      Atomics.store(gate, INSIDE, 0);
      Atomics.notify(gate, INSIDE);
    }
  };

const open = new Set<Int32Array>();

/** The owner's side: shuts the gate before this process exits. Returns what ends that, for when the thread has ended. */
export function shutOnExit(gate: Int32Array): () => void {
  // First among the listeners: one of the application's may throw, and then those after it are not called.
  if (open.size === 0) process.prependListener("exit", shutAll);
  open.add(gate);
  return () => {
    if (open.delete(gate) && open.size === 0) process.removeListener("exit", shutAll);
  };
}

function shutAll(): void {
  for (const gate of open) Atomics.store(gate, SHUT, 1); // all first: no thread begins a call while another one ends its own
  for (const gate of open) Atomics.wait(gate, INSIDE, 1, LONGEST_WAIT);
}
