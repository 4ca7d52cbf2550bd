/** The page of a gallery: cards that can be filtered and arranged, each with a large view and the command that makes it again. */
import { html } from "../base/html.js";
import { type Card, href, VIEWS } from "./card.js";
import { framed } from "./page-frame.js";
import { PAGE_SCRIPT } from "./page-script.js";

const STYLE = `
  form { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: .6rem .9rem; align-items: end; padding: .75rem 0;
    margin-bottom: 1rem; background: var(--paper); }
  label { display: grid; gap: .15rem; font-size: .8rem; color: var(--soft); }
  input, select, button { font: inherit; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
  input[type=search], select { padding: .35rem .6rem; max-width: 16rem; }
  output { margin-left: auto; color: var(--soft); font-size: .9rem; }
  #cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr)); margin: 0; padding: 0; list-style: none; }
  #cards > li { min-width: 0; content-visibility: auto; contain-intrinsic-size: auto 17rem; }
  #cards > .heading { grid-column: 1 / -1; contain-intrinsic-size: auto 3rem; }
  h2 { margin: 1rem 0 0; font-size: 1.1rem; overflow-wrap: anywhere; }
  .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); margin: 0; }
  article { position: relative; height: 100%; padding: .9rem; background: var(--card); border: 1px solid var(--line); border-radius: 1rem; }
  .view { display: grid; place-items: center; aspect-ratio: 1; border-radius: .6rem; overflow: hidden; background: var(--check); }
  .view img, .turning { display: block; width: 100%; height: 100%; object-fit: contain; }
  .layers { display: grid; width: 100%; height: 100%; }
  .layers img { grid-area: 1 / 1; min-height: 0; }
  .sound .view { align-content: space-evenly; background: none; }
  .wave { display: block; width: 100%; height: 5rem; }
  .view .spectrum { height: 4rem; object-fit: fill; border-radius: .25rem; }
  .wave path { stroke: var(--strong); stroke-width: .6; vector-effect: none; }
  audio { width: 100%; min-width: 0; }
  .turning { background: var(--strip) 0 0 / ${VIEWS}00% 100%; }
  @media (prefers-reduced-motion: no-preference) { .turning { animation: turning 8s steps(${VIEWS}, jump-none) infinite; } }
  @keyframes turning { to { background-position: 100% 0; } }
  article h3 { margin: .7rem 0 .1rem; font-size: 1rem; font-weight: 600; line-height: 1.3; overflow-wrap: anywhere;
    display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; }
  article h3 a { text-decoration: none; }
  article:not(.sound) h3 a::after { content: ""; position: absolute; inset: 0; border-radius: 1rem; }
  article small { display: block; }
  article small span { display: inline-block; }
  .strip { display: flex; gap: .25rem; margin-top: .5rem; }
  .strip img { flex: 1; min-width: 0; aspect-ratio: 1; background: var(--check); border-radius: .3rem; object-fit: contain; }
  dialog { width: min(54rem, 96vw); max-height: 94vh; padding: 1.25rem; color: var(--ink); background: var(--card);
    border: 1px solid var(--line); border-radius: 1rem; }
  dialog::backdrop { background: rgb(0 0 0 / .55); }
  dialog h2 { margin: 0 0 .75rem; }
  dialog .view { width: min(100%, 46vh); margin: 0 auto .75rem; }
  dialog .strip { justify-content: center; }
  dialog .strip img { flex: 0 1 4.5rem; }
  dialog .sound .view { aspect-ratio: auto; width: 100%; min-height: 10rem; }
  dialog .turning { animation: none; cursor: ew-resize; touch-action: none; }
  dialog input[type=range] { width: min(100%, 46vh); display: block; margin: 0 auto 1rem; }
  dialog pre { margin: .75rem 0; padding: .75rem; background: var(--paper); border-radius: .5rem; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .8rem; }
  .actions { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
  .actions button, .actions a { padding: .35rem .8rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--card); text-decoration: none; cursor: pointer; }
  .actions .end { margin-left: auto; }
  [hidden] { display: none !important; }
  @media (max-width: 32rem) {
    #cards { grid-template-columns: 1fr 1fr; gap: .6rem; }
    article { padding: .6rem; }
    article small.made { display: none; }
    form { position: static; }
    label { flex: 1 1 40%; }
    input[type=search], select { max-width: none; width: 100%; }
  }
`;

/** What stands above the cards. */
export interface PageHead {
  readonly title: string;
  /** HTML, escaped already. */
  readonly notes: readonly string[];
}

/** The HTML of the page. Cards come in an order in which prompts take turns, so that the first rows show what there is. */
export function pageOf({ title, notes }: PageHead, cards: readonly Card[]): string {
  return framed({
    title: `${title} · Tessera gallery`,
    style: STYLE,
    header: `<h1>${html(title)}</h1>\n${notes.map((note) => `<p>${note}</p>`).join("\n")}`,
    main: `${formOf(cards)}
<h2 class="unseen">What was made</h2>
<ul id="cards">
${inTurn(cards).map(itemOf).join("\n")}
</ul>`,
    tail: `<dialog aria-labelledby="title">
<h2 id="title"></h2>
<div id="large"></div>
<p><small id="facts"></small></p>
<pre id="command" tabindex="0"></pre>
<div class="actions"><button type="button" id="copy">Copy command</button><a id="open" href="">File</a><a id="manifest" href="">Manifest</a>
<button type="button" id="before" class="end" aria-label="Previous">←</button><button type="button" id="after" aria-label="Next">→</button><button type="button" id="close">Close</button></div>
</dialog>
<script>${PAGE_SCRIPT}</script>
`,
  });
}

const MEDIA = { picture: "pictures", sound: "sounds", mesh: "meshes", mask: "masks" } as const;

function formOf(cards: readonly Card[]): string {
  const values = (of: (card: Card) => string) => [...new Set(cards.map(of))].sort();
  const select = (name: string, label: string, options: readonly (readonly [value: string, shown: string])[]) =>
    options.length < 2
      ? ""
      : `<label>${label}<select name="${name}"><option value="">all</option>${options
          .map(([value, shown]) => `<option value="${html(value)}">${html(shown)}</option>`)
          .join("")}</select></label>`;
  const plain = (value: string) => [value, value] as const;
  const media = values(({ medium }) => medium).map((medium) => [medium, MEDIA[medium as Card["medium"]]] as const);
  return `<form role="search" onsubmit="return false">
<label>Prompt<input type="search" name="prompt" placeholder="words" autocomplete="off"></label>
${select("medium", "Medium", media)}
${select("model", "Model", values(({ model }) => model).map(plain))}
${select(
  "style",
  "Style or voice",
  values(({ style }) => style)
    .filter(Boolean)
    .map(plain),
)}
${select("order", "Order of decoding", values(({ order }) => order).map(plain))}
<label>Arrange<select name="arrange"><option value="">varied</option><option value="prompt">by prompt</option><option value="model">by model</option><option value="order">by order of decoding</option></select></label>
<output aria-live="polite">${cards.length} of ${cards.length}</output>
</form>`;
}

function itemOf({ file, medium, prompt, model, style, order, facts, command, shown, previews }: Card): string {
  const data = Object.entries({ file, medium, prompt, model, style, order, command: command ?? "" })
    .map(([name, value]) => `data-${name}="${html(value)}"`)
    .join(" ");
  const [first, ...rest] = facts;
  const strip = previews.map((path) => `<img src="${href(path)}" alt="" loading="lazy" decoding="async">`).join("");
  const made = [model, order, ...rest].map((fact) => `<span>${html(fact)}</span>`).join(" · ");
  return `<li ${data}><article class="${medium}"><div class="view">${shown}</div>${strip && `<div class="strip">${strip}</div>`}
<h3><a href="${href(file)}">${html(prompt) || "no words"}</a></h3><small>${html(first ?? "")}</small><small class="made">${made}</small></article></li>`;
}

/** The first item of each prompt, then the second of each, and so on. */
export function inTurn<T extends { readonly prompt: string }>(items: readonly T[]): readonly T[] {
  const rounds: T[][] = [];
  const counts = new Map<string, number>();
  for (const item of items) {
    const round = counts.get(item.prompt) ?? 0;
    counts.set(item.prompt, round + 1);
    (rounds[round] ??= []).push(item);
  }
  return rounds.flat();
}
