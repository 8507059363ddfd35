import type { Page, Response } from "@playwright/test";

import { type Api, createMany, newSku, uuidv7 } from "./api";
import type { Daybook } from "./daybook";
import { EmptyStore } from "./empty-store";
import { expect } from "./fixtures";
import { createButton, field, fill, type ItemPage, type Task } from "./item-page";
import { hearAgain, loseAnswers } from "./network";

/** Every page, in each state that an address determines: prepares its data, returns its path. */
export const PAGES: Record<string, (api: Api) => Promise<string>> = {
  "home page with items": async (api) => {
    await busyItem(api);
    return "/";
  },
  list: async (api) => {
    await api.createItem({ name: "A name of many words, and averylongonewithoutanyspacewhatsoever", on_hand: 3 });
    return "/inventory";
  },
  "list without a match": async () => "/inventory?search=nothing-is-called-so",
  "create page": async () => "/inventory/new",
  item: async (api) => `/inventory/${(await busyItem(api)).id}`,
  "item in the past": async (api) => `/inventory/${(await busyItem(api)).id}?version=2`,
  "inactive item": async (api) => {
    const { id } = await api.createItem();
    await api.command(id, "DeactivateInventoryItem", { reason: "Discontinued" });
    return `/inventory/${id}`;
  },
};

/** Every dialog of an active item with stock, and those of the two other states with dialogs. */
export const DIALOGS: { task: Task; on_hand?: number; inactive?: boolean }[] = [
  { task: "Check in items", on_hand: 12 },
  { task: "Remove items", on_hand: 12 },
  { task: "Adjust stock", on_hand: 12 },
  { task: "Rename item", on_hand: 12 },
  { task: "Change maximum", on_hand: 12 },
  { task: "Set reorder level", on_hand: 12 },
  { task: "Write off remaining", on_hand: 12 },
  { task: "Deactivate item" },
  { task: "Reactivate item", inactive: true },
];

/** Creates an item whose page offers the dialog; returns its path. */
export async function itemWithDialog(api: Api, dialog: (typeof DIALOGS)[number]): Promise<string> {
  const { id } = await api.createItem(dialog.on_hand === undefined ? {} : { on_hand: dialog.on_hand });
  if (dialog.inactive) {
    await api.command(id, "DeactivateInventoryItem", { reason: "Discontinued" });
  }
  return `/inventory/${id}`;
}

/** The fixtures that a scene uses. */
interface Stage {
  page: Page;
  item: ItemPage;
  api: Api;
  visit: (path: string) => Promise<Response | null>;
  another: (...settings: string[]) => Promise<Daybook>;
}

/** A state of a page that takes more than an address. */
interface Scene {
  play: (stage: Stage) => Promise<void>;
  /** The message that the browser logs in this state. */
  complaint?: RegExp;
}

/** The browser's message about an answer with one of these statuses. */
export const answered = (status: string): RegExp =>
  new RegExp(`Failed to load resource: the server responded with a status of (${status})`);

/** The browser's message about a request without an answer. */
export const UNANSWERED = /Failed to load resource: net::ERR_/;

export const SCENES: Record<string, Scene> = {
  "an empty home page": {
    play: async ({ visit, another }) => void (await visit(`${(await another()).url}/`)),
  },
  "an empty list": {
    play: async ({ visit, another }) => void (await visit(`${(await another()).url}/inventory`)),
  },
  "the sample company while it loads": {
    play: async ({ page, visit, another }) => {
      const progress = { running: true, done: 1234, total: 2345 };
      await page.route(/\/ui\/(load-sample|sample-progress)$/, (route) => route.fulfill({ json: progress }));
      await visit(`${(await another()).url}/inventory`);
      await page.getByRole("button", { name: /sample/i }).click();
      await expect(page.getByRole("progressbar", { name: "Loading the sample company" })).toBeVisible();
    },
  },
  "a list that cannot load more": {
    complaint: UNANSWERED,
    play: async ({ page, api, visit }) => {
      const mark = `Stuck${uuidv7().slice(-12)}`;
      await createMany(api, mark, 51);
      await visit(`/inventory?search=${mark}`);
      await page.route("**/ui/list", (route) => route.abort());
      await page.getByRole("link", { name: "Show more" }).click();
      await expect(page.getByRole("alert")).toContainText("More items could not be loaded");
    },
  },
  "a form that refuses": {
    play: async ({ item, api, visit }) => {
      const { id } = await api.createItem({ name: "x".repeat(200), max_quantity: 1_000_000_000 });
      await visit(`/inventory/${id}`);
      await item.begin("Rename item");
      await field(item.dialog, "New name").fill(`${"x".repeat(200)} `);
      await expect(item.dialog).toContainText(/already its name/);
    },
  },
  "a new item whose SKU is taken": {
    play: async ({ page, api, visit }) => {
      const { sku } = await api.createItem({ name: "x".repeat(200), sku: newSku() + "y".repeat(180) });
      await visit("/inventory/new");
      await fill(page, { Name: "Beans", SKU: sku, Unit: "bag" });
      await createButton(page).click();
      await expect(page.getByRole("alert")).toContainText("is taken by");
    },
  },
  "a form with a conflict": {
    play: async ({ item, api, visit }) => {
      const { id } = await api.createItem({ name: "Beans" });
      await visit(`/inventory/${id}`);
      await item.begin("Rename item");
      await item.fill({ "New name": "Arabica" });
      await api.command(id, "RenameInventoryItem", { name: "Robusta" });
      await item.primary("Rename item").click();
      await expect(item.dialog).toContainText("renamed it to “Robusta”");
    },
  },
  "a form with an unknown outcome": { complaint: UNANSWERED, play: unknownOutcome },
  "a form that is already recorded": {
    complaint: UNANSWERED,
    play: async (stage) => {
      await unknownOutcome(stage);
      const { page, item } = stage;
      await hearAgain(page);
      await item.fill({ Quantity: 13 });
      await item.primary("Check in items").click();
      await expect(item.dialog).toContainText("Already recorded");
    },
  },
  "an opened entry of the timeline": {
    play: async ({ item, api, visit }) => {
      const { id } = await api.createItem();
      await api.command(id, "CheckInItems", { quantity: 12 }, { causation_id: uuidv7() });
      await visit(`/inventory/${id}`);
      await item.entries.first().locator("summary").first().click();
      await expect(item.entries.first()).toContainText("Causation id");
    },
  },
  "a verified history": {
    play: async ({ item, api, visit }) => {
      const { id } = await api.createItem({ on_hand: 12 });
      await visit(`/inventory/${id}`);
      await item.button("Verify in this browser").click();
      await expect(item.page.getByText(/All 2 changes verified/)).toBeVisible();
    },
  },
  "an item while offline": {
    // The browser may still be loading the icon.
    complaint: UNANSWERED,
    play: async ({ page, api, visit }) => {
      await visit(`/inventory/${(await api.createItem()).id}`);
      await page.context().setOffline(true);
      await expect(page.getByText("You are offline.")).toBeVisible();
    },
  },
  "an unknown page": {
    complaint: answered("404"),
    play: async ({ visit }) => void (await visit("/nowhere")),
  },
  "an unknown item": {
    complaint: answered("404"),
    play: async ({ visit }) => void (await visit("/inventory/01939c6e-7b1a-7c3e-8000-000000000000")),
  },
  "a version that does not exist": {
    complaint: answered("404"),
    play: async ({ api, visit }) => void (await visit(`/inventory/${(await api.createItem()).id}?version=99`)),
  },
  "an invalid version": {
    complaint: answered("400"),
    play: async ({ api, visit }) => void (await visit(`/inventory/${(await api.createItem()).id}?version=abc`)),
  },
  "an unavailable store": {
    complaint: answered("503"),
    play: async ({ page, visit, another }) => {
      await visit(`${await withoutItsStore(another)}/inventory/${uuidv7()}`);
      await expect(page.getByRole("heading", { name: "The store does not answer" })).toBeVisible();
    },
  },
};

/** Starts a server whose store then becomes unavailable; returns its URL. */
export async function withoutItsStore(another: Stage["another"]): Promise<string> {
  const store = await EmptyStore.start();
  const { url } = await another("--dynamodb-endpoint", store.url);
  await store.leave();
  return url;
}

/** Checks in twelve, and loses the answer. */
async function unknownOutcome({ page, item, api, visit }: Stage): Promise<void> {
  await visit(`/inventory/${(await api.createItem()).id}`);
  await loseAnswers(page);
  await item.begin("Check in items");
  await item.fill({ Quantity: 12, Reference: "PO 1182" });
  await item.primary("Check in items").click();
  await expect(item.dialog).toContainText("Not confirmed");
}

async function busyItem(api: Api): Promise<{ id: string }> {
  const item = await api.createItem({
    name: "Averylongnamewithoutanyspacewhatsoever, and some words after it",
    max_quantity: 1_000_000_000,
    on_hand: 999_999_999,
  });
  await api.command(item.id, "SetReorderLevel", { level: 1_000_000_000 });
  await api.command(item.id, "AdjustStock", { counted: 40, reason: "A long reason, ".repeat(8) });
  return item;
}
