import type { Locator, Page } from "@playwright/test";

import type { Api } from "../api";
import { expect, test } from "../fixtures";

const HOUR = 3_600_000;
/** A zone two hours ahead of UTC all year, unlike that of the server. */
const ZONE = { timezoneId: "Africa/Johannesburg", ahead: 2 * HOUR };

async function someItem(api: Api): Promise<{ id: string; name: string; at: Date }> {
  const { id, name } = await api.createItem({ name: `Timely ${Date.now()}` });
  return { id, name, at: new Date((await api.changeSets(id))[0]!.recorded_at) };
}

const exactly = (time: Locator): Locator => time.getByText(/ UTC$/);

function inUtc(at: Date): string {
  return `${at.toISOString().replace("T", " ").replace("Z", "")} UTC`;
}

function locally(at: Date): string {
  return `${new Date(at.getTime() + ZONE.ahead).toISOString().slice(11, 19)} UTC+02:00`;
}

test.describe("A time", () => {
  test.use({ timezoneId: ZONE.timezoneId });

  test("is “yesterday” from the reader's midnight on", async ({ page, item, api, visit }) => {
    const { id, at } = await someItem(api);
    const midnight = new Date(at.getTime() + ZONE.ahead).setUTCHours(24, 0, 0, 0) - ZONE.ahead;
    const time = item.entries.first().locator("time");
    for (const [moment, text] of [
      [at.getTime(), "just now"],
      [midnight + HOUR, "yesterday"],
      [midnight + 24 * HOUR, "2 days ago"],
    ] as const) {
      await page.clock.setFixedTime(moment);
      await visit(`/inventory/${id}`);
      await expect(time).toContainText(text, { useInnerText: true });
    }
  });

  test("is exact, here and in UTC, under the pointer", async ({ page, item, api, visit }) => {
    const { id, name, at } = await someItem(api);
    for (const [path, time] of timesOf(page, item.entries, id, name)) {
      await visit(path);
      await expect(exactly(time)).toBeHidden();
      await time.hover();
      await expectExact(time, at);
      await page.mouse.move(0, 0);
      await expect(exactly(time)).toBeHidden();
    }
  });

  test("is exact with a keyboard alone", async ({ page, item, api, visit }) => {
    const { id, name, at } = await someItem(api);
    for (const [path, time, stop] of timesOf(page, item.entries, id, name)) {
      await visit(path);
      // Move the focus away and back, so that the keyboard has moved it.
      await stop.focus();
      await page.keyboard.press("Shift+Tab");
      await page.keyboard.press("Tab");
      await expect(stop).toBeFocused();
      await expectExact(time, at);
    }
  });

  test("is exact under a finger", { tag: "@phone" }, async ({ page, item, api, visit }) => {
    const { id, name, at } = await someItem(api);
    for (const [path, time] of timesOf(page, item.entries, id, name)) {
      await visit(path);
      await time.tap();
      await expectExact(time, at);
      await expect(page).toHaveURL(path);
    }
  });
});

/** Each page with times: its path, one of its times, and the control that the time belongs to. */
function timesOf(page: Page, entries: Locator, id: string, name: string): [string, Locator, Locator][] {
  const list = `/inventory?search=${encodeURIComponent(name)}`;
  const row = page.getByRole("row", { name });
  const latest = page.getByRole("region", { name: "Latest changes" }).getByRole("listitem").filter({ hasText: name });
  return [
    [`/inventory/${id}`, entries.first().locator("time"), entries.first().locator("summary")],
    [list, row.locator("time"), row.getByRole("link")],
    ["/", latest.locator("time"), latest.getByRole("link")],
  ];
}

/** Expects the exact time to be readable: nothing covers it or cuts it off. */
async function expectExact(time: Locator, at: Date): Promise<void> {
  for (const text of [inUtc(at), locally(at)]) {
    const line = time.getByText(text);
    await expect(line).toBeVisible();
    await line.scrollIntoViewIfNeeded();
    const covered = await line.evaluate((element) => {
      const { left, right, top, bottom } = element.getBoundingClientRect();
      const ends = [left + 1, right - 1].map((x) => document.elementFromPoint(x, (top + bottom) / 2));
      return ends.filter((end) => end === null || !(element === end || element.contains(end))).length;
    });
    expect(covered, `${text} is covered or cut off`).toBe(0);
    const wide = await time.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(wide, "pixels to scroll sideways").toBe(0);
  }
}
