/** The page in a browser: Debian's Chromium, or the one that CHROMIUM names. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { AxeBuilder } from "@axe-core/playwright";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeGallery } from "../../src/gallery/write-gallery.js";
import { writeMixedItems } from "../support/gallery-items.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const missing = existsSync(executablePath) ? "" : ` (skipped: there is no ${executablePath}; apt-get install chromium)`;

const folder = temporaryFolder();
let browser: Browser;

describe.skipIf(missing !== "")(`the page of a gallery${missing}`, { timeout: 180_000 }, () => {
  beforeAll(async () => {
    await writeMixedItems(folder, 12);
    await writeGallery({ folder });
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  }, 180_000);
  afterAll(() => browser?.close());

  async function opened(options: Parameters<Browser["newContext"]>[0]): Promise<{ page: Page; errors: string[] }> {
    const page = await (await browser.newContext(options)).newPage();
    const errors: string[] = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) errors.push(message.text());
    });
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("request", (request) => {
      if (!/^(file|data|blob):/.test(request.url())) errors.push(`asks for ${request.url()}`);
    });
    await page.goto(pathToFileURL(join(folder, "index.html")).href);
    return { page, errors };
  }
  const shownPrompts = (page: Page) => page.locator("#cards h3").allTextContents();
  const violations = async (page: Page) =>
    (await new AxeBuilder({ page }).analyze()).violations.map(({ id, nodes }) => [id, nodes[0]?.html]);

  test.each(["light", "dark"] as const)(
    "has no faults that axe knows, in %s mode, with and without the large view",
    async (colorScheme) => {
      const { page, errors } = await opened({ colorScheme });
      expect(await violations(page)).toEqual([]);
      await page.locator("#cards h3 a").first().click();
      expect(await violations(page)).toEqual([]);
      expect(errors).toEqual([]);
      await page.context().close();
    },
  );

  test("filters, arranges, opens, turns and copies", async () => {
    const { page, errors } = await opened({ permissions: ["clipboard-read", "clipboard-write"] });
    await page.selectOption("[name=medium]", "mesh");
    expect(await shownPrompts(page)).toEqual(["red apple box"]);
    expect(await page.locator("output").textContent()).toBe("1 of 15");
    await page.locator("#cards h3 a").click();
    const turning = page.locator("dialog .turning");
    const view = () => turning.getAttribute("style");
    const before = await view();
    await page.locator("dialog input[type=range]").press("ArrowRight");
    expect(await view()).not.toBe(before);
    await page.keyboard.press("Escape");

    await page.selectOption("[name=medium]", "");
    await page.selectOption("[name=style]", "plain");
    expect(await page.locator("output").textContent()).toBe("12 of 15");
    await page.selectOption("[name=style]", "");
    await page.keyboard.press("Tab");
    await page.fill("[name=prompt]", "APPLE 3");
    expect(await shownPrompts(page)).toEqual(["red apple 3"]);
    await page.fill("[name=prompt]", "");
    await page.selectOption("[name=arrange]", "order");
    expect(await page.locator("#cards h2").allTextContents()).toEqual(["next-scale", "next-token"]);
    await page.selectOption("[name=order]", "next-scale");
    expect(await shownPrompts(page)).toHaveLength(6);

    await page.locator("#cards h3 a").first().focus();
    await page.keyboard.press("Enter");
    const title = page.locator("dialog #title");
    expect(await title.textContent()).toBe("red apple 1");
    await page.keyboard.press("ArrowRight");
    expect(await title.textContent()).toBe("red apple 11");
    await page.click("#copy");
    const command = await page.locator("#command").textContent();
    expect(command).toContain("npx tessera-sdk image 'red apple 11'");
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(command);
    await page.keyboard.press("Escape");
    expect(await page.locator("dialog").isVisible()).toBe(false);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  test("has two columns on a phone, and nothing beyond its edge", async () => {
    const { page } = await opened({ viewport: { width: 390, height: 844 } });
    const lefts = await page
      .locator("#cards > li")
      .evaluateAll((cards) => cards.map((card) => card.getBoundingClientRect().left));
    expect(new Set(lefts.map(Math.round)).size).toBe(2);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);
    await page.context().close();
  });

  test("shows everything without scripts, too", async () => {
    const { page } = await opened({ javaScriptEnabled: false });
    expect(await page.locator("#cards > li").count()).toBe(15);
    await page.context().close();
  });
});
