import type { Page } from "@playwright/test";

import { newSku } from "../api";
import { expect, test } from "../fixtures";
import { createButton, field } from "../item-page";

test.describe("A value that was not typed", () => {
  /** Fills a field as a password manager or a script does. */
  async function setValue(page: Page, label: string, value: string, events: string[]): Promise<void> {
    await field(page, label).evaluate(
      (element, [value, ...events]) => {
        (element as HTMLInputElement).value = value!;
        events.forEach((event) => element.dispatchEvent(new Event(event, { bubbles: true })));
      },
      [value, ...events],
    );
  }

  for (const events of [["change"], []]) {
    const heard = events.join() || "no event";
    test(`is sent with a task: ${heard}`, async ({ page, item, api, visit }) => {
      const { id } = await api.createItem({ on_hand: 40 });
      await visit(`/inventory/${id}`);
      await item.begin("Remove items");
      await setValue(page, "Quantity", "12", events);
      await setValue(page, "Reason", "sold", events);
      await item.primary("Remove items").click();
      await item.expectSettled();
      expect((await api.state(id)).on_hand).toBe(28);
    });

    test(`is part of a new item: ${heard}`, async ({ page, item, visit }) => {
      await visit("/inventory/new");
      await setValue(page, "Name", "Assam", events);
      await setValue(page, "SKU", newSku(), events);
      await setValue(page, "Unit", "bag", events);
      await createButton(page).click();
      await expect(item.name).toHaveText("Assam");
    });
  }

  test("is seen at once if it comes with a change event", async ({ page, item, api, visit }) => {
    await visit(`/inventory/${(await api.createItem()).id}`);
    await item.begin("Check in items");
    await setValue(page, "Quantity", "12", ["change"]);
    await expect(item.dialog).toContainText("After this: 12 on hand");
  });
});
