/**
 * OctGPT's transformer as mathematics (arXiv 2504.09975 §3.3): a stack over what is known, then one over all, masked nodes included.
 * Weights under the names of the authors' files.
 */
import { type Graph, GraphBuilder, type Value } from "../../engine/graph.js";
import { type Ops, opsOf } from "../../engine/ops/index.js";
import { f32, i32, tensor } from "../../engine/tensor.js";
import { taps } from "../prompt/taps.js";
import { DEPTH_ROWS, GRID, type OctgptConfig } from "./config.js";
import { markers } from "./sequence.js";
import { PARTITIONS } from "./windows.js";

/**
 * The graph of a pass over shapes laid out one after another. Inputs:
 *
 *   labels              [B]          the class of each shape; for a context, `context` [K, width], the rows of all shapes, and marks of
 *                                    which rows are whose: `context.queries` [D, items], `context.keys` [K, items] and those of `known`
 *   split               [n]          the bit of each known node that is split or not
 *   codes               [m, bits]    the code of each known node of the last depth, ± 1 / √bits
 *   known.*, all.*                   see sequenceFeeds(): the rows of the two stacks
 *   known.from          [E]          what stands in each row of the first stack: of [conditions, split, codes, a row of zeros]
 *   all.from            [D]          and of the second: of [the first stack, masks of each shape]
 *   rows                [R]          which rows of the second are asked
 *
 * Output `logits` [1, R, 2 + 2·bits]: whole or split; then for each bit 0 or 1. `tapped` names values to give out, too: "tokens",
 * "encoder.position0", "encoder.attention0", "encoder.block0" and so on, "decoder.…", "hidden".
 */
export function octgptGraph(config: OctgptConfig, tapped: readonly string[] = [], items = 1): Graph {
  const { width: C, bits, condition } = config;
  const g = new GraphBuilder("octgpt");
  const o = opsOf(g);
  const { tap, outputs } = taps();
  const linear = linearOf(g, o);
  const split = o.embedding(g.input("split", ["n"], "i32"), g.weight("split_emb.weight", [2, C]));
  const codes = linear("vq_proj", g.input("codes", ["m", bits]), C);
  const { rows, mask } = conditionOf(g, o, config);
  const none = g.constant(tensor([1, C], new Float32Array(C)));
  const fed = o.concat(rows, split, codes, none, { axis: 0 });
  const known = tap("tokens", o.gather(fed, g.input("known.from", ["E"], "i32"), { axis: 0 }));
  const context = condition.kind === "context" ? g.input("context", ["K", condition.width]) : null;
  const stack = (name: "encoder" | "decoder", blocks: number, x: Value) =>
    new Stack(g, o, config, name, items, tap).run(x, blocks, context);
  const seen = stack("encoder", config.encoderBlocks, known);
  const all = o.gather(o.concat(seen, mask, { axis: 0 }), g.input("all.from", ["D"], "i32"), { axis: 0 });
  const hidden = tap("hidden", stack("decoder", config.decoderBlocks, all));
  const asked = o.gather(hidden, g.input("rows", ["R"], "i32"), { axis: 0 });
  const logits = o.concat(linear("split_head", asked, 2), linear("vq_head", asked, 2 * bits), { axis: 1 });
  return g.build({ logits: o.reshape(logits, { shape: [1, -1, 2 + 2 * bits] }), ...outputs(tapped) });
}

/** Rows that stand for the conditions of all shapes, and what stands at masked nodes. */
function conditionOf(g: GraphBuilder, o: Ops, config: OctgptConfig): { readonly rows: Value; readonly mask: Value } {
  const { width: C, condition } = config;
  if (condition.kind === "class") {
    const classes = o.embedding(g.input("labels", ["B"], "i32"), g.weight("class_emb.weight", [condition.classes, C]));
    return { rows: classes, mask: classes };
  }
  const rows = normOf(g, o, config, "ln_cond", g.input("context", ["K", condition.width]));
  return { rows: linearOf(g, o)("cond_proj", rows, C), mask: g.weight("mask_token", [1, C]) };
}

const linearOf = (g: GraphBuilder, o: Ops) => (path: string, x: Value, O: number) =>
  o.linear(x, g.weight(`${path}.weight`, [O, x.shape.at(-1) as number]), g.weight(`${path}.bias`, [O]));

function normOf(g: GraphBuilder, o: Ops, { norm }: OctgptConfig, path: string, x: Value): Value {
  const weight = g.weight(`${path}.weight`, [x.shape.at(-1) as number]);
  if (norm === "rms") return o.rmsNorm(x, weight, { epsilon: 1e-6 });
  return o.layerNorm(x, weight, g.weight(`${path}.bias`, [x.shape.at(-1) as number]), { epsilon: 1e-5 });
}

/** One of the two stacks: its inputs, which all blocks share, and its blocks. */
class Stack {
  private readonly rows: string; // how the number of rows is called
  private readonly prefix: "known" | "all";
  private readonly depths: Value;
  private readonly places: Value;
  private readonly linear: ReturnType<typeof linearOf>;

  constructor(
    private readonly g: GraphBuilder,
    private readonly o: Ops,
    private readonly config: OctgptConfig,
    private readonly name: "encoder" | "decoder",
    private readonly items: number,
    private readonly tap: (name: string, value: Value) => Value,
  ) {
    [this.prefix, this.rows] = name === "encoder" ? ["known", "E"] : ["all", "D"];
    this.depths = g.input(`${this.prefix}.depths`, [this.rows], "i32");
    this.places = g.input(`${this.prefix}.places`, [this.rows, 3]);
    this.linear = linearOf(g, o);
  }

  /** x [rows, C] through all blocks and a norm. */
  run(x: Value, blocks: number, context: Value | null): Value {
    const { o, tap, name } = this;
    const norm = (path: string, y: Value) => normOf(this.g, o, this.config, path, y);
    for (let i = 0; i < blocks; i++) {
      const path = `${name}.layers.blocks.${i}`;
      x = o.add(x, tap(`${name}.position${i}`, this.position(path)));
      const attended = this.attention(`${path}.attention`, i % PARTITIONS.length, norm(`${path}.norm1`, x));
      x = o.add(x, tap(`${name}.attention${i}`, attended));
      if (context && i % 2 === 0)
        x = o.add(x, this.crossAttention(`${path}.cross_attn`, norm(`${path}.cross_norm`, x), context));
      const inner = this.linear(`${path}.mlp.fc1`, norm(`${path}.norm2`, x), 4 * this.config.width);
      const mlp = this.linear(`${path}.mlp.fc2`, o.gelu(inner, { approximation: "none" }), this.config.width);
      x = tap(`${name}.block${i}`, o.add(x, mlp));
    }
    return norm(`${name}_ln`, x);
  }

  /** What is added to a row in each block: where it lies, and how deep. */
  private position(path: string): Value {
    const { g, o } = this;
    const { width: C, positions } = this.config;
    const depth = o.embedding(this.depths, g.weight(`${path}.pos_emb.depth_emb.weight`, [DEPTH_ROWS, C]));
    const tables =
      positions === "sinusoidal"
        ? waves(C).map((table) => g.constant(table))
        : [0, 1, 2].map((axis) => {
            // One table in which the columns of the three axes alternate.
            const own = f32(
              [1, C],
              Array.from({ length: C }, (_, c) => (c % 3 === axis ? 1 : 0)),
            );
            return o.mul(g.weight(`${path}.pos_emb.absolute_emb`, [GRID, C]), g.constant(own));
          });
    const steps = o.cast(this.places, { to: "i32" });
    const along = tables.map((table, axis) =>
      o.gather(table, o.gather(steps, g.constant(i32([], [axis])), { axis: 1 }), { axis: 0 }),
    );
    return along.reduce((sum, part) => o.add(sum, part), depth);
  }

  /** Attention of the rows of each window, which are turned by learnt angles a step of each axis. */
  private attention(path: string, partition: number, x: Value): Value {
    const { g, o, prefix } = this;
    const { width: C, heads: H } = this.config;
    const D = C / H;
    const qkv = this.linear(`${path}.qkv`, x, 3 * C);
    const part = (i: number) => o.slice(qkv, { axis: 1, start: i * C, end: (i + 1) * C });
    const angles = o.matmul(this.places, g.weight(`${path}.rope.freqs`, [3, C / 2]));
    const perHead = o.reshape(angles, { shape: [-1, D / 2] });
    const [cos, sin] = [o.cos(perHead), o.sin(perHead)];
    const turned = (i: number) => o.turn(o.reshape(part(i), { shape: [-1, D] }), cos, sin);
    const size = [`${prefix}.w${partition}`, `${prefix}.p${partition}`];
    const rows = g.input(`${prefix}.windows.${partition}`, size, "i32");
    const inWindows = (y: Value) => o.gather(y, rows, { axis: 0 });
    const E = markers(this.config, this.items);
    const seen = o.openAttention(
      inWindows(this.marked(turned(0), D, `${prefix}.queries`, E)),
      inWindows(this.marked(turned(1), D, `${prefix}.keys`, E)),
      inWindows(part(2)),
      { heads: H, scale: D ** -0.5 },
    );
    const back = g.input(`${prefix}.back.${partition}`, [this.rows], "i32");
    const merged = o.gather(o.reshape(seen, { shape: [-1, C] }), back, { axis: 0 });
    return this.linear(`${path}.proj`, merged, C);
  }

  /** Attention to the rows of the condition as they come, each row to those of its shape. */
  private crossAttention(path: string, x: Value, context: Value): Value {
    const { g, o, items } = this;
    const { width: C, heads: H } = this.config;
    const D = C / H;
    const bias = g.weight(`${path}.in_proj_bias`, [3 * C]);
    const projected = (i: number, name: string, y: Value) => {
      const matrix = g.weight(`${path}.${name}_proj_weight`, [C, y.shape[1] as number]);
      return o.linear(y, matrix, o.slice(bias, { axis: 0, start: i * C, end: (i + 1) * C }));
    };
    const own = (name: string, y: Value) =>
      items === 1 ? y : this.marked(o.reshape(y, { shape: [-1, D] }), D, name, items);
    const oneBatch = (y: Value) => o.reshape(y, { shape: [1, -1, y.shape[1] as number] });
    const seen = o.openAttention(
      oneBatch(own(`${this.prefix}.context`, projected(0, "q", x))),
      oneBatch(own("context.keys", projected(1, "k", context))),
      oneBatch(projected(2, "v", context)),
      { heads: H, scale: D ** -0.5 },
    );
    return this.linear(`${path}.out_proj`, o.reshape(seen, { shape: [-1, C] }), C);
  }

  /** Heads [rows · H, D] with the marks of their row, [rows, H · (D + E)]: the same for each head. */
  private marked(heads: Value, D: number, name: string, E: number): Value {
    const { g, o } = this;
    const H = this.config.heads;
    const rows = name.startsWith("context") ? "K" : this.rows;
    const marks = o.reshape(g.input(name, [rows, E]), { shape: [0, 1, E] });
    const each = o.reshape(heads, { shape: [-1, H, D] });
    return o.reshape(o.concat(each, o.repeat(marks, { axis: 1, times: H }), { axis: 2 }), { shape: [0, H * (D + E)] });
  }
}

/** Sines and cosines of the steps of each axis, [GRID, C] each, which is zero at the columns of the others. */
function waves(C: number) {
  const each = 2 * Math.ceil(C / 6);
  return [0, 1, 2].map((axis) => {
    const data = new Float32Array(GRID * C);
    for (let step = 0; step < GRID; step++) {
      for (let c = 0; c < each && axis * each + c < C; c++) {
        const angle = step * Math.fround(100 ** (-(c - (c % 2)) / each));
        data[step * C + axis * each + c] = c % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
      }
    }
    return tensor([GRID, C], data);
  });
}
