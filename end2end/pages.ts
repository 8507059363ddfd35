import type { Api } from "./api";
import type { Task } from "./item-page";

/** Every page there is, in each of the states it has: where it is, given an item to show. */
export const PAGES: Record<string, (api: Api) => Promise<string>> = {
  home: async () => "/",
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

/** Pages of something that is not there. */
export const MISSING_PAGES: Record<string, string> = {
  "unknown page": "/nowhere",
  "unknown item": "/inventory/01939c6e-7b1a-7c3e-8000-000000000000",
};

/** Every dialog of an active item with stock, and of the two other states that have dialogs. */
export const DIALOGS: { task: Task; on_hand?: number; inactive?: boolean }[] = [
  { task: "Check in items", on_hand: 12 },
  { task: "Remove items", on_hand: 12 },
  { task: "Adjust stock", on_hand: 12 },
  { task: "Rename item", on_hand: 12 },
  { task: "Change maximum", on_hand: 12 },
  { task: "Set reorder level", on_hand: 12 },
  { task: "Deactivate item" },
  { task: "Reactivate item", inactive: true },
];

/** An item that can be asked for the dialog. */
export async function itemWithDialog(api: Api, dialog: (typeof DIALOGS)[number]): Promise<string> {
  const { id } = await api.createItem(dialog.on_hand === undefined ? {} : { on_hand: dialog.on_hand });
  if (dialog.inactive) {
    await api.command(id, "DeactivateInventoryItem", { reason: "Discontinued" });
  }
  return `/inventory/${id}`;
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
