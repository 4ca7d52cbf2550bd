/** The page of a gallery, beside its pictures. */
import { html } from "../base/html.js";
import { type ImageModel, VERSION } from "../index.js";
import { framed } from "./page-frame.js";
import type { GalleryRow } from "./row.js";

const STYLE = `
  main { display: grid; gap: 1.25rem; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); }
  figure { margin: 0; padding: 1.25rem 1.25rem 1rem; background: var(--card); border: 1px solid var(--line); border-radius: 1rem; }
  img { display: block; width: 100%; aspect-ratio: 1; }
  figcaption { margin-top: .9rem; }
`;

/** The HTML of the page. `comparison` names the page that compares the orders of decoding, where there is one. */
export function pageOf(model: ImageModel, rows: readonly GalleryRow[], comparison: string | null): string {
  const made = rows.filter((row) => row.milliseconds > 0).map((row) => row.milliseconds);
  const median = made.sort((a, b) => a - b)[Math.floor(made.length / 2)] ?? 0;
  const facts = `${rows.length} pictures, ${model.decodings[0]} decoding on <code>${html(model.device.name)}</code>`;
  const link =
    comparison === null ? "" : `\n<p><a href="${html(comparison)}">The same picture in every order of decoding</a></p>`;
  return framed({
    title: `Tessera gallery · ${model.name}`,
    style: STYLE,
    header: `<h1>${html(model.name)}</h1>
<p>${facts}, ${html(model.precision)} weights, median ${median} ms each.</p>
<p>Made by a trained model with tessera ${html(VERSION)}, revision ${html(model.revision)}. Each file says so itself, and the
manifest beside it makes it again: <code>tessera verify ${html(rows[0]!.file)}.json</code></p>${link}`,
    main: rows.map(figureOf).join("\n"),
  });
}

function figureOf({ file, prompt, style, seed, milliseconds, device }: GalleryRow): string {
  const facts = [style, `seed ${seed}`, ...(milliseconds > 0 ? [`${milliseconds} ms`] : []), device];
  const image = `<a href="${html(file)}"><img src="${html(file)}" alt="${html(`${prompt}, ${style}, generated`)}" loading="lazy"></a>`;
  return `<figure>${image}<figcaption><b>${html(prompt)}</b><small>${facts.map(html).join(" · ")}</small></figcaption></figure>`;
}
