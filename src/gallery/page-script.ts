/**
 * What the page does in the browser: filters, arranges, opens the large view, copies the command. It stands here as text because it is written into
 * the page as it is; without it the page still shows everything, and its links lead to the files.
 */
import { VIEWS } from "./card.js";

export const PAGE_SCRIPT = `
"use strict";
{
  const $ = (selector, within = document) => within.querySelector(selector);
  const form = $("form"), list = $("#cards"), dialog = $("dialog"), count = $("output");
  const items = [...list.children];

  // Filters, and headings where cards are arranged by something.
  const update = () => {
    const wanted = Object.fromEntries(new FormData(form));
    const words = wanted.prompt.toLowerCase().split(/\\s+/).filter(Boolean);
    const fits = ({ dataset }) =>
      ["medium", "model", "style", "order"].every((name) => !wanted[name] || dataset[name] === wanted[name]) &&
      words.every((word) => dataset.prompt.toLowerCase().includes(word));
    const kept = items.filter(fits);
    count.textContent = kept.length + " of " + items.length;
    if (!wanted.arrange) return list.replaceChildren(...kept);
    const groups = new Map();
    for (const item of kept) {
      const name = item.dataset[wanted.arrange];
      groups.set(name, [...(groups.get(name) ?? []), item]);
    }
    const headed = [...groups].sort(([a], [b]) => a.localeCompare(b)).flatMap(([name, members]) => {
      const heading = document.createElement("li");
      heading.className = "heading";
      heading.append(document.createElement("h2"));
      heading.firstChild.textContent = name;
      return [heading, ...members];
    });
    list.replaceChildren(...headed);
  };
  form.addEventListener("input", update);

  // The large view.
  let shown = null;
  const show = (item) => {
    shown = item;
    const article = $("article", item);
    const view = $(".view", item).cloneNode(true);
    const box = document.createElement("div");
    box.className = article.className;
    box.append(view);
    const turning = $(".turning", view);
    if (turning) box.append(turner(turning));
    const strip = $(".strip", item);
    if (strip) box.append(strip.cloneNode(true));
    $("#large").replaceChildren(box);
    $("#title").textContent = item.dataset.prompt;
    $("#facts").textContent = [...article.querySelectorAll("small")].map((small) => small.textContent).join(" · ");
    const { command, file } = item.dataset;
    $("#command").textContent = command || "No command of words makes this again: it was made from other inputs.";
    $("#copy").hidden = !command;
    const path = $("h3 a", item).getAttribute("href");
    $("#open").href = path;
    $("#open").textContent = file.split("/").at(-1);
    $("#manifest").href = path + ".json";
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
  };
  const turner = (turning) => {
    const range = Object.assign(document.createElement("input"), { type: "range", min: 0, max: ${VIEWS - 1}, value: 0 });
    range.setAttribute("aria-label", "Turn");
    const turn = () => { turning.style.backgroundPosition = (100 * range.value) / ${VIEWS - 1} + "% 0"; };
    range.addEventListener("input", turn);
    turning.addEventListener("pointerdown", (event) => turning.setPointerCapture(event.pointerId));
    turning.addEventListener("pointermove", (event) => {
      if (!event.buttons) return;
      const steps = Math.round((event.movementX / turning.clientWidth) * ${VIEWS} * 2) || Math.sign(event.movementX);
      range.value = (Number(range.value) - steps + ${VIEWS}) % ${VIEWS};
      turn();
    });
    turn();
    return range;
  };
  const step = (by) => {
    const cards = [...list.children].filter((item) => item.dataset.file !== undefined);
    show(cards[(cards.indexOf(shown) + by + cards.length) % cards.length]);
  };
  list.addEventListener("click", (event) => {
    const link = event.target.closest("h3 a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(link.closest("li"));
  });
  $("#before").addEventListener("click", () => step(-1));
  $("#after").addEventListener("click", () => step(1));
  $("#close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => { $("#large").replaceChildren(); $("h3 a", shown)?.focus(); });
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("input, select, audio")) return;
    if (dialog.open && event.key === "ArrowLeft") step(-1);
    if (dialog.open && event.key === "ArrowRight") step(1);
    if (!dialog.open && event.key === "/") { event.preventDefault(); form.prompt.focus(); }
  });

  $("#copy").addEventListener("click", async () => {
    const text = $("#command").textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch { // a page from a file may not be allowed to
      getSelection().selectAllChildren($("#command"));
      document.execCommand("copy");
    }
    $("#copy").textContent = "Copied";
    setTimeout(() => { $("#copy").textContent = "Copy command"; }, 1500);
  });
}
`;
