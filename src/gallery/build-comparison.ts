/** A page and a sheet that set the orders of decoding side by side, beside the pictures that they show. */
import { join } from "node:path";
import { html } from "../base/html.js";
import { writeWhole } from "../base/write-file.js";
import type { DecodingName } from "../index.js";
import { type Compared, type ComparedOrder, compareOrders, PREVIEWS } from "./compare-orders.js";
import { compareSheetOf } from "./compare-sheet.js";
import { framed } from "./page-frame.js";

export interface ComparisonSettings extends Compared {
  readonly folder: string;
  /** A page beside this one to lead back to. */
  readonly back?: string | undefined;
  readonly onOrder?: ((order: ComparedOrder) => void) | undefined;
}

export interface Comparison {
  readonly page: string;
  readonly sheet: string;
  readonly orders: readonly ComparedOrder[];
}

/** The name of the page in its folder. */
export const COMPARISON_PAGE = "compare.html";

/**
 * Compares and writes; the files of an earlier comparison in the folder are replaced.
 *
 * @throws OutputError; whatever generateImage throws; the reason of `signal`.
 */
export async function buildComparison({ folder, back, onOrder, ...compared }: ComparisonSettings): Promise<Comparison> {
  const orders: ComparedOrder[] = [];
  for await (const order of compareOrders(compared)) {
    await order.image.save(join(folder, `compare-${order.decoding}.png`), { manifest: true });
    for (const [i, bytes] of order.previews.entries()) await writeWhole(join(folder, previewOf(order, i)), bytes);
    orders.push(order);
    onOrder?.(order);
  }
  const page = join(folder, COMPARISON_PAGE);
  const sheet = join(folder, "compare.png");
  await writeWhole(sheet, await compareSheetOf(compared, orders));
  await writeWhole(page, pageOf(compared, orders, back ?? null));
  return { page, sheet, orders };
}

const previewOf = ({ decoding }: ComparedOrder, i: number): string => `compare-${decoding}-${i + 1}.png`;

const STYLE = `
  section { padding: 1.25rem; margin-bottom: 1.25rem; background: var(--card); border: 1px solid var(--line); border-radius: 1rem; }
  h2 { display: inline; margin: 0 .75rem 0 0; font-size: 1.1rem; }
  section p { margin: .25rem 0 1rem; color: var(--soft); max-width: 46rem; }
  .making { display: grid; gap: .75rem; grid-template-columns: repeat(${PREVIEWS + 1}, minmax(0, 9rem)); margin: 0; padding: 0; list-style: none; }
  .making img { display: block; width: 100%; aspect-ratio: 1; background: var(--check); border-radius: .6rem; }
  .making li:last-child img { outline: 2px solid var(--strong); }
  @media (max-width: 40rem) { .making { grid-template-columns: repeat(3, minmax(0, 1fr)); gap: .5rem; } }
`;

/** Each order in a sentence. */
const ABOUT: Readonly<Record<DecodingName, string>> = {
  "next-scale":
    "Draws the whole picture on a coarse grid first, then on finer and finer ones; a pass fills a grid (VAR).",
  "next-token": "Draws cell after cell from the top left, like writing; a pass fills one cell (LlamaGen).",
  jacobi:
    "Guesses a window of coming cells and keeps those that stand: the picture of next-token in fewer passes (speculative Jacobi).",
  "prompt-lookup":
    "Guesses that what came once comes again, and keeps the guesses that hold: the text of next-token in fewer passes.",
  "run-lookup":
    "Guesses that what stood in the same surroundings stands there again, and keeps the guesses that hold: the shape of next-token in fewer passes.",
  "next-neighbor": "Grows from the corner; a pass fills all cells that touch what is there, a diagonal (NAR).",
  masked: "Fills the surest cells first, wherever they lie, more of them with every pass (MaskGIT).",
  "masked-octree": "Unmasks an octree depth by depth; a pass fills a part of its nodes (OctGPT).",
  "parallel-regions": "Draws several regions at once; a pass fills one cell of each (PAR).",
};

function pageOf({ model, prompt, seed }: Compared, orders: readonly ComparedOrder[], back: string | null): string {
  const link = back === null ? "" : `\n<p><a href="${html(back)}">Back to the gallery</a></p>`;
  return framed({
    title: `${prompt} · orders of decoding · ${model.name}`,
    style: STYLE,
    header: `<h1>${html(prompt)}, in every order</h1>
<p>One prompt, seed ${seed}, in every order that ${html(model.name)}, revision ${html(model.revision)}, can be decoded in on
<code>${html(model.device.name)}</code>. Times are of one picture without its previews, files open already.</p>${link}`,
    main: orders.map((order) => sectionOf(order, prompt)).join("\n"),
  });
}

function sectionOf(order: ComparedOrder, prompt: string): string {
  const { decoding, previews, forwardPasses, milliseconds } = order;
  const strip = previews.map(
    (_, i) => `<li><img src="${previewOf(order, i)}" alt="preview ${i + 1} of ${decoding}"></li>`,
  );
  const file = `compare-${decoding}.png`;
  return `<section><h2>${decoding}</h2><small>${forwardPasses} passes, ${Math.round(milliseconds)} ms</small>
<p>${ABOUT[decoding]}</p>
<ol class="making">${strip.join("")}<li><a href="${file}"><img src="${file}" alt="${html(prompt)} by ${decoding}, generated"></a></li></ol></section>`;
}
