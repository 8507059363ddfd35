import type { Page, Route } from "@playwright/test";

import { expect, test } from "../fixtures";
import { field } from "../item-page";

const AWAY = /Failed to load resource: net::ERR_/;

/** Takes each command the page sends, once the server has answered it. */
async function interceptAnswers(page: Page, take: (route: Route) => Promise<void>): Promise<void> {
  await page.route("**/*", async (route) => {
    if (route.request().method() !== "POST") {
      return route.continue();
    }
    await route.fetch();
    await take(route);
  });
}

test("a double click is one change set", async ({ item, api, visit }) => {
  const { id } = await api.createItem();
  await visit(`/inventory/${id}`);
  await item.begin("Check in items");
  await item.fill({ Quantity: 12 });
  await item.primary("Check in items").dblclick();

  await item.expectSettled();
  await expect(item.figure("On hand")).toHaveText("12");
  await expect(item.entries).toHaveCount(2);
  expect(await api.changeSets(id)).toHaveLength(2);
});

test("Enter held down is one change set", async ({ page, item, api, visit }) => {
  const { id } = await api.createItem();
  await visit(`/inventory/${id}`);
  await item.begin("Check in items");
  await field(item.dialog, "Quantity").fill("12");
  await page.keyboard.down("Enter");
  await page.keyboard.down("Enter");
  await page.keyboard.down("Enter");
  await page.keyboard.up("Enter");

  await item.expectSettled();
  await expect(item.figure("On hand")).toHaveText("12");
  await expect(item.button("Check in items")).toBeFocused();
  expect(await api.changeSets(id)).toHaveLength(2);
});

test("Enter held down on a task's button opens it, no more", async ({ page, item, api, visit }) => {
  const { id } = await api.createItem();
  await api.command(id, "DeactivateInventoryItem", { reason: "Discontinued" });
  await visit(`/inventory/${id}`);
  await item.button("Reactivate item").focus();
  await page.keyboard.down("Enter");
  await expect(item.primary("Reactivate item")).toBeVisible();
  await item.primary("Reactivate item").focus();
  await page.keyboard.down("Enter");
  await page.keyboard.down("Enter");
  await page.keyboard.up("Enter");

  await page.keyboard.press("Escape");
  await expect(item.dialog).toBeHidden();
  await expect(item.button("Reactivate item")).toBeFocused();
  expect(await api.changeSets(id)).toHaveLength(2);
});

test("a reload in mid-command loses nothing and does nothing twice", async ({ page, item, api, visit, reload }) => {
  const { id } = await api.createItem();
  await visit(`/inventory/${id}`);
  const written = new Promise<void>((resolve) => void interceptAnswers(page, async () => resolve()));
  await item.begin("Check in items");
  await item.fill({ Quantity: 12 });
  await item.primary("Check in items").click();
  await written;

  await page.unrouteAll({ behavior: "ignoreErrors" });
  await reload();

  await expect(item.figure("On hand")).toHaveText("12");
  await expect(item.entries).toHaveText([/Checked in 12/, /Created/]);
  expect(await api.changeSets(id)).toHaveLength(2);
});

test("what was acknowledged survives SIGKILL", async ({ daybook, item, api, visit, reload }) => {
  const { id } = await api.createItem();
  await visit(`/inventory/${id}`);
  await item.perform("Check in items", { Quantity: 12, Reference: "PO 1182" });
  await expect(item.figure("On hand")).toHaveText("12");

  await daybook.kill9();
  await daybook.restart();
  await item.perform("Remove items", { Quantity: 5, Reason: "sold" });

  await expect(item.figure("On hand")).toHaveText("7");
  await reload();
  await expect(item.entries).toHaveText([/Removed 5 · sold/, /Checked in 12 · PO 1182/, /Created/]);
  expect(await api.isVerified(id)).toBe(true);
});

test.describe("A server that cannot be reached", () => {
  test.use({ allowedComplaints: [AWAY] });

  test("is said, the input stays, and the same command goes through later", async ({ daybook, item, api, visit }) => {
    const { id } = await api.createItem();
    await visit(`/inventory/${id}`);
    await item.begin("Check in items");
    await item.fill({ Quantity: 12, Reference: "PO 1182" });
    await daybook.kill9();
    try {
      await item.primary("Check in items").click();
      await expect(item.dialog).toContainText(/cannot be reached/i);
      await expect(field(item.dialog, "Quantity")).toHaveValue("12");
      await expect(field(item.dialog, "Reference")).toHaveValue("PO 1182");
    } finally {
      await daybook.restart();
    }

    await item.dialog.getByRole("button", { name: "Try again" }).click();
    await item.expectSettled();
    await expect(item.figure("On hand")).toHaveText("12");
    expect(await api.changeSets(id)).toHaveLength(2);
  });

  test("an answer that got lost is asked for again, not a second check-in", async ({ page, item, api, visit }) => {
    const { id } = await api.createItem();
    await visit(`/inventory/${id}`);
    await interceptAnswers(page, (route) => route.abort("connectionreset"));
    await item.begin("Check in items");
    await item.fill({ Quantity: 12 });
    await item.primary("Check in items").click();
    await expect(item.dialog).toContainText(/cannot be reached/i);
    expect(await api.changeSets(id)).toHaveLength(2);

    await page.unrouteAll({ behavior: "ignoreErrors" });
    await item.dialog.getByRole("button", { name: "Try again" }).click();

    await item.expectSettled();
    await expect(item.figure("On hand")).toHaveText("12");
    await expect(item.entries).toHaveCount(2);
    expect(await api.changeSets(id)).toHaveLength(2);
  });
});

test("a server that is asked to stop finishes what it has begun", async ({ untouched }) => {
  expect(await untouched.stop()).toBe(0);
  await untouched.restart();
});
