import { expect, test } from "../fixtures";
import { DIALOGS, itemWithDialog, PAGES, SCENES } from "../pages";

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(`axe finds nothing, ${colorScheme},`, () => {
    test.use({ colorScheme });

    for (const [name, path] of Object.entries(PAGES)) {
      test(`on the ${name}`, async ({ api, visit, expectAccessible }) => {
        await visit(await path(api));
        await expectAccessible();
      });
    }

    for (const dialog of DIALOGS) {
      test(`in the dialog "${dialog.task}"`, async ({ item, api, visit, expectAccessible }) => {
        await visit(await itemWithDialog(api, dialog));
        await item.begin(dialog.task);
        await expectAccessible();
      });
    }

    for (const [name, { play, complaint }] of Object.entries(SCENES)) {
      test.describe("on", () => {
        test.use({ allowedComplaints: complaint ? [complaint] : [] });

        test(name, async ({ page, item, api, visit, another, expectAccessible }) => {
          await play({ page, item, api, visit, another });
          await expectAccessible();
        });
      });
    }
  });
}

test("the first Tab stop skips to the content", async ({ page, visit }) => {
  await visit("/inventory");
  await page.keyboard.press("Tab");
  await expect(page.locator(":focus")).toHaveText(/skip/i);
  await page.keyboard.press("Enter");
  await expect(page.locator("main :focus, main:focus")).toHaveCount(1);
});

test("focus and title move with the page", async ({ page, api, visit }) => {
  const { name } = await api.createItem({ name: `Focus ${Date.now()}` });
  await visit(`/inventory?search=${encodeURIComponent(name)}`);
  await page.getByRole("table").getByRole("link", { name }).click();
  await expect(page.getByRole("heading", { level: 1, name })).toBeFocused();
  await expect(page).toHaveTitle(new RegExp(name));
});

test("what a task did is announced", async ({ page, item, api, visit }) => {
  const { id } = await api.createItem({ on_hand: 40 });
  await visit(`/inventory/${id}`);
  await item.perform("Check in items", { Quantity: 12 });
  const announced = page.locator("[aria-live], [role=status], [role=alert]");
  await expect(announced.filter({ hasText: "Checked in 12. 52 on hand." }).first()).toBeAttached();
});
