import type { Page } from "@playwright/test";

import { expect, test } from "../fixtures";
import { field } from "../item-page";

/** Holds back the page's commands until the returned function is called. */
async function hold(page: Page): Promise<() => void> {
  let release = (): void => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/ui/submit-command", async (route) => {
    await released;
    await route.continue();
  });
  return release;
}

test("a command in flight is shown early, and taken back if it is refused", async ({ page, item, api, visit }) => {
  const { id } = await api.createItem({ on_hand: 10 });
  await visit(`/inventory/${id}`);
  const release = await hold(page);
  await item.begin("Remove items");
  await item.fill({ Quantity: 8, Reason: "sold" });
  await item.primary("Remove items").click();

  await expect(item.dialog).toBeHidden();
  await expect(item.pending).toHaveText(/Removed 8 · sold/);
  await expect(item.figure("On hand")).toHaveText("2");
  await expect(item.button("Check in items")).toBeDisabled();
  await api.command(id, "RemoveItems", { quantity: 5, reason: "lost" });
  release();

  await expect(item.dialog).toContainText(/you asked for 8; only 5 are on hand/i);
  await expect(field(item.dialog, "Quantity")).toHaveValue("8");
  await expect(field(item.dialog, "Reason")).toHaveValue("sold");
  await expect(item.pending).toHaveCount(0);
  await expect(item.figure("On hand")).toHaveText("5");
  expect(await api.changeSets(id)).toHaveLength(3);
});

test("a command that was shown early stays once it is accepted", async ({ page, item, api, visit }) => {
  const { id } = await api.createItem({ on_hand: 10 });
  await visit(`/inventory/${id}`);
  const release = await hold(page);
  await item.begin("Rename item");
  await item.fill({ "New name": "Robusta" });
  await item.primary("Rename item").click();

  await expect(item.pending).toHaveText(/Renamed to “Robusta”/);
  await expect(item.name).toHaveText("Robusta");
  expect(await api.changeSets(id)).toHaveLength(2);
  release();

  await item.expectSettled();
  await expect(item.name).toHaveText("Robusta");
  await expect(item.entries).toHaveText([/Renamed to “Robusta”/, /Checked in 10/, /Created/]);
});
