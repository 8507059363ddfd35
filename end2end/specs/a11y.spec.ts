import { expect, test } from "../fixtures";
import { DIALOGS, itemWithDialog, MISSING_PAGES, PAGES } from "../pages";

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

    test("in a dialog that refuses", async ({ item, api, visit, expectAccessible }) => {
      const { id } = await api.createItem({ on_hand: 12 });
      await visit(`/inventory/${id}`);
      await item.begin("Remove items");
      await item.fill({ Quantity: 13, Reason: "sold" });
      await expect(item.dialog).toContainText(/only 12 on hand/i);
      await expectAccessible();
    });

    test.describe("in a dialog that", () => {
      test.use({ allowedComplaints: [/Failed to load resource: the server responded with a status of 409/] });

      test("tells of a conflict", async ({ item, api, visit, expectAccessible }) => {
        const { id } = await api.createItem({ name: "Beans" });
        await visit(`/inventory/${id}`);
        await item.begin("Rename item");
        await item.fill({ "New name": "Arabica" });
        await api.command(id, "RenameInventoryItem", { name: "Robusta" });
        await item.primary("Rename item").click();
        await expect(item.dialog).toContainText("renamed it to “Robusta”");
        await expectAccessible();
      });
    });

    test("on an opened entry of the timeline", async ({ item, api, visit, expectAccessible }) => {
      const { id } = await api.createItem({ on_hand: 12 });
      await visit(`/inventory/${id}`);
      await item.entries.first().locator("summary").first().click();
      await expectAccessible();
    });

    test("on the list of nothing yet", async ({ untouched, visit, expectAccessible }) => {
      await visit(`${untouched.url}/inventory`);
      await expectAccessible();
    });

    test.describe("on what is missing:", () => {
      test.use({ allowedComplaints: [/Failed to load resource: the server responded with a status of 404/] });

      for (const [name, path] of Object.entries(MISSING_PAGES)) {
        test(name, async ({ visit, expectAccessible }) => {
          await visit(path);
          await expectAccessible();
        });
      }
    });
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
