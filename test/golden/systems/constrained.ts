/** Allowed ids under regular expressions and JSON schemas, state by state. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { type Constraint, compileConstraint } from "../../../src/tokenizers/text/constrained/constraint.js";
import type { JsonSchema } from "../../../src/tokenizers/text/constrained/json-schema.js";
import { loadTextTokenizer } from "../../../src/tokenizers/text/load-text-tokenizer.js";
import { type GoldenCase, readTensors } from "../case.js";
import type { Comparison } from "../compare.js";
import { judge } from "../judge.js";

interface Records {
  readonly grammars: readonly (string | JsonSchema)[];
  readonly states: readonly {
    readonly grammar: number;
    readonly bytes: readonly number[];
    readonly ids: readonly number[];
  }[];
  readonly texts: readonly {
    readonly grammar: number;
    readonly text: string;
    readonly accepted: boolean;
    readonly prefix_alive: boolean;
  }[];
}

export async function* constrained(folder: string, golden: GoldenCase): AsyncIterable<Comparison> {
  const files = golden.files as { readonly extra: string; readonly tokenizer: string };
  const { grammars, states, texts } = JSON.parse(await readFile(path.join(folder, files.extra), "utf8")) as Records;
  const tokenizer = await loadTextTokenizer(path.join(folder, files.tokenizer));
  const ends = [golden.config.eos].flat() as number[];
  const constraints = grammars.map((grammar) => {
    const constraint: Constraint = typeof grammar === "string" ? { regex: grammar } : { jsonSchema: grammar };
    return compileConstraint(constraint, tokenizer, ends);
  });
  const io = await readTensors(folder);
  const expected = io.get("out.allowed")!;
  const V = expected.shape[1]!;
  const data = new Uint8Array(states.length * V);
  states.forEach(({ grammar, bytes, ids }, row) => {
    const constraint = constraints[grammar]!;
    const state = bytes.reduce(constraint.afterByte, constraint.start);
    const byIds = ids.reduce((at, id) => constraint.after(at, id), constraint.start);
    if (state !== byIds) throw new Error(`state ${row}: its ids lead elsewhere than its bytes`);
    const mask = constraint.allowed(state);
    for (let id = 0; id < V; id++) data[row * V + id] = mask.has(id) ? 1 : 0;
  });
  const { "io.json: grammars": _, "io.json: states": __, "io.json: texts": ___, ...tensors } = golden.tensors;
  yield* judge({ ...golden, tensors }, io, [], () => ({ shape: expected.shape, data }));
  for (const { grammar, text, accepted, prefix_alive } of texts) {
    const constraint = constraints[grammar]!;
    let state = constraint.start;
    for (const byte of new TextEncoder().encode(text)) if (state >= 0) state = constraint.afterByte(state, byte);
    const pass = state >= 0 === prefix_alive && (state >= 0 && constraint.mayEnd(state)) === accepted;
    const off = pass ? 0 : 1;
    yield { name: `text ${JSON.stringify(text).slice(0, 40)} of ${grammar}`, maxAbs: off, maxRel: off, pass };
  }
}
