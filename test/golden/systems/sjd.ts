/** The parts of speculative Jacobi decoding against their golden cases: verification, first guesses, forced tokens. */
import { type Draft, RULES, residual } from "../../../src/core/decode/jacobi/acceptance.js";
import { type InitialiserName, initialiser } from "../../../src/core/decode/jacobi/initialisers.js";
import { type MarkedLines, markedLayout } from "../../../src/core/decode/layout.js";
import { type Distribution, probabilityOf } from "../../../src/core/sampling/sampling.js";
import { type GoldenCase, readTensors } from "../case.js";
import { type Comparison, compare, failed, type Numbers, Unsupported } from "../compare.js";
import { distributionFrom, rowAt, zeros } from "./rows.js";

/** One verification of a window at a time, with given distributions, draws and uniforms. */
export async function* sjdAccept(folder: string, golden: GoldenCase): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  const [n, W, V] = io.get("p")!.shape as [number, number, number];
  const made = {
    matched: zeros("i32", [n]),
    out: zeros("i32", [n, W], -1),
    next_tokens: zeros("i32", [n, W], -1),
    next_q: zeros("f32", [n, W, V]),
    residual: zeros("f32", [n, V]),
  };
  for (let r = 0; r < n; r++) {
    const L = io.get("L")!.data[r]!;
    const distributions = Array.from({ length: L }, (_, j) => distributionFrom(rowAt(io, "p", r, j)));
    const window = rowAt(io, "drafts", r);
    const drafts = Array.from({ length: L - 1 }, (_, i): Draft => {
      return { id: window[i + 1]!, distribution: distributionFrom(rowAt(io, "q", r, i + 1)) };
    });
    const y = rowAt(io, "y", r);
    const { gained, drafts: next } = RULES["ratio-redraw"](drafts, {
      id: (j) => y[j]!,
      distribution: (j) => distributions[j]!,
      coin(j, purpose) {
        if (purpose === "acceptance") return rowAt(io, "u_accept", r)[j + 1]!;
        return purpose === "residual" ? io.get("u_residual")!.data[r]! : coinFor(distributions[j]!, y[j]!);
      },
    });
    made.matched.data[r] = gained.length;
    made.out.data.set(gained, r * W);
    for (const [i, { id, distribution }] of next.entries()) {
      made.next_tokens.data[r * W + i] = id;
      made.next_q.data.set(distribution!.probabilities, (r * W + i) * V);
    }
    const fallen = gained.length - 1;
    if (fallen < L - 1) made.residual.data.set(residual(distributions[fallen]!, drafts[fallen]!).probabilities, r * V);
  }
  for (const [name, actual] of Object.entries(made)) yield compare(name, actual, io.get(name)!, golden.tolerance);
}

/** A coin by which a distribution gives that id: the middle of its share. */
function coinFor(distribution: Distribution, id: number): number {
  const below = distribution.probabilities.subarray(0, id).reduce((a, b) => a + b, 0);
  return below + probabilityOf(distribution, id) / 2;
}

/** The names of the reference for first guesses. */
const SCHEMES: Readonly<Record<string, InitialiserName>> = {
  random: "random",
  repeat_horizon: "repeat-horizontal",
  sample_horizon: "sample-horizontal",
  vertical: "repeat-vertical",
};

interface InitialiserCase {
  readonly scheme: string;
  readonly row_length_with_eol: number;
  readonly first_image_index: number;
  readonly new: number;
}

/** Ids for positions that enter a window. Positions of the file count from the prompt on, ours from the picture on. */
export async function* sjdInitialisers(folder: string, golden: GoldenCase): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  const vocabulary = golden.config.vocab as number;
  for (const [c, one] of (golden.config.cases as InitialiserCase[]).entries()) {
    const name = SCHEMES[one.scheme];
    if (!name) throw new Unsupported(`the initialiser ${one.scheme}`);
    const known = [...io.get(`init${c}.accepted`)!.data, ...io.get(`init${c}.drafts`)!.data];
    const random = io.get(`init${c}.random`)!.data;
    const any = { kind: "range", first: 0, last: vocabulary - 1 } as const;
    const fill = initialiser(name, { rowLength: one.row_length_with_eol, allowed: () => any });
    const last = known.length - 1 - one.first_image_index;
    const ids = [...known];
    const tokens = Array.from({ length: one.new }, (_, i) => {
      const id = fill({
        position: last + 1 + i,
        last,
        id: (position) => ids[position + one.first_image_index]!,
        distribution: () => distributionFrom(rowAt(io, `init${c}.laws`, known.length - 1)),
        coin: () => (random[i]! + 0.5) / vocabulary,
      });
      ids.push(id);
      return id;
    });
    const actual: Numbers = { shape: [tokens.length], data: Int32Array.from(tokens) };
    yield compare(`init${c}.tokens`, actual, io.get(`init${c}.tokens`)!, golden.tolerance);
  }
}

interface LuminaCase {
  readonly w_latent: number;
  readonly h_latent: number;
  readonly eol: number;
  readonly end: number;
  readonly image_ids: [number, number];
}

interface Emu3Case {
  readonly width: number;
  readonly height: number;
  readonly eol: number;
  readonly eof: number;
  readonly eoi: number;
  readonly eos: number;
  readonly pad: number;
  readonly visual_ids: [number, number];
}

const LINES: Readonly<Record<string, (of: never) => MarkedLines>> = {
  lumina: (of: LuminaCase) => ({
    ...{ columns: of.w_latent, rows: of.h_latent, image: of.image_ids },
    ...{ endOfLine: of.eol, end: [of.end], padding: null },
  }),
  emu3: (of: Emu3Case) => ({
    ...{ columns: of.width, rows: of.height, image: of.visual_ids },
    ...{ endOfLine: of.eol, end: [of.eof, of.eoi, of.eos], padding: of.pad },
  }),
};

/** What may stand at every place of a window: rows of (known tokens, output, forced id or -1, ids allowed). */
export async function* sjdForcedPositions(folder: string, golden: GoldenCase): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  for (const [name, expected] of io) {
    const [, model, index] = /^(lumina|emu3)_?(\d+)$/.exec(name) ?? [];
    const lines = LINES[model ?? ""];
    if (!lines) {
      yield failed(name, "no layout of that name");
      continue;
    }
    const layout = markedLayout(lines((golden.config[model!] as never[])[Number(index)]!));
    const rows = Int32Array.from(expected.data);
    for (let at = 0; at < rows.length; at += 4) {
      const allowed = layout.allowed(rows[at]! + rows[at + 1]!);
      rows[at + 2] = allowed.kind === "forced" ? allowed.id : -1;
      rows[at + 3] = allowed.kind === "forced" ? 1 : allowed.last - allowed.first + 1;
    }
    yield compare(name, { shape: expected.shape, data: rows }, expected, golden.tolerance);
  }
}
