/** What all pages share: one file that needs nothing from elsewhere and follows the light or dark mode of the browser. */
import { html } from "../base/html.js";

const STYLE = `
  :root { color-scheme: light dark; --paper: light-dark(#f7f5f2, #17181b); --card: light-dark(#fff, #202227);
    --ink: light-dark(#26241f, #ecebe8); --soft: light-dark(#68635a, #a8a6a0); --line: light-dark(#e6e2da, #31343a);
    --strong: light-dark(#8a4b12, #f0b56b);
    --check: repeating-conic-gradient(light-dark(#efedea, #26282d) 0 25%, light-dark(#fff, #202227) 0 50%) 0 0 / 16px 16px; }
  * { box-sizing: border-box; }
  body { margin: 0; padding: clamp(1.5rem, 4vw, 4rem) clamp(1rem, 5vw, 5rem); background: var(--paper); color: var(--ink);
    font: 16px/1.5 ui-sans-serif, system-ui, sans-serif; }
  header { max-width: 46rem; margin-bottom: 2rem; }
  h1 { margin: 0 0 .5rem; font-size: clamp(1.8rem, 5vw, 3rem); line-height: 1.05; letter-spacing: -.03em; text-wrap: balance; }
  header p { margin: .25rem 0; color: var(--soft); }
  a { color: inherit; text-underline-offset: .2em; }
  :focus-visible { outline: 2px solid var(--strong); outline-offset: 2px; }
  small { color: var(--soft); font-size: .8rem; font-variant-numeric: tabular-nums; }
  code { font-size: .85em; overflow-wrap: anywhere; }
`;

export interface PageParts {
  readonly title: string;
  /** CSS of this page alone. */
  readonly style: string;
  /** HTML, escaped already, here and below. */
  readonly header: string;
  readonly main: string;
  /** What stands after the page's own parts: dialogs, scripts. */
  readonly tail?: string;
}

/** The HTML of a page. */
export const framed = ({ title, style, header, main, tail = "" }: PageParts): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${html(title)}</title>
<style>${STYLE}${style}</style>
</head>
<body>
<header>
${header}
</header>
<main>
${main}
</main>
${tail}</body>
</html>
`;
