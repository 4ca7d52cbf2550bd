// Child process of loading.test.ts: compiles a chain of matrices out of the checkpoint named by the arguments and prints
// [peak of resident memory before, after, first output], in bytes. It runs the built package, as an application would.
import { readFileSync, writeFileSync } from "node:fs";
import { GraphBuilder } from "../../../dist/engine/graph.js";
import { openEngine } from "../../../dist/engine/open.js";
import { opsOf } from "../../../dist/engine/ops/index.js";
import { openCheckpoint } from "../../../dist/engine/weights/open.js";

const [, , path, layers, width] = process.argv;
const C = Number(width);
const peak = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) * 1024;

const g = new GraphBuilder("chain");
const o = opsOf(g);
let x = g.input("x", [1, 1, C]);
for (let i = 0; i < Number(layers); i++) x = o.linear(x, g.weight(`w${i}`, [C, C]), null);
const graph = g.build({ y: x });

const engine = await openEngine({ device: "cpu" });
const checkpoint = await openCheckpoint(path);
writeFileSync("/proc/self/clear_refs", "5"); // the peak starts anew: that of starting up would hide a part of the load
const before = peak();
const program = await engine.compile(graph, checkpoint);
const { y } = await program.run({ x: { shape: [1, 1, C], data: new Float32Array(C).fill(1) } });
console.log(JSON.stringify([before, peak(), y.data[0]]));
await engine.close();
await checkpoint.close();
