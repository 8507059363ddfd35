import type { Page } from "@playwright/test";

import type { Api } from "../api";
import { expect, test } from "../fixtures";
import { TASKS, type ItemPage } from "../item-page";
import { answered } from "../pages";

/** Creates an item of nine versions, with 0, 40, 25, 25, 30, 30, 30, 42 and 12 on hand. */
async function nineVersions(api: Api): Promise<string> {
  const { id } = await api.createItem({ name: "Beans", max_quantity: 60, on_hand: 40 });
  await api.command(id, "RemoveItems", { quantity: 15, reason: "sold" });
  await api.command(id, "RenameInventoryItem", { name: "Coffee beans" });
  await api.command(id, "AdjustStock", { counted: 30, reason: "count" });
  await api.command(id, "ChangeMaxQuantity", { max_quantity: 80 });
  await api.command(id, "SetReorderLevel", { level: 9 });
  await api.command(id, "CheckInItems", { quantity: 12, reference: "PO 1182" });
  await api.command(id, "RemoveItems", { quantity: 30, reason: "sold" });
  return id;
}

async function expectVersion3(item: ItemPage): Promise<void> {
  await expect(item.viewing(3, 9)).toBeVisible();
  await expect(item.name).toHaveText("Beans");
  await expect(item.figure("On hand")).toHaveText("25");
  await expect(item.figure("Maximum")).toHaveText("60");
}

async function expectNow(item: ItemPage): Promise<void> {
  await expect(item.page.getByText(/Viewing version/)).toBeHidden();
  await expect(item.name).toHaveText("Coffee beans");
  await expect(item.figure("On hand")).toHaveText("12");
  await expect(item.figure("Maximum")).toHaveText("80");
  await expect(item.figure("Reorder level")).toHaveText("9");
}

test("the slider shows the item as it was, and disables every task", async ({ item, api, visit }) => {
  await visit(`/inventory/${await nineVersions(api)}`);
  await expectNow(item);
  await expect(item.slider).toHaveValue("9");

  await item.slider.fill("3");

  await expectVersion3(item);
  for (const task of TASKS) {
    const button = item.button(task);
    if ((await button.count()) > 0) {
      await expect(button).toBeDisabled();
    }
  }
  await item.button("Return to now").click();
  await expectNow(item);
  await expect(item.button("Check in items")).toBeEnabled();
});

test("the slider works with the keyboard", async ({ page, item, api, visit }) => {
  await visit(`/inventory/${await nineVersions(api)}`);
  await item.slider.focus();
  await page.keyboard.press("Home");
  await expect(item.viewing(1, 9)).toBeVisible();
  await expect(item.figure("On hand")).toHaveText("0");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await expectVersion3(item);
  await page.keyboard.press("ArrowLeft");
  await expect(item.viewing(2, 9)).toBeVisible();
  await expect(item.figure("On hand")).toHaveText("40");
  await page.keyboard.press("End");
  await expectNow(item);
});

/** Blocks the page's requests from here on; returns their URLs as they come. */
async function silence(page: Page): Promise<string[]> {
  const asked: string[] = [];
  await page.route("**/ui/**", (route) => {
    asked.push(route.request().url());
    return route.abort();
  });
  return asked;
}

test("the browser folds a history that it has without any request", async ({ page, item, api, visit }) => {
  await visit(`/inventory/${await nineVersions(api)}`);
  const asked = await silence(page);

  await item.slider.fill("3");
  await expectVersion3(item);
  await page.keyboard.press("ArrowLeft");
  await expect(item.viewing(2, 9)).toBeVisible();
  await expect(item.figure("On hand")).toHaveText("40");
  await page.keyboard.press("Home");
  await expect(item.figure("On hand")).toHaveText("0");
  await item.button("Next version").click();
  await expect(item.figure("On hand")).toHaveText("40");
  await item.slider.fill("8");
  await expect(item.figure("On hand")).toHaveText("42");
  await item.button("Return to now").click();
  await expectNow(item);
  expect(asked).toEqual([]);
});

test("a long history is fetched once, and then folded likewise", async ({ page, item, api, visit }) => {
  const { id } = await api.createItem({ on_hand: 100 });
  for (let version = 3; version <= 120; version += 1) {
    await api.command(id, "RenameInventoryItem", { name: `Name ${version}` });
  }
  await visit(`/inventory/${id}`);
  await item.slider.focus();
  await expect.poll(() => page.evaluate(() => performance.getEntriesByName("daybook:replay").length)).toBe(1);
  const asked = await silence(page);

  for (const version of [60, 3, 119, 4]) {
    await item.slider.fill(String(version));
    await expect(item.viewing(version, 120)).toBeVisible();
    await expect(item.name).toHaveText(`Name ${version}`);
  }
  await page.keyboard.press("Home");
  await expect(item.figure("On hand")).toHaveText("0");
  await page.keyboard.press("ArrowRight");
  await expect(item.figure("On hand")).toHaveText("100");
  expect(asked).toEqual([]);
});

test("what the slider changes stays in view on a phone", { tag: "@phone" }, async ({ item, api, visit }) => {
  await visit(`/inventory/${await nineVersions(api)}`);
  await item.slider.fill("3");
  await expect(item.viewing(3, 9)).toBeAttached();
  // Scrolls towards the slider as far as the figure stays readable.
  const seen = await item.figure("On hand").evaluate((figure) => {
    scrollBy({ top: figure.getBoundingClientRect().top - 8, behavior: "instant" });
    const { left, top, bottom } = figure.getBoundingClientRect();
    return document.elementFromPoint(left + 8, (top + bottom) / 2) === figure;
  });
  expect(seen).toBe(true);
});

test("the figure is beside the slider on a small phone", { tag: "@phone" }, async ({ page, item, api, visit }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await visit(`/inventory/${await nineVersions(api)}`);
  for (const [version, onHand] of [["3", "25"], ["8", "42"]] as const) {
    await item.slider.scrollIntoViewIfNeeded();
    await item.slider.fill(version);
    const heading = page.getByText(`${onHand} on hand · version ${version} of 9`);
    await expect(heading).toBeInViewport({ ratio: 1 });
    await expect(item.slider).toBeInViewport({ ratio: 1 });
  }
});

test("the slider announces its version", async ({ item, api, visit }) => {
  await visit(`/inventory/${await nineVersions(api)}`);
  await item.slider.fill("3");
  await expect(item.slider).toHaveAttribute("aria-valuetext", /3/);
  await expect(item.slider).toHaveAttribute("min", "1");
  await expect(item.slider).toHaveAttribute("max", "9");
});

test("the buttons go step by step, and stop at both ends", async ({ item, api, visit }) => {
  await visit(`/inventory/${await nineVersions(api)}`);
  await expect(item.button("Next version")).toBeDisabled();
  await item.button("Previous version").click();
  await expect(item.viewing(8, 9)).toBeVisible();
  await expect(item.figure("On hand")).toHaveText("42");
  await item.button("Next version").click();
  await expectNow(item);
  await item.slider.fill("1");
  await expect(item.button("Previous version")).toBeDisabled();
});

test("Play runs from the start to now, and Pause holds it", async ({ page, item, api, visit }) => {
  const tick = await windIntervalsByHand(page);
  await visit(`/inventory/${await nineVersions(api)}`);
  await item.slider.fill("1");
  await expect(item.viewing(1, 9)).toBeVisible();

  await item.button("Play").click();
  await expect(item.button("Pause")).toBeVisible();
  await tick(1);
  await expect(item.viewing(2, 9)).toBeVisible();
  await item.button("Pause").click();
  await expect(item.button("Play")).toBeVisible();
  await tick(20);
  await expect(item.viewing(2, 9)).toBeVisible();

  await item.button("Play").click();
  await tick(6);
  await expect(item.viewing(8, 9)).toBeVisible();
  await tick(20);
  await expectNow(item);
  await expect(item.button("Play")).toBeVisible();
});

/** Makes the page's intervals pass only when the returned function is called. */
async function windIntervalsByHand(page: Page): Promise<(times: number) => Promise<void>> {
  await page.addInitScript(() => {
    const callbacks = new Map<number, () => void>();
    let last = 0;
    Object.assign(window, {
      setInterval: (callback: () => void) => callbacks.set(++last, callback) && last,
      clearInterval: (id: number) => callbacks.delete(id),
      tick: () => callbacks.forEach((callback) => callback()),
    });
  });
  return async (times) => {
    for (let passed = 0; passed < times; passed += 1) {
      await page.evaluate("tick()");
    }
  };
}

test("the address follows the slider, and the Back button leaves the page", async ({ page, item, api, visit }) => {
  const id = await nineVersions(api);
  await visit("/inventory");
  await visit(`/inventory/${id}`);
  await item.slider.fill("5");
  await item.slider.fill("3");
  await expect(page).toHaveURL(`/inventory/${id}?version=3`);
  await item.button("Return to now").click();
  await expect(page).toHaveURL(`/inventory/${id}`);
  await page.goBack();
  await expect(page.getByRole("heading", { name: "Inventory", level: 1 })).toBeVisible();
});

test("a new change set does not pull a page in the past back to now", async ({ item, api, visit, reload }) => {
  const id = await nineVersions(api);
  await visit(`/inventory/${id}?version=3`);
  await api.command(id, "CheckInItems", { quantity: 1 });
  await reload();
  await expect(item.viewing(3, 10)).toBeVisible();
  await expect(item.figure("On hand")).toHaveText("25");
});

test.describe("A permalink", { tag: "@both" }, () => {
  test("shows the version it names", async ({ item, api, visit }) => {
    const id = await nineVersions(api);
    const response = await visit(`/inventory/${id}?version=3`);
    expect(response?.status()).toBe(200);
    expect(await response?.text()).toContain("Viewing version 3 of 9");
    await expectVersion3(item);
    await expect(item.button("Check in items")).toBeDisabled();
  });

  test("to the newest version is now", async ({ item, api, visit }) => {
    await visit(`/inventory/${await nineVersions(api)}?version=9`);
    await expectNow(item);
    await expect(item.button("Check in items")).toBeEnabled();
  });
});

test.describe("A page in the past", { tag: "@both" }, () => {
  test("says “You're viewing the past.” for every task", async ({ page, item, api, visit }) => {
    await visit(`/inventory/${await nineVersions(api)}?version=3`);
    const notice = "You're viewing the past. Return to now to perform a task.";
    await expect(page.getByText(notice, { exact: true })).toBeVisible();
    for (const task of TASKS) {
      const button = item.button(task);
      if ((await button.count()) > 0) {
        await expect(button).toHaveAccessibleDescription(notice);
      }
    }
  });
});

test.describe("A permalink to a version that does not exist", { tag: "@both" }, () => {
  // The browser logs the status of the page itself.
  test.use({ allowedComplaints: [answered("400|404")] });

  for (const version of ["0", "-1", "10", "abc"]) {
    test(`?version=${version} says so, with a way back`, async ({ page, item, api, visit }) => {
      const id = await nineVersions(api);
      const response = await visit(`/inventory/${id}?version=${version}`);
      expect(response?.status()).toBeGreaterThanOrEqual(400);
      expect(response?.status()).toBeLessThan(500);
      await expect(page.getByText(/Viewing version/)).toBeHidden();

      await page.locator(`a[href="/inventory/${id}"]`).first().click();
      await expectNow(item);
    });
  }
});
