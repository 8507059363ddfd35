import type { Locator } from "@playwright/test";

import { newSku } from "../api";
import { expect, test } from "../fixtures";
import { createButton, field, fill, TASKS, type Fields, type Task } from "../item-page";
import { answered } from "../pages";

const REJECTED = answered("422");

test.describe("A task that is not allowed now", { tag: "@both" }, () => {
  test("is disabled while stock remains, with the reason and the way out", async ({ page, item, api, visit }) => {
    const { id } = await api.createItem({ on_hand: 12 });
    await visit(`/inventory/${id}`);

    await expect(item.button("Deactivate item")).toBeDisabled();
    await expect(page.getByText(/12 are still in stock/i).first()).toBeVisible();

    await item.button("Write off remaining").click();
    await expect(field(item.dialog, "Quantity")).toHaveValue("12");
    await item.fill({ Reason: "expired" });
    await item.dialog.getByRole("button", { name: "Write off remaining", exact: true }).click();
    await item.expectSettled();
    await expect(item.entries.first()).toContainText("Removed 12 · expired");
    await item.perform("Deactivate item", { Reason: "Discontinued" });
    expect((await api.state(id)).active).toBe(false);
  });

  test("is disabled with nothing on hand", async ({ page, item, api, visit }) => {
    const { id } = await api.createItem();
    await visit(`/inventory/${id}`);
    await expect(item.button("Remove items")).toBeDisabled();
    await expect(page.getByText(/none in stock/i).first()).toBeVisible();
  });

  test("is disabled at the maximum", async ({ page, item, api, visit }) => {
    const { id } = await api.createItem({ max_quantity: 5, on_hand: 5 });
    await visit(`/inventory/${id}`);
    await expect(item.button("Check in items")).toBeDisabled();
    await expect(page.getByText(/full: 5 of 5/i).first()).toBeVisible();
  });

  test("is disabled on an inactive item, except its reactivation", async ({ page, item, api, visit }) => {
    const { id } = await api.createItem();
    await api.command(id, "DeactivateInventoryItem", { reason: "Discontinued" });
    await visit(`/inventory/${id}`);

    await expect(item.button("Reactivate item")).toBeEnabled();
    await expect(page.getByText(/the item is inactive/i).first()).toBeVisible();
    for (const task of TASKS) {
      const button = item.button(task);
      if (task !== "Reactivate item" && (await button.count()) > 0) {
        await expect(button).toBeDisabled();
      }
    }
  });
});

test.describe("Removing from nothing", { tag: "@both" }, () => {
  test.use({ allowedComplaints: [REJECTED] });

  test("is refused with “None in stock.”, beside the task and in its form", async ({ page, item, api, visit, javaScriptEnabled }) => {
    const { id } = await api.createItem();
    await visit(`/inventory/${id}`);
    await expect(page.getByText("None in stock.", { exact: true })).toBeVisible();
    await expect(item.button("Remove items")).toHaveAccessibleDescription(/^None in stock\. /);

    await visit(`/inventory/${id}?task=remove`);
    await item.fill({ Quantity: 1, Reason: "sold" });
    if (javaScriptEnabled === false) {
      await item.primary("Remove items").click();
    }
    await expect(item.dialog.getByText("None in stock.", { exact: true }).filter({ visible: true })).toHaveCount(1);
    expect(await api.changeSets(id)).toHaveLength(1);
  });
});

interface Refusal {
  why: string;
  task: Task;
  fields: Fields;
  says: RegExp;
}

// Each applies to an active item "Beans" with a maximum of 60 and 40 on hand.
const refusals: Refusal[] = [
  {
    why: "more than the maximum",
    task: "Check in items",
    fields: { Quantity: 21 },
    says: /21 more would make 61; the maximum is 60/i,
  },
  { why: "a quantity of zero", task: "Check in items", fields: { Quantity: 0 }, says: /Quantity must be 1 to/ },
  { why: "a negative quantity", task: "Check in items", fields: { Quantity: -1 }, says: /Quantity must be 1 to/ },
  { why: "too large a quantity", task: "Check in items", fields: { Quantity: 1_000_000_001 }, says: /Quantity must be 1 to/ },
  { why: "half an item", task: "Check in items", fields: { Quantity: "1.5" }, says: /Quantity must be a whole number/ },
  {
    why: "more than any integer",
    task: "Check in items",
    fields: { Quantity: "9223372036854775808" },
    says: /Quantity must be a whole number/,
  },
  {
    why: "more than on hand",
    task: "Remove items",
    fields: { Quantity: 41, Reason: "sold" },
    says: /you asked for 41; only 40 are on hand/i,
  },
  {
    why: "a comma that groups nothing",
    task: "Check in items",
    fields: { Quantity: "1,5" },
    says: /Quantity must be a whole number, such as 1200 or 1,200/,
  },
  {
    why: "the same maximum",
    task: "Change maximum",
    fields: { "Maximum quantity": " 60 " },
    says: /that is already its maximum/i,
  },
  {
    why: "a maximum below the quantity on hand",
    task: "Change maximum",
    fields: { "Maximum quantity": 39 },
    says: /40 are on hand, more than 39/i,
  },
  { why: "the same name", task: "Rename item", fields: { "New name": " Beans " }, says: /that is already its name/i },
  {
    why: "too long a name",
    task: "Rename item",
    fields: { "New name": "x".repeat(201) },
    says: /New name is too long: 201 characters; at most 200 are allowed/,
  },
  {
    why: "a mark that reverses the text",
    task: "Rename item",
    fields: { "New name": "Bea\u202ens" },
    says: /New name contains a character that is not allowed, at position 4/,
  },
  {
    why: "a negative level",
    task: "Set reorder level",
    fields: { "Reorder level": -1 },
    says: /Reorder level must be 0 to/,
  },
];

for (const { why, task, fields, says } of refusals) {
  test(`${task} refuses ${why} before anything is sent`, async ({ item, api, visit }) => {
    const { id } = await api.createItem({ name: "Beans", max_quantity: 60, on_hand: 40 });
    await visit(`/inventory/${id}`);
    await item.begin(task);
    await item.fill(fields);

    // Exactly once, whether a field or the line below says it.
    await expect(item.dialog.getByText(says).filter({ visible: true })).toHaveCount(1);
    await expect(item.primary(task)).toBeDisabled();
    await expect(item.primary(task)).toHaveAccessibleDescription(says);
    expect(await api.changeSets(id)).toHaveLength(2);
  });
}

test.describe("Without JavaScript", { tag: "@no-js" }, () => {
  test.use({ allowedComplaints: [REJECTED] });

  for (const { why, task, fields, says } of refusals) {
    test(`${task} refuses ${why}, and keeps the input`, async ({ item, api, visit }) => {
      const { id } = await api.createItem({ name: "Beans", max_quantity: 60, on_hand: 40 });
      await visit(`/inventory/${id}`);
      await item.begin(task);
      await item.fill(fields);
      await item.primary(task).click();

      await expect(item.dialog.getByRole("alert")).toContainText("What you typed is kept.");
      await expect(item.dialog.getByText(says).filter({ visible: true })).toHaveCount(1);
      for (const [label, value] of Object.entries(fields)) {
        await expect(field(item.dialog, label)).toHaveValue(String(value));
      }
      expect(await api.changeSets(id)).toHaveLength(2);
    });
  }
});

test.describe("When the state has changed since", () => {
  test.use({ allowedComplaints: [REJECTED] });

  test("the server's refusal is shown, what was shown early is taken back, the input stays", async ({ item, api, visit }) => {
    const { id } = await api.createItem({ on_hand: 10 });
    await visit(`/inventory/${id}`);
    await item.begin("Remove items");
    await item.fill({ Quantity: 8, Reason: "sold" });
    await api.command(id, "RemoveItems", { quantity: 5, reason: "lost" });

    await item.primary("Remove items").click();

    await expect(item.dialog.getByText(/you asked for 8; only 5 are on hand/i).filter({ visible: true })).toHaveCount(1);
    await expect(field(item.dialog, "Quantity")).toHaveValue("8");
    expect((await api.state(id)).on_hand).toBe(5);

    await item.fill({ Quantity: 5 });
    await item.primary("Remove items").click();
    await item.expectSettled();
    await expect(item.entries.first()).toContainText("Removed 5 · sold");
    expect((await api.state(id)).on_hand).toBe(0);
  });

  test("a command that commutes succeeds on the newer state", async ({ item, api, visit }) => {
    const { id } = await api.createItem({ on_hand: 10 });
    await visit(`/inventory/${id}`);
    await item.begin("Check in items");
    await api.command(id, "RenameInventoryItem", { name: "Renamed meanwhile" });
    await api.command(id, "CheckInItems", { quantity: 100 });

    await item.fill({ Quantity: 5 });
    await item.primary("Check in items").click();

    await item.expectSettled();
    await expect(item.name).toHaveText("Renamed meanwhile");
    await expect(item.entries).toHaveText([/Checked in 5/, /Checked in 100/, /Renamed/, /Checked in 10/, /Created/]);
    expect((await api.state(id)).on_hand).toBe(115);
  });
});

test.describe("Creating an item that already exists", { tag: "@both" }, () => {
  test.use({ allowedComplaints: [REJECTED] });

  test("names its SKU, and keeps the input", async ({ page, api, visit }) => {
    await visit("/inventory/new");
    const id = await page.locator("input[name=aggregate_id]").inputValue();
    const { sku } = await api.createItem({ id });
    await fill(page, { Name: "Darjeeling", SKU: newSku(), Unit: "bag" });

    await createButton(page).click();

    await expect(page.getByRole("alert")).toContainText(`This item already exists, as ${sku}.`);
    await expect(field(page, "Name")).toHaveValue("Darjeeling");
    expect(await api.changeSets(id)).toHaveLength(1);
  });
});

test.describe("Creating an item with a taken SKU", { tag: "@both" }, () => {
  test.use({ allowedComplaints: [REJECTED] });

  test("names the item that has it, and keeps the input", async ({ page, item, api, visit }) => {
    const holder = await api.createItem({ name: "Assam ☕" });
    await visit("/inventory/new");
    await fill(page, { Name: "Darjeeling", SKU: ` ${holder.sku.toLowerCase()}`, Unit: "bag" });
    const create = createButton(page);
    await create.click();

    const notice = page.getByRole("alert");
    await expect(notice).toContainText(`The SKU ${holder.sku} is taken by Assam ☕.`);
    await expect(notice.getByRole("link", { name: "Assam ☕" })).toHaveAttribute("href", `/inventory/${holder.id}`);
    await expect(field(page, "SKU")).toHaveAttribute("aria-invalid", "true");
    await expect(field(page, "SKU")).toHaveAccessibleDescription(/Choose another SKU\./);
    await expect(page.getByText(/After this/)).toHaveCount(0);
    await expect(field(page, "Name")).toHaveValue("Darjeeling");
    await expect(field(page, "SKU")).toHaveValue(` ${holder.sku.toLowerCase()}`);
    expect(await api.changeSets(holder.id)).toHaveLength(1);

    await fill(page, { SKU: newSku() });
    await create.click();
    await expect(item.name).toHaveText("Darjeeling");
    expect(new URL(page.url()).pathname).not.toBe(`/inventory/${holder.id}`);
  });
});

test("creating names a blank field on submit, and focuses it", async ({ page, item, visit }) => {
  await visit("/inventory/new");
  await fill(page, { Name: "Beans", SKU: "  ", Unit: "bag" });
  await expect(field(page, "SKU")).not.toHaveAttribute("aria-invalid");

  await createButton(page).click();
  await expect(field(page, "SKU")).toBeFocused();
  await expect(field(page, "SKU")).toHaveAttribute("aria-invalid", "true");
  await expect(field(page, "SKU")).toHaveAccessibleDescription(/SKU must not be blank/);

  await page.keyboard.type(newSku());
  await page.keyboard.press("Enter");
  await expect(item.name).toHaveText("Beans");
});

test("a task names a blank field on submit, and focuses it", async ({ item, api, visit }) => {
  const { id } = await api.createItem({ on_hand: 12 });
  await visit(`/inventory/${id}`);
  await item.begin("Remove items");
  await item.fill({ Quantity: 5 });

  await item.primary("Remove items").click();
  await expect(field(item.dialog, "Reason")).toBeFocused();
  await expect(item.dialog).toContainText("Reason must not be blank.");
  expect(await api.changeSets(id)).toHaveLength(2);

  await item.fill({ Quantity: "" });
  await item.primary("Remove items").click();
  await expect(item.dialog).toContainText("Quantity must not be blank.");
  await expect(field(item.dialog, "Quantity")).toBeFocused();
});

test("creating refuses an invalid maximum before anything is sent", async ({ page, item, visit }) => {
  await visit("/inventory/new");
  await fill(page, { Name: "Beans", SKU: newSku(), Unit: "bag", "Maximum quantity": "1.5" });
  const create = createButton(page);
  await expect(create).toBeDisabled();
  await expect(create).toHaveAccessibleDescription(/Maximum quantity must be a whole number/);

  await fill(page, { "Maximum quantity": "15" });
  await create.click();
  await expect(item.figure("Maximum")).toHaveText("15");
});

test("renaming shows no error before anything is typed", async ({ item, api, visit }) => {
  const { id } = await api.createItem({ name: "Beans" });
  await visit(`/inventory/${id}`);
  await item.begin("Rename item");
  await expect(item.dialog).toContainText("Enter the new name.");
  await expect(item.dialog.getByText("That is already its name.")).toHaveCount(0);
  await expect(field(item.dialog, "New name")).not.toHaveAttribute("aria-invalid");

  await item.primary("Rename item").click();
  await expect(field(item.dialog, "New name")).toHaveAccessibleDescription("That is already its name.");
  expect(await api.changeSets(id)).toHaveLength(1);
});

test("a text that is too long is kept whole, with an error", async ({ page, item, api, visit }) => {
  const { id } = await api.createItem({ name: "Beans" });
  await visit(`/inventory/${id}`);
  await item.begin("Rename item");
  await field(item.dialog, "New name").fill("");
  await page.keyboard.insertText("🫘".repeat(230));
  await expect(field(item.dialog, "New name")).toHaveValue("🫘".repeat(230));
  await expect(item.dialog).toContainText("New name is too long: 230 characters; at most 200 are allowed.");
  await expect(item.primary("Rename item")).toBeDisabled();
});

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(`A blocked submit button, ${colorScheme},`, () => {
    test.use({ colorScheme });

    test("is readable under the pointer", async ({ item, api, visit, expectAccessible }) => {
      const { id } = await api.createItem({ on_hand: 3 });
      await visit(`/inventory/${id}`);
      await item.begin("Remove items");
      await item.fill({ Quantity: 4, Reason: "sold" });
      await expect(item.primary("Remove items")).toBeDisabled();
      await item.primary("Remove items").hover();
      await expectReadable(item.primary("Remove items"));
      await expectAccessible();
    });
  });
}

/** Expects the contrast of WCAG 2.2, 1.4.3. Axe skips disabled buttons; people read them. */
async function expectReadable(button: Locator): Promise<void> {
  const ratio = await button.evaluate((element) => {
    const brush = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true })!;
    const paint = (colors: string[]): number => {
      brush.clearRect(0, 0, 1, 1);
      for (const color of colors) {
        brush.fillStyle = color;
        brush.fillRect(0, 0, 1, 1);
      }
      const [r, g, b] = [...brush.getImageData(0, 0, 1, 1).data].map((part) => {
        const value = part / 255;
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    };
    const behind: string[] = [];
    for (let place: Element | null = element; place; place = place.parentElement) {
      behind.unshift(getComputedStyle(place).backgroundColor);
    }
    const [light, dark] = [paint(behind), paint([...behind, getComputedStyle(element).color])].sort((a, b) => b - a);
    return (light! + 0.05) / (dark! + 0.05);
  });
  expect(ratio).toBeGreaterThanOrEqual(4.5);
}
