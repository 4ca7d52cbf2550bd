/** A page and a sheet that set the orders of decoding side by side, beside the pictures that they show. */
import { join } from "node:path";
import { html } from "../base/html.js";
import { writeWhole } from "../base/write-file.js";
import { type Compared, type ComparedOrder, compareOrders } from "./compare-orders.js";
import { compareSheetOf } from "./compare-sheet.js";
import { framed } from "./page-frame.js";

export interface ComparisonSettings extends Compared {
  readonly folder: string;
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
export async function buildComparison({ folder, onOrder, ...compared }: ComparisonSettings): Promise<Comparison> {
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
  await writeWhole(page, pageOf(compared, orders));
  return { page, sheet, orders };
}

const previewOf = ({ decoding }: ComparedOrder, i: number): string => `compare-${decoding}-${i + 1}.png`;

const STYLE = `
  section { display: flex; flex-wrap: wrap; align-items: center; gap: 1.25rem; padding: 1.25rem; margin-bottom: 1.25rem;
    background: var(--card); border: 1px solid var(--line); border-radius: 1rem; }
  section > div { flex: 0 0 9rem; }
  section > img { width: 6rem; aspect-ratio: 1; }
  section > a { margin-left: auto; }
  section > a > img { display: block; width: 9rem; aspect-ratio: 1; }
`;

function pageOf({ model, prompt, seed }: Compared, orders: readonly ComparedOrder[]): string {
  return framed({
    title: `Tessera · orders of decoding · ${model.name}`,
    style: STYLE,
    header: `<h1>${html(prompt)}</h1>
<p>One prompt, seed ${seed}, in every order that ${html(model.name)}, revision ${html(model.revision)}, can be decoded in on
<code>${html(model.device.name)}</code>. Times are of one picture without its previews, files open already.</p>`,
    main: orders.map(sectionOf).join("\n"),
  });
}

function sectionOf(order: ComparedOrder): string {
  const { decoding, previews, forwardPasses, milliseconds } = order;
  const strip = previews.map((_, i) => `<img src="${previewOf(order, i)}" alt="preview ${i + 1}">`).join("");
  const file = `compare-${decoding}.png`;
  return `<section><div><b>${decoding}</b><small>${forwardPasses} passes</small><small>${Math.round(milliseconds)} ms</small></div>
${strip}<a href="${file}"><img src="${file}" alt="${decoding}, generated"></a></section>`;
}
