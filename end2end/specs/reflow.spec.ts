import type { Page } from "@playwright/test";

import { expect, test } from "../fixtures";
import { DIALOGS, itemWithDialog, PAGES, SCENES } from "../pages";

/** WCAG 2.2, 1.4.10: at 320 px nobody has to scroll sideways to read a line. */
async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const wide = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const beyond = [...document.querySelectorAll("body *")].filter(
      (element) => element.getBoundingClientRect().right > clientWidth + 0.5,
    );
    return scrollWidth > clientWidth ? beyond.map((element) => element.outerHTML.slice(0, 120)) : [];
  });
  expect(wide).toEqual([]);
  for (const dialog of await page.getByRole("dialog").all()) {
    const [scroll, client] = await dialog.evaluate(({ scrollWidth, clientWidth }) => [scrollWidth, clientWidth] as const);
    expect(scroll, "the dialog's width").toBeLessThanOrEqual(client);
  }
}

test.describe("At 320 px", { tag: "@phone" }, () => {
  for (const [name, path] of Object.entries(PAGES)) {
    test(`the ${name} fits`, async ({ page, api, visit }) => {
      await visit(await path(api));
      await expectNoSidewaysScroll(page);
    });
  }

  for (const dialog of DIALOGS) {
    test(`the dialog "${dialog.task}" fits, and its button can be reached`, async ({ page, item, api, visit }) => {
      await visit(await itemWithDialog(api, dialog));
      await item.begin(dialog.task);
      await expectNoSidewaysScroll(page);
      await item.primary(dialog.task).scrollIntoViewIfNeeded();
      await expect(item.primary(dialog.task)).toBeInViewport();
    });
  }

  for (const [name, { play, complaint }] of Object.entries(SCENES)) {
    test.describe("the layout fits:", () => {
      test.use({ allowedComplaints: complaint ? [complaint] : [] });

      test(name, async ({ page, item, api, visit, another }) => {
        await play({ page, item, api, visit, another });
        await expectNoSidewaysScroll(page);
      });
    });
  }

  test("a thumb can hit every control", async ({ page, api, visit }) => {
    const { id } = await api.createItem({ on_hand: 12 });
    await visit(`/inventory/${id}`);
    // WCAG 2.2, 2.5.8: 24 by 24 CSS pixels at least.
    const small = await page.locator("button:visible, input:visible, summary:visible, nav a:visible").evaluateAll((all) =>
      all
        .map((element) => ({ rect: element.getBoundingClientRect(), html: element.outerHTML.slice(0, 120) }))
        .filter(({ rect }) => rect.width < 24 || rect.height < 24)
        .map(({ html }) => html),
    );
    expect(small).toEqual([]);
  });
});
