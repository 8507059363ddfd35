import type { Locator } from "@playwright/test";

import { newSku } from "../api";
import { expect, test } from "../fixtures";
import { createButton, field, fill } from "../item-page";
import { answered } from "../pages";

const NAME = "קפה ☕ 5 👩‍🌾!";
/** A new SKU for each run, because runs share a store. */
const sku = (): string => `מק״ט-${newSku()}`;
const UNIT = "שקית 👜";
const REFERENCE = "הזמנה 1182 🚚";

/** Expects user input in its own `bdi`, so that it cannot reorder the text around it. */
async function expectApart(within: Locator, text: string): Promise<void> {
  const own = within.locator("bdi").filter({ hasText: text }).first();
  await expect(own).toHaveText(text);
  await expect(own).toHaveCSS("direction", "rtl");
}

test.describe("Right-to-left text with emoji", { tag: "@both" }, () => {
  test.use({ allowedComplaints: [answered("422")] });

  test("stays as it was typed, in its own direction", async ({ page, item, api, visit, javaScriptEnabled }) => {
    const SKU = sku();
    await visit("/inventory/new");
    await fill(page, { Name: NAME, SKU, Unit: UNIT });
    await expect(field(page, "Name")).toHaveCSS("direction", "rtl");
    await createButton(page).click();

    await expect(item.name).toHaveText(NAME);
    await expectApart(item.name, NAME);
    await expect(item.entries).toHaveText([new RegExp(`Created as “${NAME}”`)]);
    await expectApart(item.entries.first(), NAME);
    const id = new URL(page.url()).pathname.split("/").at(-1)!;
    expect(await api.state(id)).toMatchObject({ name: NAME, sku: SKU, unit: UNIT });

    await item.perform("Check in items", { Quantity: 12, Reference: REFERENCE });
    await expect(item.entries.first()).toContainText(`Checked in 12 · ${REFERENCE}`);
    await expectApart(item.entries.first(), REFERENCE);

    await item.begin("Rename item");
    await item.fill({ "New name": `${NAME} ` });
    const already = `That is already its name.`;
    if (javaScriptEnabled === false) {
      await item.primary("Rename item").click();
      await expect(item.dialog.getByRole("alert")).toContainText(already);
    }
    await expect(item.dialog).toContainText(already);
    await expect(field(item.dialog, "New name")).toHaveValue(`${NAME} `);
    expect(await api.changeSets(id)).toHaveLength(2);

    await visit(`/inventory?search=${encodeURIComponent(SKU)}`);
    const row = page.getByRole("table").getByRole("row").filter({ hasText: SKU }).first();
    await expectApart(row.getByRole("rowheader"), NAME);
    await expectApart(row.getByRole("cell").first(), SKU);
  });
});
