import type { Locator, Page } from "@playwright/test";

import { Api, createMany, uuidv7 } from "../api";
import { expect, test } from "../fixtures";
import { hearAgain } from "../network";
import { answered, UNANSWERED } from "../pages";

/** A word that no other test's items contain. */
const word = (): string => `Word${uuidv7().slice(-12)}`;

const rows = (page: Page): Locator => page.getByRole("table").locator("tbody").getByRole("row");

const names = (page: Page): Locator => rows(page).getByRole("link");

test.describe("The list of items", { tag: "@both" }, () => {
  test("finds by name and by SKU, in any case", async ({ page, api, visit }) => {
    const mark = word();
    await api.createItem({ name: `${mark} beans` });
    await api.createItem({ name: "Tea", sku: `${mark}-2` });
    await api.createItem({ name: "Neither" });
    await visit("/inventory");

    await page.getByRole("searchbox", { name: "Search items" }).fill(mark.toUpperCase());
    await page.getByRole("searchbox", { name: "Search items" }).press("Enter");

    await expect(names(page)).toHaveText(["Tea", `${mark} beans`]);
    await expect(page).toHaveURL(new RegExp(`search=${mark.toUpperCase()}`));
  });

  test("a search is a link that can be shared", async ({ page, api, visit }) => {
    const mark = word();
    await api.createItem({ name: mark });
    await visit(`/inventory?search=${mark}`);
    await expect(names(page)).toHaveText([mark]);
    await expect(page.getByRole("searchbox", { name: "Search items" })).toHaveValue(mark);
  });

  test("a search that looks like a pattern is taken literally", async ({ page, api, visit }) => {
    const mark = word();
    await api.createItem({ name: `${mark} 100%_\\'"` });
    await api.createItem({ name: `${mark} 1000 other` });
    await visit(`/inventory?search=${encodeURIComponent(`${mark} 100%_\\'"`)}`);
    await expect(names(page)).toHaveText([`${mark} 100%_\\'"`]);
    await visit(`/inventory?search=${encodeURIComponent(`${mark}%other`)}`);
    await expect(rows(page)).toHaveCount(0);
  });

  test("sorts by the quantity on hand, in both directions", async ({ page, api, visit }) => {
    const mark = word();
    await api.createItem({ name: `${mark} a`, on_hand: 5 });
    await api.createItem({ name: `${mark} b`, on_hand: 50 });
    await api.createItem({ name: `${mark} c` });
    await visit(`/inventory?search=${mark}`);
    await expect(names(page)).toHaveText([`${mark} a`, `${mark} b`, `${mark} c`]);
    const header = page.getByRole("columnheader", { name: /On hand/ });

    await header.locator("a, button").click();
    await expect(names(page)).toHaveText([`${mark} c`, `${mark} a`, `${mark} b`]);
    await expect(header).toHaveAttribute("aria-sort", "ascending");

    await header.locator("a, button").click();
    await expect(names(page)).toHaveText([`${mark} b`, `${mark} a`, `${mark} c`]);
    await expect(header).toHaveAttribute("aria-sort", "descending");
  });

  test("shows a change right after it was made", async ({ page, item, api, visit }) => {
    const mark = word();
    const { id } = await api.createItem({ name: mark, on_hand: 5 });
    await visit(`/inventory/${id}`);
    await item.perform("Check in items", { Quantity: 7 });
    await expect(item.figure("On hand")).toHaveText("12");

    await visit(`/inventory?search=${mark}`);
    await expect(rows(page).getByRole("cell").nth(1)).toHaveText("12");
  });

  test("comes in pages that miss nothing and repeat nothing", async ({ page, api, visit, javaScriptEnabled }) => {
    const mark = word();
    const expected = await createMany(api, mark, 120);
    await visit(`/inventory?search=${mark}`);
    const more = page.getByRole("link", { name: "Show more" });

    // A hydrated list adds the next page to the first. Without JavaScript, a link leads to it.
    const start = (end: number): number => (javaScriptEnabled === false ? end - 50 : 0);
    await expect(names(page)).toHaveText(expected.slice(0, 50));
    await more.click();
    await expect(names(page)).toHaveText(expected.slice(start(100), 100));
    await more.click();
    await expect(names(page)).toHaveText(expected.slice(start(150), 150));
    await expect(more).toBeHidden();
  });

  test("a search without a match says so", async ({ page, visit }) => {
    await visit("/inventory?search=nothing-is-called-so");
    await expect(rows(page)).toHaveCount(0);
    await expect(page.getByText("nothing-is-called-so")).toBeVisible();
  });

  for (const [path, heading] of [
    ["/", "Daybook"],
    ["/inventory", "Inventory"],
  ] as const) {
    test(`${path} of an empty store offers a first item and the sample company`, async ({ untouched, page, visit }) => {
      await visit(`${untouched.url}${path}`);
      await expect(page.getByRole("heading", { name: heading, level: 1 })).toBeVisible();
      await expect(page.getByRole("link", { name: "Create item" }).first()).toBeVisible();
      await expect(page.getByRole("button", { name: /sample/i })).toBeVisible();
    });
  }

  test("home shows the number of items and the latest changes", async ({ untouched, page, visit }) => {
    const api = new Api(untouched);
    const beans = await api.createItem({ name: "Beans", on_hand: 40 });
    await api.createItem({ name: "Tea" });
    await api.command(beans.id, "RemoveItems", { quantity: 15, reason: "sold" });
    await visit(`${untouched.url}/`);

    await expect(page.getByRole("region", { name: "Inventory" }).getByRole("definition")).toHaveText("2");
    const latest = page.getByRole("region", { name: "Latest changes" }).getByRole("listitem");
    await expect(latest).toHaveText([/Beans.*25 on hand.*Version 3/, /Tea.*0 on hand.*Version 1/]);
    await expect(page.getByRole("button", { name: /sample/i })).toHaveCount(0);
  });
});

test.describe("A next page that cannot be loaded", () => {
  test.use({ allowedComplaints: [UNANSWERED] });

  test("leaves the first page, and is loaded by another try", async ({ page, api, visit }) => {
    const mark = word();
    const expected = await createMany(api, mark, 101);
    await visit(`/inventory?search=${mark}`);
    const more = page.getByRole("link", { name: "Show more" });
    const again = page.getByRole("button", { name: "Try again" });
    await page.route("**/ui/list", (route) => route.abort());

    await more.click();
    await expect(page.getByRole("alert")).toContainText("More items could not be loaded");
    await expect(names(page)).toHaveText(expected.slice(0, 50));
    await expect(more).toBeVisible();
    const failed = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/ui/list"));
    await again.click();
    await failed;
    await expect(page.getByText("Loading items…")).toHaveCount(0);
    await expect(again).toBeFocused();

    await hearAgain(page);
    await again.click();
    await expect(names(page)).toHaveText(expected.slice(0, 100));
    await expect(page.getByRole("alert")).toHaveCount(0);
    await expect(more).toBeFocused();
    await more.click();
    await expect(names(page)).toHaveText(expected);
  });
});

test.describe("A server whose disk is full", () => {
  test.use({ allowedComplaints: [answered("503")] });

  const problem = {
    type: "/problems/disk-full",
    title: "The disk is full",
    status: 503,
    code: "disk-full",
    detail: "The server's disk is full, and nothing was recorded. Try again once there is room.",
    retry_after: 10,
  };
  const lists: Record<string, (page: Page) => Locator> = {
    Home: (page) => page.getByRole("region", { name: "Latest changes" }).getByRole("listitem"),
    Inventory: rows,
  };
  for (const [screen, items] of Object.entries(lists)) {
    test(`is reported by ${screen}, with what to do, until it has room again`, async ({ page, api, visit }) => {
      await api.createItem();
      await visit("/inventory/new");
      await page.route("**/ui/list", (route) => route.fulfill({ status: 503, json: problem }));
      await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: screen }).click();

      const notice = page.getByRole("alert");
      await expect(notice.getByRole("heading")).toHaveText("The disk is full");
      const remedy = "Nothing was lost. Try again once there is room on the server's disk.";
      await expect(notice.getByText(remedy, { exact: true })).toBeVisible();
      await expect(page.getByText(/No items/)).toHaveCount(0);

      await hearAgain(page);
      await page.evaluate(() => void window.dispatchEvent(new Event("focus")));
      // Any item will do, because the items of other tests may fill the first page.
      await expect(items(page).first()).toBeVisible();
      await expect(notice).toHaveCount(0);
    });
  }

  test("is reported where the next page of the list would be", async ({ page, api, visit }) => {
    const mark = word();
    const expected = await createMany(api, mark, 51);
    await visit(`/inventory?search=${mark}`);
    await page.route("**/ui/list", (route) => route.fulfill({ status: 503, json: problem }));
    await page.getByRole("link", { name: "Show more" }).click();
    await expect(page.getByRole("alert")).toContainText("More items could not be loaded");
    await expect(page.getByRole("alert")).toContainText("Try again once there is room on the server's disk.");
    await expect(names(page)).toHaveText(expected.slice(0, 50));
  });
});

test.describe("The way back to the list", () => {
  const back = {
    "the browser's Back": (page: Page) => page.goBack(),
    "the breadcrumb": (page: Page) => page.getByRole("navigation", { name: "Breadcrumb" }).getByRole("link").click(),
  };
  for (const [way, goBack] of Object.entries(back)) {
    test(`by ${way} keeps search, order, pages and scroll position`, async ({ page, api, visit }) => {
      const mark = word();
      const expected = (await createMany(api, mark, 101)).toReversed();
      await visit(`/inventory?search=${mark}&sort=-name`);
      await page.getByRole("link", { name: "Show more" }).click();
      const seen = names(page).nth(80);
      await seen.scrollIntoViewIfNeeded();
      const place = await page.evaluate(() => scrollY);

      await seen.click();
      await expect(page.getByRole("heading", { level: 1 })).toHaveText(expected[80]!);
      await goBack(page);

      await expect(page).toHaveURL(`/inventory?search=${mark}&sort=-name`);
      await expect(names(page)).toHaveText(expected.slice(0, 100));
      await expect(page.getByRole("searchbox", { name: "Search items" })).toHaveValue(mark);
      await expect.poll(() => page.evaluate(() => scrollY)).toBe(place);
      await expect(seen).toBeInViewport();
    });
  }

  test("leads to its beginning from the main navigation", async ({ page, api, visit }) => {
    const mark = word();
    await createMany(api, mark, 60);
    await visit(`/inventory?search=${mark}`);
    await names(page).nth(40).click();
    await expect(page.getByRole("list", { name: "Timeline" })).toBeVisible();
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Inventory" }).click();
    await expect(page).toHaveURL("/inventory");
    await expect(rows(page).first()).toBeInViewport();
  });
});

test("the sample company is loaded on request", async ({ untouched, page, visit }) => {
  test.slow();
  await visit(`${untouched.url}/inventory`);
  await page.getByRole("button", { name: /sample/i }).click();
  await expect(rows(page).nth(20)).toBeVisible({ timeout: 60_000 });
});

test.describe("The main navigation", { tag: "@both" }, () => {
  test("leads from home to the list and back", async ({ page, visit }) => {
    await visit("/");
    await expect(page.getByRole("heading", { name: "Daybook", level: 1 })).toBeVisible();
    const main = page.getByRole("navigation", { name: "Main" });
    await main.getByRole("link", { name: "Inventory" }).click();
    await expect(page.getByRole("heading", { name: "Inventory", level: 1 })).toBeVisible();
    await expect(main.getByRole("link", { name: "Inventory" })).toHaveAttribute("aria-current", "page");
    await page.goBack();
    await expect(page.getByRole("heading", { name: "Daybook", level: 1 })).toBeVisible();
  });
});

test.describe("A missing page", { tag: "@both" }, () => {
  test.use({ allowedComplaints: [answered("404")] });

  const missing = [
    "/nowhere",
    "/inventory/01939c6e-7b1a-7c3e-8000-000000000000",
    "/inventory/not-an-id",
    "/inventory/00000000-0000-0000-0000-000000000000",
    "/pkg/nothing.js",
  ];
  for (const path of missing) {
    test(`${path} answers 404 with a link to continue`, async ({ page, visit }) => {
      const response = await visit(path);
      expect(response?.status()).toBe(404);
      await page.locator("main").getByRole("link").first().click();
      await expect(page).toHaveURL("/inventory");
      await expect(page.getByRole("heading", { name: "Inventory", level: 1 })).toBeVisible();
    });
  }
});

