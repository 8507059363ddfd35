import type { Page } from "@playwright/test";

import { Api, newSku } from "../api";
import { expect, test } from "../fixtures";
import { createButton, expectUnconfirmed, field, fill, type ItemPage } from "../item-page";
import { hearAgain, interceptAnswers, loseAnswers, loseCommands } from "../network";
import { answered, UNANSWERED, withoutItsStore } from "../pages";

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

test("Enter held down on a task's button only opens it", async ({ page, item, api, visit }) => {
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

test("a reload during a command loses nothing and does nothing twice", async ({ page, item, api, visit, reload }) => {
  const { id } = await api.createItem();
  await visit(`/inventory/${id}`);
  const written = new Promise<void>((resolve) => void interceptAnswers(page, async () => resolve()));
  await item.begin("Check in items");
  await item.fill({ Quantity: 12 });
  await item.primary("Check in items").click();
  await written;

  await hearAgain(page);
  await reload();

  await expect(item.figure("On hand")).toHaveText("12");
  await expect(item.entries).toHaveText([/Checked in 12/, /Created/]);
  expect(await api.changeSets(id)).toHaveLength(2);
});

test("an acknowledged command survives SIGKILL", async ({ daybook, item, api, visit, reload }) => {
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

test.describe("A server that does not answer", () => {
  test.use({ allowedComplaints: [UNANSWERED] });

  test("is reported, the input stays, and a retry of the same command succeeds", async ({ daybook, item, api, visit }) => {
    const { id } = await api.createItem();
    await visit(`/inventory/${id}`);
    await item.begin("Check in items");
    await item.fill({ Quantity: 12, Reference: "PO 1182" });
    await daybook.kill9();
    try {
      await item.primary("Check in items").click();
      await expectUnconfirmed(item.dialog);
      await expect(field(item.dialog, "Quantity")).toHaveValue("12");
      await expect(field(item.dialog, "Reference")).toHaveValue("PO 1182");
    } finally {
      await daybook.restart();
    }

    await item.primary("Check in items").click();
    await item.expectSettled();
    await expect(item.figure("On hand")).toHaveText("12");
    expect(await api.changeSets(id)).toHaveLength(2);
  });
});

test.describe("An answer that got lost", () => {
  test.use({ allowedComplaints: [UNANSWERED] });

  /** Checks in twelve, as version 2, and loses the answer. */
  test.beforeEach(async ({ page, item, api, visit }) => {
    const { id } = await api.createItem();
    await visit(`/inventory/${id}`);
    await loseAnswers(page);
    await item.begin("Check in items");
    await item.fill({ Quantity: 12 });
    await item.primary("Check in items").click();
    await expectUnconfirmed(item.dialog);
    expect(await api.changeSets(id)).toHaveLength(2);
  });

  const idOf = (page: Page): string => new URL(page.url()).pathname.split("/").at(-1)!;

  async function expectRecordedAlready(item: ItemPage): Promise<void> {
    const notice = item.dialog.getByRole("alert");
    await expect(notice).toContainText("Already recorded: Checked in 12");
    await expect(notice).toContainText("What the form says now is not recorded yet.");
    await expect(notice.getByRole("link", { name: "version 2" })).toHaveAttribute("href", /version=2$/);
    await expect(item.figure("On hand")).toHaveText("12");
  }

  test("is fetched by a retry, without a second check-in", async ({ page, item, api }) => {
    await hearAgain(page);
    await item.primary("Check in items").click();

    await item.expectSettled();
    await expect(item.figure("On hand")).toHaveText("12");
    await expect(item.entries).toHaveCount(2);
    expect(await api.changeSets(idOf(page))).toHaveLength(2);
  });

  test("is shown before the edited form is recorded as well", async ({ page, item, api }) => {
    await hearAgain(page);
    await item.fill({ Quantity: 13 });
    await item.primary("Check in items").click();

    await expectRecordedAlready(item);
    await expect(field(item.dialog, "Quantity")).toHaveValue("13");
    expect(await api.changeSets(idOf(page))).toHaveLength(2);

    // Having read that, the user may want both.
    await item.primary("Check in items").click();
    await item.expectSettled();
    await expect(item.figure("On hand")).toHaveText("25");
    await expect(item.entries).toHaveText([/Checked in 13/, /Checked in 12/, /Created/]);
    const ids = (await api.changeSets(idOf(page))).map(({ command_id }) => command_id);
    expect(new Set(ids).size).toBe(3);
  });

  test("is shown, and the edited form can be cancelled", async ({ page, item, api }) => {
    await hearAgain(page);
    await item.fill({ Quantity: 13 });
    await item.primary("Check in items").click();
    await expectRecordedAlready(item);

    await item.dialog.getByRole("link", { name: "Cancel" }).click();
    await expect(item.figure("On hand")).toHaveText("12");
    await item.begin("Check in items");
    await expect(item.dialog.getByRole("alert")).toHaveCount(0);
    await expect(field(item.dialog, "Quantity")).toHaveValue("");
    expect(await api.changeSets(idOf(page))).toHaveLength(2);
  });

  test("can get lost again, whatever the form says", async ({ page, item, api }) => {
    for (const quantity of [13, 14]) {
      await item.fill({ Quantity: quantity });
      await item.primary("Check in items").click();
      await expectUnconfirmed(item.dialog);
      await expect(field(item.dialog, "Quantity")).toHaveValue(String(quantity));
    }
    await hearAgain(page);
    await item.primary("Check in items").click();
    await expectRecordedAlready(item);
    expect(await api.changeSets(idOf(page))).toHaveLength(2);
  });

  test("stays unconfirmed when the task is cancelled and begun again", async ({ page, item, api }) => {
    await page.keyboard.press("Escape");
    await expect(item.dialog).toBeHidden();
    await item.begin("Check in items");
    await expectUnconfirmed(item.dialog);
    await expect(field(item.dialog, "Quantity")).toHaveValue("12");

    await hearAgain(page);
    await item.fill({ Quantity: 13 });
    await item.primary("Check in items").click();
    await expectRecordedAlready(item);
    expect(await api.changeSets(idOf(page))).toHaveLength(2);
  });

  test("is known once another task has loaded the history", async ({ page, item, api }) => {
    await item.dialog.getByRole("link", { name: "Cancel" }).click();
    await hearAgain(page);
    await item.perform("Set reorder level", { "Reorder level": 9 });
    await expect(item.entries).toHaveText([/Reorder level set to 9/, /Checked in 12/, /Created/]);

    await item.perform("Check in items", { Quantity: 12 });
    await expect(item.figure("On hand")).toHaveText("24");
    expect(await api.changeSets(idOf(page))).toHaveLength(4);
  });
});

test.describe("A command that got lost in transit", () => {
  test.use({ allowedComplaints: [UNANSWERED] });

  test("does not matter once another is sent instead", async ({ page, item, api, visit }) => {
    const { id } = await api.createItem();
    await visit(`/inventory/${id}`);
    await loseCommands(page);
    await item.begin("Check in items");
    await item.fill({ Quantity: 12 });
    await item.primary("Check in items").click();
    await expectUnconfirmed(item.dialog);
    expect(await api.changeSets(id)).toHaveLength(1);

    await hearAgain(page);
    await item.fill({ Quantity: 13 });
    await item.primary("Check in items").click();
    await item.expectSettled();
    await expect(item.entries).toHaveText([/Checked in 13/, /Created/]);
    expect(await api.changeSets(id)).toHaveLength(2);
  });
});

test.describe("An item whose creation was not confirmed", () => {
  test.use({ allowedComplaints: [UNANSWERED] });

  test("is one item, until the user asks for another", async ({ page, item, api, visit }) => {
    const create = createButton(page);
    await visit("/inventory/new");
    await loseAnswers(page);
    await fill(page, { Name: "Assam", SKU: newSku(), Unit: "bag" });
    await create.click();
    await expectUnconfirmed(page);

    await hearAgain(page);
    await fill(page, { Name: "Darjeeling", SKU: newSku() });
    await create.click();
    await expect(page.getByRole("alert")).toContainText("Already recorded: Created as “Assam”");
    await expect(field(page, "Name")).toHaveValue("Darjeeling");
    const first = await page.getByRole("alert").getByRole("link", { name: "version 1" }).getAttribute("href");

    await create.click();
    await expect(item.name).toHaveText("Darjeeling");
    expect(new URL(page.url()).pathname).not.toBe(first!.split("?")[0]);
    expect(await api.changeSets(first!.split("?")[0]!.split("/").at(-1)!)).toHaveLength(1);
  });
});

test.describe("An unavailable store", { tag: "@both" }, () => {
  test.use({ allowedComplaints: [answered("503")] });

  test("is reported with its status, and can be tried again", async ({ page, visit, another }) => {
    const path = `${await withoutItsStore(another)}/inventory/01939c6e-7b1a-7c3e-8000-000000000000`;
    expect((await visit(path))?.status()).toBe(503);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("The store does not answer");

    const again = page.waitForResponse((response) => response.request().isNavigationRequest());
    const shown = page.waitForEvent("domcontentloaded");
    await page.getByRole("link", { name: "Try again" }).click();
    expect((await again).status()).toBe(503);
    await shown;
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("The store does not answer");
    expect(page.url()).toBe(path);
  });
});

test.describe("A browser without a network", () => {
  // The browser may still be loading the icon.
  test.use({ allowedComplaints: [UNANSWERED] });

  test("says so until it is back online", async ({ page, context, api, visit }) => {
    await visit(`/inventory/${(await api.createItem()).id}`);
    const banner = page.getByRole("status").filter({ hasText: "You are offline." });
    await expect(banner).toBeHidden();
    await context.setOffline(true);
    await expect(banner).toBeVisible();
    await context.setOffline(false);
    await expect(banner).toBeHidden();
  });
});

test("a server that is asked to stop finishes the commands in flight", async ({ untouched }) => {
  const api = new Api(untouched);
  const { id } = await api.createItem();
  const answers = Array.from({ length: 50 }, async () => api.command(id, "CheckInItems", { quantity: 1 }));
  const heard = Promise.allSettled(answers);
  await Promise.race(answers);
  expect(await untouched.stop()).toBe(0);
  const accepted = (await heard).filter(({ status }) => status === "fulfilled").length;
  expect(accepted).toBeGreaterThan(0);

  await untouched.restart();
  expect(await api.changeSets(id)).toHaveLength(1 + accepted);
});
