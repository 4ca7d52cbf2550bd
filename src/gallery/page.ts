/** The page of a gallery: one file without scripts, beside its pictures. It follows the light or dark mode of the browser. */
import { type ImageModel, VERSION } from "../index.js";
import type { GalleryRow } from "./row.js";

const STYLE = `
  :root { color-scheme: light dark; --paper: light-dark(#f7f5f2, #17181b); --card: light-dark(#fff, #202227);
    --ink: light-dark(#26241f, #ecebe8); --soft: light-dark(#7b766d, #9a9892); --line: light-dark(#e6e2da, #31343a); }
  * { box-sizing: border-box; }
  body { margin: 0; padding: 4rem clamp(1rem, 5vw, 5rem); background: var(--paper); color: var(--ink);
    font: 16px/1.5 ui-sans-serif, system-ui, sans-serif; }
  header { max-width: 44rem; margin-bottom: 3rem; }
  h1 { margin: 0 0 .5rem; font-size: clamp(2rem, 5vw, 3.25rem); line-height: 1.05; letter-spacing: -.03em; }
  header p { margin: .25rem 0; color: var(--soft); }
  main { display: grid; gap: 1.25rem; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); }
  figure { margin: 0; padding: 1.25rem 1.25rem 1rem; background: var(--card); border: 1px solid var(--line); border-radius: 1rem; }
  img { display: block; width: 100%; aspect-ratio: 1; }
  figcaption { margin-top: .9rem; }
  b { display: block; font-weight: 600; }
  small { display: block; color: var(--soft); font-size: .8rem; font-variant-numeric: tabular-nums; }
  code { font-size: .85em; }
`;

/** The HTML of the page. Everything that came from outside is escaped. */
export function pageOf(model: ImageModel, rows: readonly GalleryRow[]): string {
  const device = model.device.name;
  const made = rows.filter((row) => row.milliseconds > 0).map((row) => row.milliseconds);
  const median = made.sort((a, b) => a - b)[Math.floor(made.length / 2)] ?? 0;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tessera gallery · ${html(model.name)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${html(model.name)}</h1>
<p>${rows.length} pictures drawn token by token on <code>${html(device)}</code>, ${html(model.precision)} weights, median ${median} ms each.</p>
<p>Made by a trained model with tessera ${html(VERSION)}, revision ${html(model.revision)}. Each file says so itself, and the
manifest beside it makes it again: <code>tessera verify ${html(rows[0]!.file)}.json</code></p>
</header>
<main>
${rows.map(figureOf).join("\n")}
</main>
</body>
</html>
`;
}

function figureOf({ file, prompt, style, seed, milliseconds, device }: GalleryRow): string {
  const facts = [style, `seed ${seed}`, ...(milliseconds > 0 ? [`${milliseconds} ms`] : []), device];
  const image = `<a href="${html(file)}"><img src="${html(file)}" alt="${html(`${prompt}, ${style}, generated`)}" loading="lazy"></a>`;
  return `<figure>${image}<figcaption><b>${html(prompt)}</b><small>${facts.map(html).join(" · ")}</small></figcaption></figure>`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const html = (text: string): string => text.replace(/[&<>"]/g, (c) => ENTITIES[c]!);
