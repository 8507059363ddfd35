import { expect, test } from "../fixtures";
import { field, ItemPage } from "../item-page";
import { answered } from "../pages";

const CONFLICT = answered("409");

test.describe("Two tabs on one item", () => {
  test.use({ allowedComplaints: [CONFLICT] });

  test("the slower one learns who did what, and is offered the task again", async ({ context, page, item, api, visit }) => {
    const { id } = await api.createItem({ name: "Beans" });
    const actor = (await api.changeSets(id))[0]!.actor;
    const tab = await context.newPage();
    const other = new ItemPage(tab);
    await visit(`/inventory/${id}`);
    await visit(`/inventory/${id}`, tab);
    await other.begin("Rename item");
    await other.fill({ "New name": "Arabica" });

    await item.perform("Rename item", { "New name": "Robusta" });
    await expect(item.name).toHaveText("Robusta");
    await other.primary("Rename item").click();

    await expect(other.dialog).toContainText("renamed it to “Robusta”");
    await expect(other.dialog).toContainText(actor);
    await expect(field(other.dialog, "New name")).toHaveValue("Arabica");
    expect(await api.changeSets(id)).toHaveLength(2);

    await expect(other.dialog).toContainText("Send it again, or cancel.");
    await other.primary("Rename item").click();
    await other.expectSettled();
    await expect(other.name).toHaveText("Arabica");
    await expect(other.entries).toHaveText([/Renamed to “Arabica”/, /Renamed to “Robusta”/, /Created/]);
    expect((await api.changeSets(id)).map(({ version }) => version)).toEqual([1, 2, 3]);

    await page.reload();
    await expect(item.name).toHaveText("Arabica");
  });

  test("a count against an older state is a conflict", async ({ item, api, visit }) => {
    const { id } = await api.createItem({ on_hand: 10 });
    await visit(`/inventory/${id}`);
    await item.begin("Adjust stock");
    await item.fill({ Counted: 9, "Reason for the difference": "shelf count" });
    await api.command(id, "RemoveItems", { quantity: 4, reason: "sold" });

    await item.primary("Adjust stock").click();

    await expect(item.dialog).toContainText("removed 4 (sold)");
    await expect(field(item.dialog, "Counted")).toHaveValue("9");
    expect((await api.state(id)).on_hand).toBe(6);
  });
});

test.describe("What another tab has done already", { tag: "@both" }, () => {
  test.use({ allowedComplaints: [answered("422")] });

  const states = [
    { task: "Deactivate item", fields: { Reason: "Discontinued" }, says: "The item is already inactive." },
    { task: "Reactivate item", fields: {}, says: "The item is already active." },
  ] as const;
  for (const { task, fields, says } of states) {
    test(`is not done twice: ${task}`, async ({ context, item, api, visit }) => {
      const { id } = await api.createItem();
      if (task === "Reactivate item") {
        await api.command(id, "DeactivateInventoryItem", { reason: "Discontinued" });
      }
      const before = (await api.changeSets(id)).length;
      const tab = await context.newPage();
      const other = new ItemPage(tab);
      await visit(`/inventory/${id}`, tab);
      await other.begin(task);
      await other.fill(fields);
      await visit(`/inventory/${id}`);
      await item.perform(task, fields);

      await other.primary(task).click();

      await expect(other.dialog.getByRole("alert")).toContainText(says);
      for (const [label, value] of Object.entries(fields)) {
        await expect(field(other.dialog, label)).toHaveValue(value);
      }
      expect(await api.changeSets(id)).toHaveLength(before + 1);
    });
  }
});

test("movements from two tabs both count", async ({ context, item, api, visit }) => {
  const { id } = await api.createItem({ on_hand: 10 });
  const tab = await context.newPage();
  const other = new ItemPage(tab);
  await visit(`/inventory/${id}`);
  await visit(`/inventory/${id}`, tab);

  await item.perform("Check in items", { Quantity: 5 });
  await other.perform("Remove items", { Quantity: 3, Reason: "sold" });

  await expect(other.entries).toHaveText([/Removed 3/, /Checked in 5/, /Checked in 10/, /Created/]);
  await expect(other.figure("On hand")).toHaveText("12");
  expect((await api.state(id)).on_hand).toBe(12);
});

test.describe("Two tabs on one item, without JavaScript", { tag: "@no-js" }, () => {
  test.use({ allowedComplaints: [CONFLICT] });

  test("the slower one learns the same", async ({ context, item, api, visit }) => {
    const { id } = await api.createItem({ name: "Beans" });
    const tab = await context.newPage();
    const other = new ItemPage(tab);
    await visit(`/inventory/${id}`, tab);
    await other.begin("Rename item");
    await other.fill({ "New name": "Arabica" });
    await visit(`/inventory/${id}`);
    await item.perform("Rename item", { "New name": "Robusta" });

    await other.primary("Rename item").click();

    await expect(other.dialog).toContainText("renamed it to “Robusta”");
    await expect(field(other.dialog, "New name")).toHaveValue("Arabica");
    expect(await api.changeSets(id)).toHaveLength(2);
  });
});
