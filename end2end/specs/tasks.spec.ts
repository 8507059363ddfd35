import type { Locator } from "@playwright/test";

import { newSku, uuidv7 } from "../api";
import { expect, test } from "../fixtures";
import { createButton, field, fill, type Fields, type Task } from "../item-page";

test.describe("Every task", { tag: "@both" }, () => {
  test("creates an item, and goes to it", async ({ page, item, api, visit, javaScriptEnabled }) => {
    await visit("/inventory");
    await page.getByRole("link", { name: "Create item" }).first().click();
    const heading = page.getByRole("heading", { name: "Create an item" });
    // The heading takes the focus one frame after it appears, and a field must not lose it then.
    await (javaScriptEnabled === false ? expect(heading).toBeVisible() : expect(heading).toBeFocused());
    const sku = newSku();
    await fill(page, { SKU: sku, Name: "Coffee beans", Unit: "bag", "Maximum quantity": 60 });
    await createButton(page).click();

    await expect(item.name).toHaveText("Coffee beans");
    await expect(item.figure("On hand")).toHaveText("0");
    await expect(item.figure("Maximum")).toHaveText("60");
    await expect(item.entries).toHaveText([/Created as “Coffee beans”, at most 60/]);
    const id = new URL(page.url()).pathname.split("/").at(-1)!;
    expect(await api.state(id)).toEqual({
      sku,
      name: "Coffee beans",
      unit: "bag",
      on_hand: 0,
      max_quantity: 60,
      reorder_level: null,
      active: true,
    });
  });

  interface Performance {
    task: Task;
    fields: Fields;
    figure: "On hand" | "Maximum" | "Reorder level";
    shows: string;
    sentence: RegExp;
  }

  // Each applies to an item with a maximum of 60 and 40 on hand.
  const performances: Performance[] = [
    {
      task: "Check in items",
      fields: { Quantity: 12, Reference: "PO 1182" },
      figure: "On hand",
      shows: "52",
      sentence: /Checked in 12 · PO 1182/,
    },
    {
      task: "Remove items",
      fields: { Quantity: 15, Reason: "damaged" },
      figure: "On hand",
      shows: "25",
      sentence: /Removed 15 · damaged/,
    },
    {
      task: "Adjust stock",
      fields: { Counted: 37, "Reason for the difference": "shelf count" },
      figure: "On hand",
      shows: "37",
      sentence: /Counted 37 · was 40/,
    },
    {
      task: "Adjust stock",
      fields: { Counted: 40 },
      figure: "On hand",
      shows: "40",
      sentence: /Counted 40, agrees/,
    },
    {
      task: "Set reorder level",
      fields: { "Reorder level": "1,234\u202f572" },
      figure: "Reorder level",
      shows: "1,234,572",
      sentence: /Reorder level set to 1,234,572/,
    },
    {
      task: "Change maximum",
      fields: { "Maximum quantity": 75 },
      figure: "Maximum",
      shows: "75",
      sentence: /Maximum set to 75/,
    },
    {
      task: "Set reorder level",
      fields: { "Reorder level": 9 },
      figure: "Reorder level",
      shows: "9",
      sentence: /Reorder level set to 9/,
    },
  ];

  for (const { task, fields, figure: name, shows, sentence } of performances) {
    test(`${task}: ${name} and the timeline show ${shows}`, async ({ item, api, visit }) => {
      const { id } = await api.createItem({ max_quantity: 60, on_hand: 40 });
      await visit(`/inventory/${id}`);
      await expect(item.entries).toHaveCount(2);

      await item.perform(task, fields);

      await expect(item.figure(name)).toHaveText(shows);
      await expect(item.entries).toHaveCount(3);
      await expect(item.entries.first()).toContainText(sentence);
      expect(await api.changeSets(id)).toHaveLength(3);
    });
  }

  test("Remove items is described as “Record goods that left.”", async ({ item, api, visit }) => {
    const { id } = await api.createItem({ on_hand: 40 });
    await visit(`/inventory/${id}`);
    await item.begin("Remove items");
    await expect(item.dialog.getByText("Record goods that left.", { exact: true })).toBeVisible();
  });

  test("Rename item: the page shows the new name", async ({ page, item, api, visit }) => {
    const { id } = await api.createItem({ name: "Beans" });
    await visit(`/inventory/${id}`);
    await item.perform("Rename item", { "New name": "Coffee beans, whole" });

    await expect(item.name).toHaveText("Coffee beans, whole");
    await expect(page).toHaveTitle(/Coffee beans, whole/);
    await expect(item.entries.first()).toContainText("Renamed to “Coffee beans, whole”");
  });

  test("Change maximum: an empty field lifts it", async ({ item, api, visit }) => {
    const { id } = await api.createItem({ max_quantity: 60 });
    await visit(`/inventory/${id}`);
    await item.perform("Change maximum", { "Maximum quantity": "" });

    await expect(item.entries.first()).toContainText("Maximum removed");
    await expect(item.figure("Maximum")).toHaveText("No limit");
    expect((await api.state(id)).max_quantity).toBeNull();
  });

  test("Deactivate and reactivate: one takes the place of the other", async ({ item, api, visit }) => {
    const { id } = await api.createItem();
    await visit(`/inventory/${id}`);

    await item.perform("Deactivate item", { Reason: "No longer sold" });
    await expect(item.entries.first()).toContainText("Deactivated");
    await expect(item.entries.first()).toContainText("No longer sold");
    expect((await api.state(id)).active).toBe(false);

    await item.perform("Reactivate item");
    await expect(item.entries.first()).toContainText("Reactivated");
    await expect(item.button("Deactivate item")).toBeEnabled();
    expect((await api.state(id)).active).toBe(true);
  });

  test("a movement shows its quantity and the new balance", async ({ item, api, visit }) => {
    const { id } = await api.createItem({ on_hand: 40 });
    await visit(`/inventory/${id}`);
    await item.perform("Remove items", { Quantity: 15, Reason: "sold" });

    await expect(item.entries.nth(0)).toContainText(/−15\s*→\s*25/);
    await expect(item.entries.nth(1)).toContainText(/\+40\s*→\s*40/);
  });

  test("texts of any script come back as they were written", async ({ page, item, api, visit }) => {
    const name = "קפה ☕ <b>“naïve” & co</b> 👩‍🌾";
    const { id } = await api.createItem({ name });
    await visit(`/inventory/${id}`);
    await expect(item.name).toHaveText(name);
    await expect(page).toHaveTitle(new RegExp("קפה"));
  });
});

test("an entry opens to its event, its ids and its hashes", async ({ item, api, visit }) => {
  const { id } = await api.createItem({ on_hand: 12 });
  await visit(`/inventory/${id}`);
  const [, checkIn] = await api.changeSets(id);

  await item.entries.first().locator("summary").first().click();

  await expect(item.entries.first()).toContainText("ItemsCheckedIn");
  await expect(item.entries.first()).toContainText(checkIn!.command_id);
});

test("an entry names its cause, if it has one", async ({ item, api, visit }) => {
  const { id } = await api.createItem();
  const cause = uuidv7();
  await api.command(id, "CheckInItems", { quantity: 12 }, { causation_id: cause });
  await visit(`/inventory/${id}`);
  const [checkedIn, created] = [item.entries.nth(0), item.entries.nth(1)];
  await checkedIn.locator("summary").first().click();
  await created.locator("summary").first().click();

  await expect(definition(checkedIn, "Causation id")).toHaveText(cause);
  await expect(definition(checkedIn, "Command id")).toBeVisible();
  await expect(definition(created, "Command id")).toBeVisible();
  await expect(definition(created, "Causation id")).toHaveCount(0);
});

/** The definition beside a term. */
function definition(within: Locator, term: string): Locator {
  return within.getByRole("term").filter({ hasText: term }).locator("+ dd");
}

test("the browser makes every id, a UUID of version 7", async ({ page, item, api, visit }) => {
  const sent: { command_id: string; aggregate: { id: string } }[] = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/ui/submit-command")) {
      sent.push((request.postDataJSON() as { request: (typeof sent)[number] }).request);
    }
  });
  await visit("/inventory");
  const before = Date.now();
  await page.getByRole("link", { name: "Create item" }).first().click();
  await expect(page.getByRole("heading", { name: "Create an item" })).toBeFocused();
  await fill(page, { SKU: newSku(), Name: "Coffee beans", Unit: "bag" });
  await createButton(page).click();
  await expect(item.name).toHaveText("Coffee beans");
  await item.perform("Check in items", { Quantity: 12 });

  const id = new URL(page.url()).pathname.split("/").at(-1)!;
  expect(sent.map(({ aggregate }) => aggregate.id)).toEqual([id, id]);
  expect((await api.changeSets(id)).map(({ command_id }) => command_id)).toEqual(sent.map(({ command_id }) => command_id));
  const made = [id, ...sent.map(({ command_id }) => command_id)];
  expect(new Set(made).size).toBe(3);
  for (const uuid of made) {
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const milliseconds = Number.parseInt(uuid.replace("-", "").slice(0, 12), 16);
    expect(milliseconds).toBeGreaterThanOrEqual(before);
    expect(milliseconds).toBeLessThanOrEqual(Date.now());
  }
});

test("preflight shows the effect at every keystroke", async ({ item, api, visit }) => {
  const { id } = await api.createItem({ max_quantity: 60, on_hand: 40 });
  await visit(`/inventory/${id}`);
  await item.begin("Check in items");

  await field(item.dialog, "Quantity").pressSequentially("1");
  await expect(item.dialog).toContainText("41 on hand");
  await field(item.dialog, "Quantity").pressSequentially("2");
  await expect(item.dialog).toContainText("52 on hand, room for 8 more");
});

test("the keyboard alone performs a task, and focus comes back to where it was", async ({ page, item, api, visit }) => {
  const { id } = await api.createItem();
  await visit(`/inventory/${id}`);
  const opener = item.button("Check in items");

  await tabTo(opener);
  await page.keyboard.press("Enter");
  await expect(field(item.dialog, "Quantity")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(item.dialog).toBeHidden();
  await expect(opener).toBeFocused();

  await page.keyboard.press("Enter");
  await expect(field(item.dialog, "Quantity")).toBeFocused();
  await page.keyboard.type("7");
  await page.keyboard.press("Tab");
  await expect(field(item.dialog, "Reference")).toBeFocused();
  await page.keyboard.type("PO 1182");
  await page.keyboard.press("Tab");
  await expect(item.primary("Check in items")).toBeFocused();
  await page.keyboard.press("Enter");
  await item.expectSettled();
  await expect(item.figure("On hand")).toHaveText("7");
  await expect(item.entries.first()).toContainText("Checked in 7 · PO 1182");
  await expect(opener).toBeFocused();
});

/** Presses Tab until the element has the focus. */
async function tabTo(element: Locator): Promise<void> {
  for (let stops = 0; stops < 30; stops += 1) {
    if (await element.evaluate((candidate) => candidate === document.activeElement)) {
      return;
    }
    await element.page().keyboard.press("Tab");
  }
  await expect(element).toBeFocused();
}

test("three tasks in a row, without a pause, are three versions", async ({ item, api, visit }) => {
  const { id } = await api.createItem();
  await visit(`/inventory/${id}`);
  await item.perform("Check in items", { Quantity: 5 });
  await item.perform("Remove items", { Quantity: 2, Reason: "used" });
  await item.perform("Rename item", { "New name": "Third" });

  await expect(item.entries).toHaveText([/Renamed to “Third”/, /Removed 2 · used/, /Checked in 5/, /Created/]);
  expect((await api.changeSets(id)).map(({ version }) => version)).toEqual([1, 2, 3, 4]);
  expect(await api.isVerified(id)).toBe(true);
});
