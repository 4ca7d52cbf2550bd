/** The report of a failure: one HTML file that needs nothing beside it. */
import { html } from "../base/html.js";
import { digits, type Figure, within } from "./medium.js";
import type { Verdict } from "./golden-matcher.js";

const STYLE = `
  :root { color-scheme: light dark; --paper: light-dark(#f7f5f2, #17181b); --card: light-dark(#fff, #202227);
    --ink: light-dark(#26241f, #ecebe8); --soft: light-dark(#6a655d, #a5a39d); --line: light-dark(#e6e2da, #31343a);
    --bad: light-dark(#b3261e, #ff8a80); --good: light-dark(#1b6e3c, #7fd6a0); }
  body { margin: 0; padding: 2.5rem clamp(1rem, 4vw, 4rem); background: var(--paper); color: var(--ink);
    font: 16px/1.5 ui-sans-serif, system-ui, sans-serif; }
  h1 { font-size: 1.6rem; letter-spacing: -.02em; margin: 0; }
  h2 { font-size: 1rem; margin: 0 0 .5rem; }
  p, pre { color: var(--soft); margin: .25rem 0; }
  pre { overflow: auto; font-size: .8rem; }
  table { border-spacing: 0 .15rem; margin: 1.25rem 0; font-variant-numeric: tabular-nums; }
  th, td { text-align: left; padding-right: 1.5rem; font-weight: 400; }
  .bad { color: var(--bad); } .good { color: var(--good); }
  main { display: flex; flex-wrap: wrap; gap: 1.25rem; margin-top: 1.5rem; }
  section { padding: 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; max-width: 100%; box-sizing: border-box; }
  img { display: block; max-width: 100%; min-width: min(16rem, 100%); image-rendering: pixelated;
    background: repeating-conic-gradient(light-dark(#e9e7e3, #2b2e34) 0 25%, light-dark(#fff, #202227) 0 50%) 0 0 / 16px 16px; }
`;

/** The HTML of a report. */
export function reportOf(
  { test, golden, noun }: { readonly test: string; readonly golden: string; readonly noun: string },
  { comparison, tolerance }: Verdict,
  origins: readonly string[],
  figures: readonly Figure[],
): string {
  const rows = comparison.measures.map((measure) => {
    const limit = tolerance[measure.name]!;
    const [kind, word] = within(measure, limit) ? ["good", "within"] : ["bad", "beyond"];
    const bound = `at ${measure.better === "higher" ? "least" : "most"} ${digits(limit)}`;
    const number = `${digits(measure.value)} ${measure.unit}`;
    return `<tr><th scope="row">${html(measure.label)}</th><td class="${kind}">${html(number)}</td><td>${bound}</td><td class="${kind}">${word}</td></tr>`;
  });
  const said = [...(comparison.mismatch === null ? [] : [comparison.mismatch]), ...comparison.notes];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${html(test)} · Tessera report</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${html(test)}</h1>
<p>The ${noun} differs from its golden, ${html(golden)}</p>
${rows.length === 0 ? "" : `<table><tbody>${rows.join("")}</tbody></table>`}
${said.map((line) => `<p>${html(line)}</p>`).join("\n")}
${origins.length === 0 ? "" : `<pre>${html(origins.join("\n"))}</pre>`}
</header>
<main>
${figures.map(sectionOf).join("\n")}
</main>
</body>
</html>
`;
}

function sectionOf({ title, mediaType, bytes }: Figure): string {
  const data = `data:${mediaType};base64,${Buffer.from(bytes).toString("base64")}`;
  const label = html(title);
  const shown = {
    "image/png": () => `<img src="${data}" alt="${label}">`,
    "audio/wav": () => `<audio controls src="${data}" aria-label="${label}"></audio>`,
    "text/plain": () => `<pre>${html(Buffer.from(bytes).toString("utf8"))}</pre>`,
  }[mediaType]();
  return `<section><h2>${label}</h2>${shown}</section>`;
}
