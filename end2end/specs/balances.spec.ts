import type { Page, Response } from "@playwright/test";

import { uuidv7 } from "../api";
import { expect, test } from "../fixtures";
import { fill } from "../item-page";

type Visit = (path: string) => Promise<Response | null>;

/** Registers a location, and returns its name and its path. */
async function register(page: Page, visit: Visit, kind: string): Promise<{ name: string; path: string }> {
  const code = `B-${uuidv7().slice(-12)}`;
  const name = `${kind} ${code}`;
  await visit("/locations/new");
  await fill(page, { Name: name, Code: code });
  await page.getByRole("button", { name: "Register location", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
  return { name, path: new URL(page.url()).pathname };
}

async function open(page: Page, task: string): Promise<void> {
  await page.getByRole("button", { name: task, exact: true }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
}

async function send(page: Page, task: string): Promise<void> {
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: task, exact: true }).click();
  await expect(dialog).toBeHidden();
}

const shares = (page: Page) => page.getByRole("region", { name: "By location" }).getByRole("row");
const newest = (page: Page) => page.getByRole("list", { name: "Timeline" }).locator("> li").first();

test("goods come in at a location, are moved, and are found there", { tag: "@both" }, async ({ page, visit }) => {
  const back = await register(page, visit, "Back room");
  const van = await register(page, visit, "Van");
  await visit(await item(page, visit));
  await expect(page.getByRole("region", { name: "By location" })).toHaveCount(0);

  await open(page, "Check in items");
  await page.getByLabel("Quantity").fill("12");
  await page.getByLabel("Location").selectOption(back.name);
  await send(page, "Check in items");
  await expect(newest(page)).toContainText(`at ${back.name}`);

  await open(page, "Transfer items");
  await page.getByLabel("Quantity").fill("5");
  await expect(page.getByLabel("From").locator("option:checked")).toHaveText(back.name);
  await page.getByLabel("To", { exact: true }).selectOption(van.name);
  await send(page, "Transfer items");

  await expect(newest(page)).toContainText(`from ${back.name} to ${van.name}`);
  await expect(shares(page).filter({ hasText: back.name })).toContainText("7");
  await expect(shares(page).filter({ hasText: van.name })).toContainText("5");
  await expect(page.getByRole("status", { name: "On hand" })).toHaveText("12");
  const path = new URL(page.url()).pathname;

  await visit(`${path}?version=2`);
  await expect(shares(page)).toHaveCount(1);
  await expect(shares(page)).toContainText("12");

  await visit(van.path);
  const here = page.getByRole("region", { name: "What is here" });
  await expect(here.getByRole("row")).toContainText(["5"]);
  await here.getByRole("link").click();
  await expect(page).toHaveURL(new RegExp(path));
});

test("a closed location is not offered, and refuses a form that names it", async ({ page, visit }) => {
  const van = await register(page, visit, "Van");
  const path = await item(page, visit);
  await visit(path);
  await open(page, "Check in items");
  await page.getByLabel("Quantity").fill("3");
  await page.getByLabel("Location").selectOption(van.name);

  const other = await page.context().newPage();
  await other.goto(van.path);
  await other.locator("html[data-hydrated]").waitFor();
  await open(other, "Close location");
  await other.getByLabel("Reason").fill("sold");
  await send(other, "Close location");
  await other.close();

  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Check in items", exact: true }).click();
  await expect(dialog).toContainText("The location is closed");
  await visit(path);
  await open(page, "Transfer items");
  await expect(page.getByLabel("To", { exact: true })).not.toContainText(van.name);
});

async function item(page: Page, visit: Visit): Promise<string> {
  const code = `T-${uuidv7().slice(-12)}`;
  await visit("/inventory/new");
  await fill(page, { Name: `Tube ${code}`, SKU: code, Unit: "pcs" });
  await page.getByRole("button", { name: "Create item", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Tube ${code}`);
  return new URL(page.url()).pathname;
}
