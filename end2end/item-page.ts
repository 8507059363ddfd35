import { expect, type Locator, type Page } from "@playwright/test";

/** The tasks on an item's page, by the names of their buttons. */
export const TASKS = [
  "Check in items",
  "Remove items",
  "Transfer items",
  "Adjust stock",
  "Rename item",
  "Change maximum",
  "Set reorder level",
  "Deactivate item",
  "Reactivate item",
] as const;

/** A task. "Write off remaining" is offered only where another task needs it first. */
export type Task = (typeof TASKS)[number] | "Write off remaining";

/** The values to enter, by the labels of the fields. */
export type Fields = Record<string, string | number>;

/** The page `/inventory/{id}`, with its parts found by role and name. */
export class ItemPage {
  readonly page: Page;
  readonly name: Locator;
  readonly dialog: Locator;
  /** The change sets, newest first. */
  readonly entries: Locator;
  /** The entries of commands that are in flight. */
  readonly pending: Locator;
  readonly slider: Locator;

  constructor(page: Page) {
    this.page = page;
    this.name = page.getByRole("heading", { level: 1 });
    this.dialog = page.getByRole("dialog");
    this.entries = page.getByRole("list", { name: "Timeline" }).locator("> li");
    this.pending = this.entries.and(page.locator("[data-state=pending]"));
    this.slider = page.getByRole("slider", { name: "Version" });
  }

  /** The value of a figure, without its name and its note. */
  figure(name: "On hand" | "Maximum" | "Reorder level"): Locator {
    return this.page.getByRole("status", { name, exact: true });
  }

  /** The notice of the version in view, shown only if that is not the newest. */
  viewing(version: number, of: number): Locator {
    return this.page.getByRole("status").filter({ hasText: `Viewing version ${version} of ${of}` });
  }

  button(name: string): Locator {
    return this.page.getByRole("button", { name, exact: true });
  }

  /** The dialog's button that performs the task. */
  primary(task: Task): Locator {
    return this.dialog.getByRole("button", { name: task, exact: true });
  }

  async begin(task: Task): Promise<void> {
    await this.button(task).click();
    await expect(this.dialog).toBeVisible();
  }

  async fill(fields: Fields): Promise<void> {
    await fill(this.dialog, fields);
  }

  async perform(task: Task, fields: Fields = {}): Promise<void> {
    await this.begin(task);
    await this.fill(fields);
    await this.primary(task).click();
    await this.expectSettled();
  }

  /** Expects the dialog to close, and every entry to be confirmed by the server. */
  async expectSettled(): Promise<void> {
    await expect(this.dialog).toBeHidden();
    await expect(this.pending).toHaveCount(0);
    await expect(this.dialog).toBeHidden();
  }
}

/** The button that creates an item, on `/inventory/new`. */
export function createButton(page: Page): Locator {
  return page.getByRole("button", { name: "Create item", exact: true });
}

/** Expects the form to claim neither success nor failure. */
export async function expectUnconfirmed(form: Locator | Page): Promise<void> {
  const notice = form.getByRole("alert");
  await expect(notice).toContainText("Not confirmed: the server did not answer");
  await expect(notice).toContainText("It may or may not have been recorded.");
  await expect(notice).not.toContainText(/not sent|not checked in/i);
}

export function field(form: Locator | Page, label: string): Locator {
  return form.getByLabel(label, { exact: true });
}

export async function fill(form: Locator | Page, fields: Fields): Promise<void> {
  for (const [label, value] of Object.entries(fields)) {
    const input = field(form, label);
    if ((await input.evaluate((element) => element.tagName)) === "SELECT") {
      await input.selectOption(String(value));
    } else {
      await input.fill(String(value));
    }
  }
}

