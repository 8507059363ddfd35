import type { Page } from "@playwright/test";

import { newSku } from "../api";
import { expect, test } from "../fixtures";
import { createButton, expectUnconfirmed, field, fill } from "../item-page";
import { hearAgain, loseCommands } from "../network";
import { UNANSWERED } from "../pages";

test.describe("What is typed for a new item", () => {
  const typed = { Name: "Assam", SKU: newSku(), Unit: "bag" };

  async function expectTyped(page: Page): Promise<void> {
    for (const [label, value] of Object.entries(typed)) {
      await expect(field(page, label)).toHaveValue(value);
    }
  }

  test.beforeEach(async ({ page, visit }) => {
    await visit("/inventory/new");
    await fill(page, typed);
  });

  test("survives a reload", async ({ page, reload }) => {
    await reload();
    await expectTyped(page);
    await expect(page.getByText("After this: a new item")).toBeVisible();
  });

  test("survives leaving the page, and Back", async ({ page }) => {
    await page.getByRole("link", { name: "Inventory" }).first().click();
    await expect(page.getByRole("heading", { name: "Inventory", level: 1 })).toBeVisible();
    await page.goBack();
    await expectTyped(page);
  });

  test("is gone once it is sent", async ({ page, item, visit }) => {
    const sku = newSku();
    await field(page, "SKU").fill(sku);
    await createButton(page).click();
    await expect(item.name).toHaveText("Assam");
    await visit("/inventory/new");
    await expect(field(page, "Name")).toHaveValue("");
  });

  test("is gone once it is discarded", async ({ page, visit }) => {
    await page.getByRole("link", { name: "Cancel" }).click();
    await expect(page.getByRole("heading", { name: "Inventory", level: 1 })).toBeVisible();
    await visit("/inventory/new");
    await expect(field(page, "Name")).toHaveValue("");
  });
});

test.describe("What is typed for a task", () => {
  test("survives a reload, and is sent once", async ({ item, api, visit, reload }) => {
    const { id } = await api.createItem({ on_hand: 40 });
    await visit(`/inventory/${id}`);
    await item.begin("Remove items");
    await item.fill({ Quantity: 12, Reason: "sold" });

    await reload();
    await expect(item.dialog).toBeVisible();
    await expect(field(item.dialog, "Quantity")).toHaveValue("12");
    await expect(field(item.dialog, "Reason")).toHaveValue("sold");
    await item.primary("Remove items").click();
    await item.expectSettled();

    await reload();
    await expect(item.figure("On hand")).toHaveText("28");
    await expect(item.dialog).toBeHidden();
    expect(await api.changeSets(id)).toHaveLength(3);
  });

  test("survives a reload of an address that opens the task", async ({ item, api, visit, reload }) => {
    const { id } = await api.createItem({ on_hand: 40 });
    await visit(`/inventory/${id}?task=remove`);
    await item.fill({ Quantity: 12, Reason: "sold" });
    await reload();
    await expect(field(item.dialog, "Quantity")).toHaveValue("12");
    await expect(field(item.dialog, "Reason")).toHaveValue("sold");
  });

  test("is gone once it is discarded", async ({ page, item, api, visit, reload }) => {
    await visit(`/inventory/${(await api.createItem()).id}`);
    await item.begin("Check in items");
    await item.fill({ Quantity: 12 });
    await page.keyboard.press("Escape");
    await expect(item.dialog).toBeHidden();
    await reload();
    await expect(item.dialog).toBeHidden();
    await item.begin("Check in items");
    await expect(field(item.dialog, "Quantity")).toHaveValue("");
  });

  test("belongs to its item", async ({ item, api, visit }) => {
    await visit(`/inventory/${(await api.createItem()).id}`);
    await item.begin("Check in items");
    await item.fill({ Quantity: 12 });
    await visit(`/inventory/${(await api.createItem()).id}`);
    await expect(item.dialog).toBeHidden();
  });
});

test.describe("A form whose answer got lost", () => {
  test.use({ allowedComplaints: [UNANSWERED] });

  test("is still the same command after a reload", async ({ page, item, api, visit, reload }) => {
    const { id } = await api.createItem();
    await visit(`/inventory/${id}`);
    await loseCommands(page);
    await item.begin("Check in items");
    await item.fill({ Quantity: 12 });
    await item.primary("Check in items").click();
    await expectUnconfirmed(item.dialog);
    await hearAgain(page);

    await reload();
    await expectUnconfirmed(item.dialog);
    await item.primary("Check in items").click();
    await item.expectSettled();
    await expect(item.figure("On hand")).toHaveText("12");
    expect(await api.changeSets(id)).toHaveLength(2);
  });
});

test.describe("A browser without a network", () => {
  test.use({ allowedComplaints: [UNANSWERED] });

  test("does not know the items, and loads them once it is back online", async ({ page, context, api, visit }) => {
    await visit(`/inventory/${(await api.createItem()).id}`);
    await context.setOffline(true);
    await page.getByRole("link", { name: "Inventory" }).first().click();
    await expect(page.getByRole("heading", { name: "Inventory", level: 1 })).toBeVisible();
    await expect(page.getByText("Number of items unknown")).toBeVisible();
    await expect(page.getByText("No items")).toHaveCount(0);
    await expect(page.getByRole("alert")).toContainText("tries again once you are back online");

    await context.setOffline(false);
    await expect(page.getByRole("table")).toBeVisible();
    await expect(page.getByRole("alert")).toHaveCount(0);
  });

  test("shows an item once it is back online", async ({ page, context, item, api, visit }) => {
    const { name } = await api.createItem();
    await visit(`/inventory?search=${encodeURIComponent(name)}`);
    await context.setOffline(true);
    await page.getByRole("link", { name }).click();
    await expect(page.getByRole("alert")).toContainText("tries again once you are back online");
    await context.setOffline(false);
    await expect(item.figure("On hand")).toHaveText("0");
  });
});
