import type { Locator } from "@playwright/test";

import { expect, test } from "../fixtures";

const LONG = "A name of many words ".repeat(9).trim();

/** The number of lines of text that an element shows. */
async function linesOf(text: Locator): Promise<number> {
  return text.evaluate((element) => {
    const { lineHeight } = getComputedStyle(element);
    return Math.round(element.getBoundingClientRect().height / parseFloat(lineHeight));
  });
}

for (const tag of ["@desk", "@phone"]) {
  test.describe(`Long content, ${tag.slice(1)},`, { tag }, () => {
    for (const on_hand of [1_000_000_000, 9_007_199_254_740_991]) {
      test(`${on_hand} on hand stands on one line`, async ({ page, item, api, visit }) => {
        const { id } = await api.createItem({ on_hand: Math.min(on_hand, 1_000_000_000), max_quantity: 1_000_000_000 });
        if (on_hand > 1_000_000_000) {
          // So many check-ins would take too long, so the test sets the text of the figure.
          await visit(`/inventory/${id}`);
          await item.figure("On hand").evaluate((figure, text) => {
            figure.textContent = text;
            figure.parentElement!.dataset.length = "longest";
          }, on_hand.toLocaleString("en"));
        } else {
          await visit(`/inventory/${id}`);
        }
        for (const figure of ["On hand", "Maximum"] as const) {
          expect(await linesOf(item.figure(figure)), figure).toBe(1);
          const [inner, outer] = await item.figure(figure).evaluate((element) => [
            element.getBoundingClientRect().right,
            element.parentElement!.getBoundingClientRect().right,
          ] as const);
          expect(inner, `${figure} in its cell`).toBeLessThanOrEqual(outer);
        }
        expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
      });
    }

    test("a name takes at most two lines in a list and on the home page", async ({ page, api, visit }) => {
      const { id, name, sku } = await api.createItem({ name: LONG, sku: `${"S".repeat(170)}-${Date.now()}` });
      for (const path of [`/inventory?search=${encodeURIComponent(sku)}`, "/"]) {
        await visit(path);
        const link = page.locator(`main a[href="/inventory/${id}"]`);
        await expect(link).toHaveText(name);
        expect(await linesOf(link.locator("bdi")), path).toBeLessThanOrEqual(2);
      }
    });

    test("a large figure is not broken within its sentence", async ({ item, api, visit }) => {
      const { id } = await api.createItem();
      await api.command(id, "CheckInItems", { quantity: 1_000_000_000, reference: "PO 1182" });
      await visit(`/inventory/${id}`);
      const lines = await item.entries.first().locator(".sentence").evaluate((sentence, figure) => {
        const text = document.createTreeWalker(sentence, NodeFilter.SHOW_TEXT).nextNode()!;
        const range = document.createRange();
        const start = text.textContent!.indexOf(figure);
        range.setStart(text, start);
        range.setEnd(text, start + figure.length);
        return range.getClientRects().length;
      }, "1,000,000,000");
      expect(lines).toBe(1);
    });

    test("a reference takes at most three lines until its entry is opened", async ({ item, api, visit }) => {
      const { id } = await api.createItem();
      await api.command(id, "CheckInItems", { quantity: 12, reference: "Delivery note ".repeat(14).trim() });
      await visit(`/inventory/${id}`);
      const [entry] = [item.entries.first()];
      const sentence = entry.locator(".sentence");
      expect(await linesOf(sentence)).toBeLessThanOrEqual(3);
      await entry.locator("summary").first().click();
      await expect(entry).toContainText("Command id");
      expect(await sentence.evaluate((element) => element.scrollHeight <= element.clientHeight + 1)).toBe(true);
    });
  });
}
