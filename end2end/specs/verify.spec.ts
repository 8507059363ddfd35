import { expect, test } from "../fixtures";
import type { ItemPage } from "../item-page";

const verdict = ({ page }: ItemPage) => page.locator("[data-verdict]").and(page.getByRole("status"));

test("the browser verifies a history, and names its hash", async ({ item, api, visit }) => {
  const { id } = await api.createItem({ on_hand: 40 });
  await api.command(id, "RemoveItems", { quantity: 15, reason: "sold" });
  const { hash } = (await api.changeSets(id)).at(-1)!;
  await visit(`/inventory/${id}`);

  await item.button("Verify in this browser").click();

  await expect(verdict(item)).toContainText("All 3 changes verified");
  await expect(verdict(item).getByTitle(hash)).toHaveText(`hash ${hash.slice(0, 12)}…`);
});

test("the browser finds an alteration in transit", async ({ page, item, api, visit }) => {
  const { id } = await api.createItem({ on_hand: 40 });
  await api.command(id, "RemoveItems", { quantity: 15, reason: "sold" });
  await visit(`/inventory/${id}`);
  await page.route("**/ui/change-sets", async (route) => {
    const response = await route.fetch();
    const altered = (await response.text()).replaceAll(String.raw`\"quantity\":40`, String.raw`\"quantity\":41`);
    await route.fulfill({ response, body: altered });
  });

  await item.button("Verify in this browser").click();

  await expect(verdict(item)).toContainText("Verification failed at version 2");
});

test.describe("Without JavaScript", { tag: "@no-js" }, () => {
  test("the server verifies the history instead", async ({ page, item, api, visit }) => {
    const { id } = await api.createItem({ on_hand: 40 });
    await visit(`/inventory/${id}`);
    await expect(item.button("Verify in this browser")).toBeHidden();
    await page.getByRole("link", { name: "Verify on the server" }).click();
    await expect(page.locator("body")).toContainText(/"ok":\s*true/);
  });
});
