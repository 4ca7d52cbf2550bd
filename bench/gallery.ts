/**
 * npm run bench -- gallery: a page over 1,000 generated files in headless Chromium, from the request to the first row on the screen and to the
 * load event, in a browser that has just started and in one that has opened it before.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium, type Page } from "playwright-core";
import { writeGallery } from "../src/gallery/write-gallery.js";
import { writeMixedItems } from "../test/support/gallery-items.js";

const ITEMS = 1000;
const TIMES = 3;

const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(2);

async function opened(page: Page, url: string): Promise<string> {
  const started = performance.now();
  await page.goto(url, { waitUntil: "commit" });
  await page.locator("#cards li img").first().waitFor({ state: "visible" });
  const shown = performance.now() - started;
  await page.waitForLoadState("load");
  return `first row after ${seconds(shown)} s, loaded after ${seconds(performance.now() - started)} s`;
}

export async function gallery(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "tessera-gallery-"));
  try {
    await writeMixedItems(folder, ITEMS - 3 /* a sound, a shape, a mask */);
    const began = performance.now();
    const { page: path, items } = await writeGallery({ folder });
    console.log(`gallery of ${items} items, written in ${seconds(performance.now() - began)} s`);
    const url = pathToFileURL(path).href;
    for (let i = 0; i < TIMES; i++) {
      const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
      const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
      try {
        const page = await browser.newPage();
        console.log(`  new browser: ${await opened(page, url)}`);
        console.log(`  again:       ${await opened(page, url)}`);
      } finally {
        await browser.close();
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
