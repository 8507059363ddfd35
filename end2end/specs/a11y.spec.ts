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

test("the effect of a task is announced", async ({ page, item, api, visit }) => {
  const { id } = await api.createItem({ on_hand: 40 });
  await visit(`/inventory/${id}`);
  await item.perform("Check in items", { Quantity: 12 });
  const announced = page.locator("[aria-live], [role=status], [role=alert]");
  await expect(announced.filter({ hasText: "Checked in 12. 52 on hand." }).first()).toBeAttached();
});

test.describe("In forced colours,", () => {
  test.use({ forcedColors: "active", colorScheme: "dark" });

  test("an icon is as visible as the text beside it", async ({ page, api, visit }) => {
    const { id } = await api.createItem({ on_hand: 12 });
    for (const [path, name] of [
      ["/inventory", "Create item"],
      [`/inventory/${id}`, "Check in items"],
    ] as const) {
      await visit(path);
      const button = page.locator(".button.primary").filter({ hasText: name }).first();
      for (const point of [() => page.mouse.move(0, 0), () => button.hover()]) {
        await point();
        const { icon, ground } = await button.evaluate((element) => ({
          icon: getComputedStyle(element.querySelector("svg")!).stroke,
          ground: getComputedStyle(element).backgroundColor,
        }));
        expect(contrast(icon, ground), `${name}: ${icon} on ${ground}`).toBeGreaterThan(4.5);
      }
    }
  });
});

/** The contrast ratio of two colours (WCAG 2.2, 1.4.3). */
function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light! + 0.05) / (dark! + 0.05);
}

function luminance(colour: string): number {
  const [r, g, b] = colour.match(/\d+/g)!.slice(0, 3).map((channel) => {
    const c = Number(channel) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}
