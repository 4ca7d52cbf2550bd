/** What all pages share: one file without scripts, which follows the light or dark mode of the browser. */
import { html } from "../base/html.js";

const STYLE = `
  :root { color-scheme: light dark; --paper: light-dark(#f7f5f2, #17181b); --card: light-dark(#fff, #202227);
    --ink: light-dark(#26241f, #ecebe8); --soft: light-dark(#7b766d, #9a9892); --line: light-dark(#e6e2da, #31343a); }
  * { box-sizing: border-box; }
  body { margin: 0; padding: 4rem clamp(1rem, 5vw, 5rem); background: var(--paper); color: var(--ink);
    font: 16px/1.5 ui-sans-serif, system-ui, sans-serif; }
  header { max-width: 44rem; margin-bottom: 3rem; }
  h1 { margin: 0 0 .5rem; font-size: clamp(2rem, 5vw, 3.25rem); line-height: 1.05; letter-spacing: -.03em; }
  header p { margin: .25rem 0; color: var(--soft); }
  a { color: inherit; }
  b { display: block; font-weight: 600; }
  small { display: block; color: var(--soft); font-size: .8rem; font-variant-numeric: tabular-nums; }
  code { font-size: .85em; }
`;

export interface PageParts {
  readonly title: string;
  /** CSS of this page alone. */
  readonly style: string;
  /** HTML, escaped already, here and below. */
  readonly header: string;
  readonly main: string;
}

/** The HTML of a page. */
export const framed = ({ title, style, header, main }: PageParts): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
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
</body>
</html>
`;
