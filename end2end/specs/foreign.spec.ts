import type { Page } from "@playwright/test";

import { newSku } from "../api";
import { expect, test } from "../fixtures";
import { createButton, field, fill } from "../item-page";
import { answered } from "../pages";

/** The changes that others make to a page in transit or before hydration. */
const HANDS: Record<string, (html: string) => string> = {
  "a translator that wraps texts": (html) =>
    html.replace(/(<p [^>]*class="figure-name"[^>]*>)([^<]+)/g, "$1<font><font>$2</font></font>"),
  "a password manager that puts an element after each input": (html) =>
    html.replace(/<input [^>]*>/g, "$&<div data-manager></div>"),
  "an extension that comes first in the body": (html) => html.replace("<body>", "<body><div id=foreign></div>"),
  "a reader that wraps the whole page": (html) =>
    html.replace("<body>", "<body><div id=foreign>").replace("</body>", "</div></body>"),
  "a proxy that strips comments": (html) => html.replace(/<!(?!DOCTYPE)[^>]*>/g, ""),
};

/** Changes each page before the browser receives it. */
async function handOver(page: Page, change: (html: string) => string): Promise<void> {
  await page.route(/\/(inventory.*)?$/, async (route) => {
    const response = await route.fetch();
    const html = await response.text();
    const changed = change(html);
    expect(changed).not.toBe(html);
    await route.fulfill({ response, body: changed });
  });
}

/** Everything that the page logs from here on. */
function consoleOf(page: Page): string[] {
  const told: string[] = [];
  page.on("console", (message) => told.push(message.text()));
  return told;
}

test.describe("A page that was changed in transit", () => {
  // The page of a refused form has the status of the refusal.
  test.use({ allowedComplaints: [new RegExp(`This page was changed after the server sent it|${answered("422").source}`)] });

  for (const [whose, change] of Object.entries(HANDS)) {
    test(`works nevertheless: ${whose}`, async ({ page, item, api, visit }) => {
      const { id, name } = await api.createItem({ on_hand: 40 });
      await handOver(page, change);
      const told = consoleOf(page);

      await visit(`/inventory/${id}?version=1`);
      await expect(item.viewing(1, 2)).toBeVisible();
      await expect(item.figure("On hand")).toHaveText("0");
      await item.button("Return to now").click();
      await expect(item.figure("On hand")).toHaveText("40");
      await item.perform("Remove items", { Quantity: 12, Reason: "sold" });
      await expect(item.figure("On hand")).toHaveText("28");
      await expect(item.name).toHaveCount(1);

      await page.getByRole("link", { name: "Inventory" }).first().click();
      await expect(page.getByRole("heading", { name: "Inventory", level: 1 })).toBeVisible();
      await page.getByRole("searchbox").fill(name);
      await expect(page.getByRole("rowheader")).toHaveText([name]);
      expect(told).toEqual([expect.stringContaining("This page was changed after the server sent it")]);
    });
  }

  test("keeps the outcome of a posted form", async ({ page, api, visit }) => {
    const { sku } = await api.createItem();
    await visit("/inventory/new");
    const told = consoleOf(page);
    await handOver(page, HANDS["an extension that comes first in the body"]!);
    await fill(page, { Name: "Assam", SKU: sku, Unit: "bag" });
    await page.locator("form[method=post]").evaluate((form) => (form as HTMLFormElement).submit());
    await expect(page.getByRole("alert")).toContainText("is taken by");
    await expect(page.locator("html[data-hydrated]")).toBeAttached();
    await expect(field(page, "Name")).toHaveValue("Assam");
    await field(page, "SKU").fill(newSku());
    await createButton(page).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Assam");
    expect(told.filter((text) => text.includes("This page was changed after the server sent it"))).toHaveLength(1);
  });
});

test.describe("A program that breaks", () => {
  test.use({ allowedComplaints: [/panicked at/] });

  // The same nodes, in another order.
  const reorder = (html: string): string =>
    html.replace(/(<a [^>]*class="skip"[^>]*>[^<]*(?:<!>)*<\/a>)(<div class="frame">)/, "$2$1");

  test("logs exactly one error", async ({ page, item, api }) => {
    const { id } = await api.createItem({ on_hand: 40 });
    await handOver(page, reorder);
    const told = consoleOf(page);
    await page.goto(`/inventory/${id}`);
    await expect.poll(() => told.length).toBe(1);

    // A broken page ignores all the events that a working page listens to.
    await item.slider.fill("1");
    await page.keyboard.press("Tab");
    await item.name.click();
    await page.evaluate(async () => {
      for (const name of ["focus", "online", "offline", "popstate", "pageshow", "scroll"]) {
        window.dispatchEvent(new Event(name));
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    });
    expect(told).toEqual([expect.stringContaining("panicked at")]);
  });

  test("leaves the page as it is without JavaScript", async ({ page, item, api }) => {
    const { id } = await api.createItem({ on_hand: 40 });
    const told = consoleOf(page);
    await handOver(page, reorder);

    await page.goto(`/inventory/${id}?version=1`);
    await expect.poll(() => told.length).toBe(1);
    await expect(page.locator("html[data-hydrated]")).toHaveCount(0);
    await expect(item.viewing(1, 2)).toBeVisible();
    await expect(item.figure("On hand")).toHaveText("0");
    await item.button("Return to now").click();
    await expect(page).toHaveURL(new RegExp(`/inventory/${id}\\??$`));
    await expect(item.figure("On hand")).toHaveText("40");

    await item.begin("Remove items");
    await item.fill({ Quantity: 12, Reason: "sold" });
    await item.primary("Remove items").click();
    await expect(item.figure("On hand")).toHaveText("28");
    await page.getByRole("link", { name: "Inventory" }).first().click();
    await expect(page.getByRole("heading", { name: "Inventory", level: 1 })).toBeVisible();
    expect((await api.state(id)).on_hand).toBe(28);
  });
});

test.describe("A page that is translated after hydration", () => {
  /** Replaces each text node by an element with another text, as Chromium's translator does. */
  async function translate(page: Page): Promise<void> {
    await page.evaluate(() => {
      const texts: Text[] = [];
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {
        const text = walker.currentNode as Text;
        if (text.data.trim() && !text.parentElement!.closest("[translate=no], script, style, svg")) {
          texts.push(text);
        }
      }
      for (const text of texts) {
        const font = document.createElement("font");
        font.append(`«${text.data}»`);
        text.replaceWith(font);
      }
    });
  }

  test("stays up to date", async ({ page, item, api, visit }) => {
    const { id } = await api.createItem({ name: "Beans", max_quantity: 100, on_hand: 5 });
    await api.command(id, "RenameInventoryItem", { name: "Arabica" });
    await visit(`/inventory/${id}`);
    const room = page.locator(".figure-note");
    await expect(room.filter({ hasText: "room for 95" })).toBeVisible();

    await translate(page);
    await expect(page.locator(".figure-name").first()).toContainText("«On hand»");
    await page.getByRole("button", { name: "Check in items" }).click();
    await item.fill({ Quantity: 7 });
    await expect(item.dialog).toContainText("After this: 12 on hand, room for 88 more.");
    await item.primary("Check in items").click();

    await expect(page.getByRole("dialog")).toHaveCount(0);
    await expect(page.getByRole("status", { name: /On hand/ })).toHaveText("12");
    await expect(room.filter({ hasText: "room for" })).toHaveText("room for 88");
    await expect(item.entries.first()).toContainText("Checked in 7");

    await item.slider.fill("2");
    await expect(page.getByText("Viewing version 2 of 4")).toBeVisible();
    await expect(item.name).toHaveText("Beans");
    await expect(page.getByText("version 2 of 4", { exact: false }).first()).toBeVisible();
    await expect(page.getByRole("status", { name: /On hand/ })).toHaveText("5");
  });

  test("updates the count of a list", async ({ page, api, visit }) => {
    const { name } = await api.createItem();
    await visit("/inventory");
    await translate(page);
    await page.getByRole("searchbox").fill(name);
    await expect(page.getByRole("rowheader")).toHaveCount(1);
    await expect(page.getByRole("search").getByRole("status")).toHaveText("1 item");
  });
});
