import type { Page } from "@playwright/test";

import type { Api } from "../api";
import { expect, test } from "../fixtures";
import type { ItemPage } from "../item-page";

const NEWEST = 161;

/** One is checked in again and again; the limits change twice: at versions 3 and 4, and at 101 and 102. */
async function longHistory(api: Api): Promise<string> {
  const { id } = await api.createItem({ on_hand: 1 });
  const limit = async (level: number, max_quantity: number): Promise<void> => {
    await api.command(id, "SetReorderLevel", { level });
    await api.command(id, "ChangeMaxQuantity", { max_quantity });
  };
  await limit(4, 200);
  for (let version = 5; version <= NEWEST; version += 1) {
    if (version === 101) {
      await limit(10, 400);
      version += 1;
    } else {
      await api.command(id, "CheckInItems", { quantity: 1 });
    }
  }
  return id;
}

/** Where the chart's cursor is, and the thumb of the slider, as shares of the way from the first version to the last. */
async function places(page: Page, item: ItemPage): Promise<{ cursor: number; thumb: number }> {
  const x = (await page.locator(".chart .cursor").getAttribute("x1"))!;
  const [value, min, max] = await item.slider.evaluate((slider) => {
    const { value, min, max } = slider as HTMLInputElement;
    return [Number(value), Number(min), Number(max)] as const;
  });
  return { cursor: Number.parseFloat(x) / 100, thumb: (value - min) / (max - min) };
}

/** Everything on the page tells of version 40. */
async function expectVersion40(page: Page, item: ItemPage): Promise<void> {
  await expect(item.viewing(40, NEWEST)).toBeVisible();
  await expect(item.slider).toHaveValue("40");
  const { cursor, thumb } = await places(page, item);
  expect(Math.abs(cursor - thumb)).toBeLessThan(0.002);
  await expect(item.figure("On hand")).toHaveText("37");
  await expect(item.figure("Reorder level")).toHaveText("4");
  await expect(item.figure("Maximum")).toHaveText("200");
  const names = page.locator(".chart text");
  await expect(names.filter({ hasText: "reorder level" })).toHaveText("4 reorder level");
  await expect(names.filter({ hasText: "maximum" })).toHaveText("200 maximum");
  await expect(item.entries.and(page.locator("[aria-current=true]"))).toHaveAttribute("id", "v40");
}

/** How often a line changes its height. */
const steps = async (page: Page, line: string): Promise<number> =>
  ((await page.locator(`.chart path.${line}`).getAttribute("d"))!.match(/V/g) ?? []).length;

test.describe("A permalink into a long history", { tag: "@both" }, () => {
  test("tells one moment", async ({ page, item, api, visit, javaScriptEnabled }) => {
    const id = await longHistory(api);
    await visit(`/inventory/${id}?version=40`);
    await expectVersion40(page, item);

    const chart = page.getByRole("img", { name: /On hand by version/ });
    if (javaScriptEnabled === false) {
      await expect(chart).toHaveAccessibleName(/only versions \d+ to \d+ are drawn/);
      await expect(page.getByText(/versions \d+ to \d+ drawn/)).toBeVisible();
    } else {
      // The rest arrives by itself, and moves nothing.
      await expect(chart).toHaveAccessibleName(/0 at version 1, .* at version 161; reorder level 4; maximum 200$/);
      await expect(page.getByText(/versions \d+ to \d+ drawn/)).toBeHidden();
      await expectVersion40(page, item);
      expect(await steps(page, "reorder")).toBe(1);
      expect(await steps(page, "maximum")).toBe(1);
    }
  });

  test("is as true for the part that is drawn", async ({ page, item, api, visit }) => {
    const id = await longHistory(api);
    await page.route("**/ui/change-sets", () => new Promise<void>(() => undefined));
    // Versions 76 to 125: both limits change within.
    await visit(`/inventory/${id}?version=100`);
    await expect(item.figure("Reorder level")).toHaveText("4");
    await expect(page.locator(".chart text").filter({ hasText: "reorder level" })).toHaveText("4 reorder level");
    expect(await steps(page, "reorder")).toBe(1);
    expect(await steps(page, "maximum")).toBe(1);
  });
});

test("the chart does not move when it is touched", async ({ page, item, api, visit }) => {
  await visit(`/inventory/${await longHistory(api)}?version=40`);
  await item.slider.focus();
  await expect.poll(() => page.evaluate(() => performance.getEntriesByName("daybook:replay").length)).toBe(1);
  await expectVersion40(page, item);
  await page.keyboard.press("ArrowRight");
  await expect(item.viewing(41, NEWEST)).toBeVisible();
  const { cursor, thumb } = await places(page, item);
  expect(Math.abs(cursor - thumb)).toBeLessThan(0.002);
});

test.describe("The limits in the chart", { tag: "@both" }, () => {
  test("are those of the version in view", async ({ page, item, api, visit }) => {
    const { id } = await api.createItem({ max_quantity: 60, on_hand: 40 });
    await api.command(id, "SetReorderLevel", { level: 10 });
    await api.command(id, "ChangeMaxQuantity", { max_quantity: 50 });
    await api.command(id, "SetReorderLevel", { level: 4 });
    const names = page.locator(".chart text");

    await visit(`/inventory/${id}?version=3`);
    await expect(item.figure("Reorder level")).toHaveText("10");
    await expect(names).toHaveText(["60 maximum", "10 reorder level"]);

    await visit(`/inventory/${id}`);
    await expect(names).toHaveText(["60", "50 maximum", "4 reorder level"]);
    expect(await steps(page, "reorder")).toBe(1);
    expect(await steps(page, "maximum")).toBe(1);
  });
});
