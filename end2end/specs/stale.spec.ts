import type { Locator, Page, Response } from "@playwright/test";

import { Api, createMany, uuidv7 } from "../api";
import { expect, test } from "../fixtures";
import { field, type ItemPage } from "../item-page";
import { hearAgain } from "../network";
import { UNANSWERED } from "../pages";

/** Clicks a control that looks disabled, which a person can and Playwright will not. */
const insistOn = async (item: ItemPage, name: string): Promise<void> => item.button(name).dispatchEvent("click");

/** The browser's events that say that the person is back. */
const RETURNS: Record<string, (page: Page) => Promise<void>> = {
  "to its window": (page) => page.evaluate(() => void window.dispatchEvent(new Event("focus"))),
  "to its tab": (page) => page.evaluate(() => void document.dispatchEvent(new Event("visibilitychange", { bubbles: true }))),
  "by Back, out of the browser's memory": (page) =>
    page.evaluate(() => void window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))),
  "to the network": (page) => page.evaluate(() => void window.dispatchEvent(new Event("online"))),
};

/** The number of items, on the home page. */
const items = (page: Page): Locator => page.getByRole("region", { name: "Inventory" }).getByRole("definition");

for (const [where, comeBack] of Object.entries(RETURNS)) {
  test(`an item catches up when a person comes back ${where}`, async ({ page, item, api, visit }) => {
    const { id } = await api.createItem({ on_hand: 1 });
    await visit(`/inventory/${id}`);
    await expect(item.figure("On hand")).toHaveText("1");
    await api.command(id, "CheckInItems", { quantity: 20 });

    await comeBack(page);

    await expect(item.figure("On hand")).toHaveText("21");
    await expect(item.entries).toHaveText([/Checked in 20/, /Checked in 1/, /Created/]);
  });
}

test("a list catches up with all of its pages", async ({ page, api, visit }) => {
  const mark = `Stale${uuidv7().slice(-12)}`;
  await createMany(api, mark, 51);
  await visit(`/inventory?search=${mark}`);
  await page.getByRole("link", { name: "Show more" }).click();
  const rows = page.getByRole("table").getByRole("rowheader");
  await expect(rows).toHaveCount(51);
  await api.createItem({ name: `${mark} 999` });

  await RETURNS["to its window"]!(page);

  await expect(rows).toHaveCount(52);
});

test.describe("Home", () => {
  const latest = (page: Page): Locator => page.getByRole("region", { name: "Latest changes" }).getByRole("listitem");

  for (const [where, comeBack] of Object.entries(RETURNS)) {
    test(`catches up when a person comes back ${where}`, async ({ page, api, visit }) => {
      const before = await api.createItem({ on_hand: 1 });
      await visit("/");
      await expect(latest(page).first()).toContainText(before.name);
      const total = Number((await items(page).innerText()).replaceAll(",", ""));
      await latest(page).first().getByRole("link").focus();
      const after = await api.createItem({ on_hand: 20 });

      await comeBack(page);

      await expect(latest(page).first()).toHaveText(new RegExp(`${after.name}.*20 on hand.*Version 2`));
      await expect(latest(page).nth(1)).toContainText(before.name);
      await expect(items(page)).toHaveText((total + 1).toLocaleString("en"));
      // An entry that has not changed keeps its element.
      await expect(latest(page).nth(1).getByRole("link")).toBeFocused();
    });
  }

  test("shows the first item once somebody has created it", async ({ page, untouched, visit }) => {
    await visit(`${untouched.url}/`);
    await expect(page.getByRole("region", { name: "Start here" })).toBeVisible();
    const { name } = await new Api(untouched).createItem();

    await RETURNS["to its window"]!(page);

    await expect(latest(page)).toHaveText([new RegExp(name)]);
    await expect(page.getByRole("region", { name: "Start here" })).toHaveCount(0);
  });

  test.describe("whose server does not answer", () => {
    test.use({ allowedComplaints: [UNANSWERED] });

    test("keeps what it shows, and catches up later", async ({ page, api, visit }) => {
      const before = await api.createItem();
      await visit("/");
      await page.route("**/ui/list", (route) => route.abort());
      const failed = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/ui/list"));
      await RETURNS["to its window"]!(page);
      await failed;
      await expect(latest(page).first()).toContainText(before.name);
      await expect(page.getByRole("alert")).toHaveCount(0);

      const after = await api.createItem();
      await hearAgain(page);
      await RETURNS["to its window"]!(page);
      await expect(latest(page).first()).toContainText(after.name);
    });
  });
});

test("a page in the past stays there when it catches up", async ({ page, item, api, visit }) => {
  const { id } = await api.createItem({ on_hand: 1 });
  await visit(`/inventory/${id}?version=1`);
  await api.command(id, "CheckInItems", { quantity: 20 });

  await RETURNS["to its window"]!(page);

  await expect(item.viewing(1, 3)).toBeVisible();
  await expect(item.figure("On hand")).toHaveText("0");
});

test.describe("A task that somebody else has made possible", () => {
  test("is not refused because of the state that the page shows", async ({ item, api, visit }) => {
    const { id } = await api.createItem({ on_hand: 1 });
    await visit(`/inventory/${id}`);
    await item.begin("Remove items");
    await api.command(id, "CheckInItems", { quantity: 20 });

    await item.fill({ Quantity: 6, Reason: "sold" });
    await expect(item.dialog).toContainText("After this: 15 on hand");
    await item.primary("Remove items").click();

    await item.expectSettled();
    await expect(item.figure("On hand")).toHaveText("15");
    expect((await api.state(id)).on_hand).toBe(15);
  });

  test("is sent even if the page does not know the newer state", async ({ page, item, api, visit }) => {
    const { id } = await api.createItem({ on_hand: 1 });
    await visit(`/inventory/${id}`);
    await item.begin("Remove items");
    const asked = page.waitForResponse("**/ui/change-sets");
    await item.fill({ Quantity: 6, Reason: "sold" });
    await expect(item.dialog).toContainText("only 1 is on hand");
    await (await asked).finished();
    await api.command(id, "CheckInItems", { quantity: 20 });

    await page.keyboard.press("Enter");

    await item.expectSettled();
    await expect(item.figure("On hand")).toHaveText("15");
    expect(await api.changeSets(id)).toHaveLength(4);
  });

  test("opens although the page shows it as impossible", async ({ page, item, api, visit }) => {
    const { id } = await api.createItem();
    await visit(`/inventory/${id}`);
    await expect(item.button("Remove items")).toBeDisabled();
    // The first answer must not contain the check-in below.
    const asked = page.waitForResponse("**/ui/change-sets");
    await insistOn(item, "Remove items");
    await (await asked).finished();
    await expect(item.dialog).toBeHidden();
    await api.command(id, "CheckInItems", { quantity: 20 });

    await insistOn(item, "Remove items");

    await expect(item.dialog).toBeVisible();
    await item.fill({ Quantity: 6, Reason: "sold" });
    await item.primary("Remove items").click();
    await item.expectSettled();
    expect((await api.state(id)).on_hand).toBe(14);
  });
});

test.describe("A page that the browser shows from its cache", () => {
  /** Answers the browser's requests for the document with its present content from here on. */
  async function serveFromCache(page: Page, document: Response | null): Promise<void> {
    const { "content-encoding": _encoding, "content-length": _length, ...headers } = await document!.allHeaders();
    const body = await document!.text();
    await page.route(document!.url(), (route) => route.fulfill({ headers, body }));
  }

  /** Goes back as a restored session does: loads the document, as a history navigation. */
  async function restore(page: Page): Promise<void> {
    await page.goBack({ waitUntil: "commit" });
    await page.locator("html[data-hydrated]").waitFor({ state: "attached" });
    const how = await page.evaluate(() => performance.getEntriesByType("navigation")[0]!.toJSON().type as string);
    expect(how).toBe("back_forward");
  }

  test("catches up by itself in a restored session", async ({ page, item, api, visit }) => {
    const { id } = await api.createItem({ on_hand: 1 });
    await serveFromCache(page, await visit(`/inventory/${id}`));
    await visit("/inventory");
    await api.command(id, "CheckInItems", { quantity: 20 });

    await restore(page);

    await expect(item.figure("On hand")).toHaveText("21");
    await expect(item.entries).toHaveText([/Checked in 20/, /Checked in 1/, /Created/]);
  });

  test("does not refuse a restored form because of its old state", async ({ page, item, api, visit }) => {
    const { id } = await api.createItem({ on_hand: 1 });
    await serveFromCache(page, await visit(`/inventory/${id}`));
    await item.begin("Remove items");
    await item.fill({ Quantity: 6, Reason: "sold" });
    await expect(item.dialog).toContainText("only 1 is on hand");
    await visit("/inventory");
    await api.command(id, "CheckInItems", { quantity: 20 });
    // The newer change sets arrive late, so the page has only its old state at first.
    let answer = (): void => undefined;
    const asked = new Promise<void>((resolve) => (answer = resolve));
    await page.route("**/ui/change-sets", async (route) => {
      await asked;
      await route.continue();
    });

    await restore(page);
    await expect(field(item.dialog, "Quantity")).toHaveValue("6");
    await field(item.dialog, "Quantity").press("Enter");
    await expect(item.dialog.getByRole("alert")).toHaveCount(0);
    answer();

    await item.expectSettled();
    await expect(item.figure("On hand")).toHaveText("15");
    expect(await api.changeSets(id)).toHaveLength(4);
  });

  test("opens a task that its old state does not allow", async ({ page, item, api, visit }) => {
    const { id } = await api.createItem();
    await serveFromCache(page, await visit(`/inventory/${id}`));
    await api.command(id, "CheckInItems", { quantity: 20 });

    // Nothing tells the page that the document is old.
    await visit(`/inventory/${id}`);
    await expect(item.figure("On hand")).toHaveText("0");
    await insistOn(item, "Remove items");

    await expect(item.dialog).toBeVisible();
    await item.fill({ Quantity: 6, Reason: "sold" });
    await expect(item.dialog).toContainText("After this: 14 on hand");
    await item.primary("Remove items").click();
    await item.expectSettled();
    expect((await api.state(id)).on_hand).toBe(14);
  });

  for (const [screen, shown] of [
    ["/inventory", (page: Page) => page.getByRole("row").nth(1).getByRole("cell").nth(1)],
    ["/", (page: Page) => page.getByRole("listitem").locator(".delta").first()],
  ] as const) {
    test(`catches up by itself at ${screen}`, async ({ page, api, visit }) => {
      const { id, name } = await api.createItem({ on_hand: 1 });
      const path = screen === "/" ? screen : `${screen}?search=${encodeURIComponent(name)}`;
      await serveFromCache(page, await visit(path));
      await expect(shown(page)).toHaveText(/^1\b/);
      await visit("/inventory/new");
      await api.command(id, "CheckInItems", { quantity: 20 });

      await restore(page);

      await expect(shown(page)).toHaveText(/^21\b/);
    });
  }
});

test("a refusal because of somebody else's change names that change", async ({ page, item, api, visit }) => {
  const { id } = await api.createItem({ on_hand: 20 });
  const actor = (await api.changeSets(id))[0]!.actor;
  await visit(`/inventory/${id}`);
  await item.begin("Remove items");
  await item.fill({ Quantity: 6, Reason: "sold" });
  await api.command(id, "RemoveItems", { quantity: 19, reason: "damaged" });

  await RETURNS["to its window"]!(page);

  const notice = item.dialog.getByRole("alert");
  await expect(notice).toContainText("Changed while you were editing");
  await expect(notice).toContainText(actor);
  await expect(notice).toContainText("removed 19 (damaged)");
  await expect(notice).toContainText("You asked for 6; only 1 is on hand.");
  await expect(item.dialog.getByText("only 1 is on hand").filter({ visible: true })).toHaveCount(1);
  await expect(field(item.dialog, "Quantity")).toHaveValue("6");
});

test("a page that has caught up still sends a form with the version that it was opened at", async ({ page, item, api, visit }) => {
  const { id } = await api.createItem({ name: "Beans" });
  await visit(`/inventory/${id}`);
  await item.begin("Rename item");
  await item.fill({ "New name": "Arabica" });
  await api.command(id, "RenameInventoryItem", { name: "Robusta" });
  await RETURNS["to its window"]!(page);
  await expect(item.name).toHaveText("Robusta");

  await item.primary("Rename item").click();

  await expect(item.dialog).toContainText("renamed it to “Robusta”");
  expect((await api.state(id)).name).toBe("Robusta");
});

test.describe("A refusal that cannot be checked", () => {
  test.use({ allowedComplaints: [UNANSWERED] });

  test("says so", async ({ page, item, api, visit }) => {
    const { id } = await api.createItem();
    await visit(`/inventory/${id}`);
    await page.route("**/ui/change-sets", (route) => route.abort());

    await insistOn(item, "Remove items");

    await expect(page.getByText("The server did not answer. What you see may be out of date.")).toBeVisible();
    await expect(item.dialog).toBeHidden();
  });
});
