import { Api } from "../api";
import { expect, test } from "../fixtures";

/** The page of an item whose version 3 was changed in the database file. */
test.describe("A change set that was altered in the database", { tag: "@both" }, () => {
  test("is named, and the record is shown as of the version before", async ({
    page,
    item,
    untouched,
    visit,
    expectAccessible,
    javaScriptEnabled,
  }) => {
    const api = new Api(untouched);
    const { id, name } = await api.createItem({ on_hand: 40 });
    await api.command(id, "CheckInItems", { quantity: 5, reference: "PO-1182" });
    await api.command(id, "RemoveItems", { quantity: 15, reason: "sold" });
    await untouched.stop();
    await untouched.alter("PO-1182", "PO-1183");
    await untouched.restart();

    await visit(`${untouched.url}/inventory/${id}`);

    await expect(item.name).toHaveText(name);
    const alert = page.getByRole("alert").filter({ hasText: "Version 3 is damaged" });
    await expect(alert).toContainText("its hash does not match its body");
    await expect(alert).toContainText("the record as of version 2");
    await expect(item.figure("On hand")).toHaveText("40");
    await expect(item.entries).toHaveCount(3);
    await expect(item.entries.first()).toContainText("Damaged");
    await expect(page.getByText("Version 3 is damaged. No task is possible.").first()).toBeVisible();
    if (javaScriptEnabled !== false) {
      await expectAccessible();
      await item.button("Verify in this browser").click();
      const verdict = page.locator("[data-verdict]").and(page.getByRole("status"));
      await expect(verdict).toContainText("Verification failed at version 3");
    }

    // Another item is unaffected.
    const sound = await api.createItem({ on_hand: 7 });
    await visit(`${untouched.url}/inventory/${sound.id}`);
    await expect(item.figure("On hand")).toHaveText("7");
    await expect(page.getByRole("alert").filter({ hasText: "is damaged" })).toHaveCount(0);
  });
});
