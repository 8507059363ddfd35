import type { Locator } from "@playwright/test";

import { expect, test } from "../fixtures";
import { PAGES } from "../pages";

test.describe("On paper", { tag: "@both" }, () => {
  for (const [name, path] of Object.entries(PAGES)) {
    test(`the ${name} has no controls`, async ({ page, api, visit }) => {
      await page.emulateMedia({ media: "print" });
      await visit(await path(api));
      const controls = page.locator("button, input[type=range], .rail nav, .crumbs, .skip, a.button").filter({ visible: true });
      await expect(controls).toHaveCount(0);
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    });
  }

  test("long texts are not cut off", async ({ page, item, api, visit }) => {
    const name = `Printed ${Date.now()} ${"and many words more ".repeat(8).trim()}`;
    const { id } = await api.createItem({ name });
    await api.command(id, "CheckInItems", { quantity: 1, reference: "Delivery note ".repeat(14).trim() });
    await page.emulateMedia({ media: "print" });
    await visit(`/inventory/${id}`);
    await expectWhole(item.entries.first().locator(".sentence"));
    await visit(`/inventory?search=${encodeURIComponent(name)}`);
    await expectWhole(page.getByRole("row", { name }).getByRole("link").locator("bdi"));
  });

  test("a time is a date, in the list as in the timeline", async ({ page, item, api, visit, javaScriptEnabled }) => {
    const { id, name } = await api.createItem({ name: `Printed ${Date.now()}` });
    const { recorded_at } = (await api.changeSets(id))[0]!;
    await page.emulateMedia({ media: "print" });
    // The server knows no zone but UTC.
    const minute = recorded_at.slice(11, 16);
    const date = javaScriptEnabled === false ? `${recorded_at.slice(0, 10)} ${minute} UTC` : new RegExp(`^\\d+ \\w+ \\d{4}, ${minute}:\\d\\d UTC\\+00:00$`);
    for (const path of [`/inventory/${id}`, `/inventory?search=${encodeURIComponent(name)}`]) {
      await visit(path);
      const time = path.includes("?") ? page.getByRole("row", { name }).locator("time") : item.entries.first().locator("time");
      await expect(time).toHaveText(date, { useInnerText: true });
    }
  });
});

/** Expects that no line of the text is cut off. */
async function expectWhole(text: Locator): Promise<void> {
  expect(await text.evaluate(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight)).toBeLessThanOrEqual(1);
}
