import type { Page, Response } from "@playwright/test";

import { uuidv7 } from "../api";
import { expect, test } from "../fixtures";
import { fill } from "../item-page";

type Visit = (path: string) => Promise<Response | null>;

/** Registers a location, and returns its code. Its page is open then. */
async function register(page: Page, visit: Visit): Promise<string> {
  const code = `L-${uuidv7().slice(-12)}`;
  await visit("/locations/new");
  await fill(page, { Name: `Back room ${code}`, Code: code });
  await page.getByRole("button", { name: "Register location", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Back room ${code}`);
  return code;
}

async function perform(page: Page, task: string, fields: Record<string, string>): Promise<void> {
  await page.getByRole("button", { name: task, exact: true }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toBeVisible();
  await fill(dialog, fields);
  await dialog.getByRole("button", { name: task, exact: true }).click();
  await expect(dialog).toBeHidden();
}

const entries = (page: Page) => page.getByRole("list", { name: "Timeline" }).locator("> li");

test("a location is registered, found, renamed, closed and reopened", { tag: "@both" }, async ({ page, visit }) => {
  const code = await register(page, visit);
  await perform(page, "Rename location", { "New name": `Lager ${code}` });
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Lager ${code}`);
  await perform(page, "Close location", { Reason: "moved out" });
  await expect(page.getByText("The location is closed. Reopen it to perform other tasks.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Rename location", exact: true })).toBeDisabled();
  await expect(entries(page)).toHaveText([/Closed.*moved out/s, /Renamed to/, /Registered as/]);
  const record = page.url();

  await visit(`/locations?search=${code}`);
  await expect(page.getByRole("table").getByRole("rowheader")).toHaveText([`Lager ${code}`]);
  await expect(page.getByRole("row").nth(1)).toContainText("Closed");

  await visit(new URL(record).pathname);
  await perform(page, "Reopen location", {});
  await expect(page.getByRole("button", { name: "Rename location", exact: true })).toBeEnabled();
  await expect(entries(page)).toHaveCount(4);
});

test("a location is shown as it was by a permalink", { tag: "@both" }, async ({ page, visit }) => {
  const code = await register(page, visit);
  await perform(page, "Rename location", { "New name": `Lager ${code}` });
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Lager ${code}`);

  await visit(`${new URL(page.url()).pathname}?version=1`);

  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Back room ${code}`);
  await expect(page.getByRole("status").filter({ hasText: "Viewing version 1 of 2" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Rename location", exact: true })).toBeDisabled();
});

test("the pages of locations fit a phone", { tag: "@phone" }, async ({ page, visit }) => {
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  await register(page, visit);
  expect(await overflow()).toBeLessThanOrEqual(0);
  for (const path of ["/locations", "/locations/new"]) {
    await visit(path);
    expect(await overflow(), path).toBeLessThanOrEqual(0);
  }
});
