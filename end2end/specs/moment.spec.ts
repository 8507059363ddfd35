import type { Page } from "@playwright/test";

import type { Api } from "../api";
import { expect, test } from "../fixtures";
import type { ItemPage } from "../item-page";

const NEWEST = 161;

/** Creates an item of 161 versions whose limits change at versions 3 and 4, and at 101 and 102. */
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

/** A node as the DevTools protocol describes it. */
interface Described {
  nodeId: number;
  attributes?: string[];
  children?: Described[];
  shadowRoots?: Described[];
}

/** The centre of the slider's thumb, in a shadow tree that the page's scripts cannot see. */
async function centreOfThumb(page: Page): Promise<number> {
  const browser = await page.context().newCDPSession(page);
  const { root } = await browser.send("DOM.getDocument", { depth: -1, pierce: true });
  const thumbs = (node: Described): Described[] => [
    ...(node.attributes?.join() === "id,thumb" ? [node] : []),
    ...[...(node.children ?? []), ...(node.shadowRoots ?? [])].flatMap(thumbs),
  ];
  const [thumb, ...others] = thumbs(root);
  expect(others).toEqual([]);
  const { model } = await browser.send("DOM.getBoxModel", { nodeId: thumb!.nodeId });
  await browser.detach();
  const [left, , right] = model.border;
  return (left! + right!) / 2;
}

/** Expects the chart's cursor over the slider's thumb, but for the rounding of positions. */
async function expectCursorOverThumb(page: Page): Promise<void> {
  const distance = async (): Promise<number> => {
    const cursor = await page.locator(".chart .cursor").evaluate((line) => {
      const { left, right } = line.getBoundingClientRect();
      return (left + right) / 2;
    });
    return Math.abs(cursor - (await centreOfThumb(page)));
  };
  await expect.poll(distance, "from the cursor to the thumb, in pixels").toBeLessThan(1.5);
}

/** Expects everything on the page to show version 40. */
async function expectVersion40(page: Page, item: ItemPage): Promise<void> {
  await expect(item.viewing(40, NEWEST)).toBeVisible();
  await expect(item.slider).toHaveValue("40");
  await expectCursorOverThumb(page);
  await expect(item.figure("On hand")).toHaveText("37");
  await expect(item.figure("Reorder level")).toHaveText("4");
  await expect(item.figure("Maximum")).toHaveText("200");
  const names = page.locator(".chart text");
  await expect(names.filter({ hasText: "reorder level" })).toHaveText("4 reorder level");
  await expect(names.filter({ hasText: "maximum" })).toHaveText("200 maximum");
  await expect(item.entries.and(page.locator("[aria-current=true]"))).toHaveAttribute("id", "v40");
}

/** The number of times that a line changes its height. */
const steps = async (page: Page, line: string): Promise<number> =>
  ((await page.locator(`.chart path.${line}`).getAttribute("d"))!.match(/V/g) ?? []).length;

test.describe("A permalink into a long history", { tag: "@both" }, () => {
  test("shows one moment everywhere", async ({ page, item, api, visit, javaScriptEnabled }) => {
    const id = await longHistory(api);
    await visit(`/inventory/${id}?version=40`);
    await expectVersion40(page, item);

    const chart = page.getByRole("img", { name: /On hand by version/ });
    if (javaScriptEnabled === false) {
      await expect(chart).toHaveAccessibleName(/only versions \d+ to \d+ are drawn/);
      await expect(page.getByText(/versions \d+ to \d+ drawn/)).toBeVisible();
    } else {
      // The rest of the history arrives by itself, and moves nothing.
      await expect(chart).toHaveAccessibleName(/0 at version 1, .* at version 161; reorder level 4; maximum 200$/);
      await expect(page.getByText(/versions \d+ to \d+ drawn/)).toBeHidden();
      await expectVersion40(page, item);
      expect(await steps(page, "reorder")).toBe(1);
      expect(await steps(page, "maximum")).toBe(1);
    }
  });

  test("shows one moment in a partly drawn chart", async ({ page, item, api, visit }) => {
    const id = await longHistory(api);
    await page.route("**/ui/change-sets", () => new Promise<void>(() => undefined));
    // The chart draws versions 76 to 125, within which both limits change.
    await visit(`/inventory/${id}?version=100`);
    await expect(item.figure("Reorder level")).toHaveText("4");
    await expect(page.locator(".chart text").filter({ hasText: "reorder level" })).toHaveText("4 reorder level");
    expect(await steps(page, "reorder")).toBe(1);
    expect(await steps(page, "maximum")).toBe(1);
  });
});

test("the chart does not move when the slider is used", async ({ page, item, api, visit }) => {
  await visit(`/inventory/${await longHistory(api)}?version=40`);
  await item.slider.focus();
  await expect.poll(() => page.evaluate(() => performance.getEntriesByName("daybook:replay").length)).toBe(1);
  await expectVersion40(page, item);
  await page.keyboard.press("ArrowRight");
  await expect(item.viewing(41, NEWEST)).toBeVisible();
  await expectCursorOverThumb(page);
});

for (const tag of ["@desk", "@phone"]) {
  const size = tag.slice(1);
  test(`cursor and thumb agree before and after hydration, ${size}`, { tag }, async ({ page, item, api }) => {
    const id = await longHistory(api);
    const chart = page.getByRole("img", { name: /On hand by version/ });
    for (const [version, drawn] of [
      [1, "1 to 50"],
      [40, "16 to 65"],
      [100, "76 to 125"],
      [NEWEST, "112 to 161"],
    ] as const) {
      let start = (): void => undefined;
      const wanted = new Promise<void>((resolve) => (start = resolve));
      await page.route("**/*.wasm", async (route) => {
        await wanted;
        await route.continue();
      });
      await page.goto(`/inventory/${id}?version=${version}`, { waitUntil: "domcontentloaded" });
      await expect(chart).toHaveAccessibleName(new RegExp(`only versions ${drawn} are drawn`));
      await expect(item.slider).toHaveValue(String(version));
      await expect(page.locator("html[data-hydrated]")).toHaveCount(0);
      await expectCursorOverThumb(page);

      start();
      await page.locator("html[data-hydrated]").waitFor({ state: "attached" });
      await expect(chart).toHaveAccessibleName(/ at version 161(; reorder level \d+; maximum \d+)?$/);
      await expect(item.slider).toHaveValue(String(version));
      await expectCursorOverThumb(page);
      await page.unroute("**/*.wasm");
    }
  });
}

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
