import type { Locator } from "@playwright/test";

import { newSku } from "../api";
import { expect, test } from "../fixtures";
import { createButton, field, fill } from "../item-page";
import { answered } from "../pages";

interface Sent {
  action: string;
  form: Record<string, string>;
}

/** The data that the browser would send for the form now, including its hidden ids. */
async function readForm(form: Locator): Promise<Sent> {
  return form.evaluate((element) => {
    const sent = element as HTMLFormElement;
    return { action: sent.action, form: Object.fromEntries([...new FormData(sent)].map(([k, v]) => [k, String(v)])) };
  });
}

test.describe("Without JavaScript", { tag: "@no-js" }, () => {
  test.use({ allowedComplaints: [answered("409")] });

  test("the page is not marked as hydrated, and offers nothing that needs JavaScript", async ({ page, item, api, visit }) => {
    const { id } = await api.createItem({ on_hand: 4 });
    await visit(`/inventory/${id}`);
    await expect(page.locator("html[data-hydrated]")).toHaveCount(0);
    await expect(item.button("Play")).toBeHidden();
  });

  test("creates an item and checks in", async ({ page, item, api, visit }) => {
    await visit("/inventory/new");
    await fill(page, { SKU: newSku(), Name: "Assam", Unit: "bag" });
    await createButton(page).click();
    await expect(item.name).toHaveText("Assam");

    await item.perform("Check in items", { Quantity: 12, Reference: "PO 1182" });
    await expect(item.figure("On hand")).toHaveText("12");
    const id = new URL(page.url()).pathname.split("/").at(-1)!;
    expect(await api.changeSets(id)).toHaveLength(2);
  });

  test("a form sent twice is one command", async ({ daybook, page, item, api, visit }) => {
    const { id } = await api.createItem();
    await visit(`/inventory/${id}`);
    await item.begin("Check in items");
    await item.fill({ Quantity: 12 });
    const { action, form } = await readForm(item.dialog.locator("form[method=post]"));

    for (const _ of [1, 2]) {
      const response = await page.request.post(action, { form, headers: { origin: daybook.url } });
      expect(response.status()).toBe(200); // where the redirect leads
      expect(new URL(response.url()).pathname).toBe(`/inventory/${id}`);
    }

    expect(await api.changeSets(id)).toHaveLength(2);
    await visit(`/inventory/${id}`);
    await expect(item.figure("On hand")).toHaveText("12");
  });

  test("a form sent again with other input says what was recorded", async ({ daybook, page, item, api, visit }) => {
    const { id } = await api.createItem();
    await visit(`/inventory/${id}`);
    await item.begin("Check in items");
    await item.fill({ Quantity: 12 });
    const { action, form } = await readForm(item.dialog.locator("form[method=post]"));
    await page.request.post(action, { form, headers: { origin: daybook.url } });

    // A browser that has gone back to the form sends the same ids.
    await page.route(({ href }) => href === action, (route) => {
      const body = new URLSearchParams({ ...form, quantity: "13" }).toString();
      return route.continue({ postData: body });
    });
    await item.primary("Check in items").click();
    const notice = item.dialog.getByRole("alert");
    await expect(notice).toContainText("Already recorded: Checked in 12");
    await expect(notice).toContainText("What the form says now is not recorded yet. Send it too, or cancel.");
    await expect(notice).not.toContainText(/command|\bid\b/);
    await expect(field(item.dialog, "Quantity")).toHaveValue("13");
    expect(await api.changeSets(id)).toHaveLength(2);

    await page.unrouteAll();
    await item.primary("Check in items").click();
    await item.expectSettled();
    await expect(item.entries).toHaveText([/Checked in 13/, /Checked in 12/, /Created/]);
  });

  test("an item created twice by one form is one item", async ({ daybook, page, api, visit }) => {
    await visit("/inventory/new");
    await fill(page, { SKU: newSku(), Name: "Darjeeling", Unit: "bag" });
    const { action, form } = await readForm(page.locator("form[method=post]"));

    const paths: string[] = [];
    for (const _ of [1, 2]) {
      const response = await page.request.post(action, { form, headers: { origin: daybook.url } });
      paths.push(new URL(response.url()).pathname);
    }

    expect(paths[1]).toBe(paths[0]);
    expect(await api.changeSets(paths[0]!.split("/").at(-1)!)).toHaveLength(1);
  });

  test("a form posted from another site is refused", async ({ page, item, api, visit }) => {
    const { id } = await api.createItem();
    await visit(`/inventory/${id}`);
    await item.begin("Check in items");
    await item.fill({ Quantity: 12 });
    const { action, form } = await readForm(item.dialog.locator("form[method=post]"));
    const response = await page.request.post(action, {
      form,
      headers: { origin: "https://elsewhere.example", "sec-fetch-site": "cross-site" },
    });
    expect(response.status()).toBe(403);
    expect(await api.changeSets(id)).toHaveLength(1);
  });

  test("the list is searched and sorted by its address", async ({ page, api, visit }) => {
    const mark = `Nojs${Date.now()}`;
    await api.createItem({ name: `${mark} two` });
    await api.createItem({ name: `${mark} one` });
    await visit("/inventory");
    await page.getByRole("searchbox", { name: "Search items" }).fill(mark);
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(new RegExp(`search=${mark}`));
    await expect(page.getByRole("table").getByRole("rowheader")).toHaveText([`${mark} one`, `${mark} two`]);
  });
});
