import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { expect, test } from "@playwright/test";

import { Api } from "../api";
import { Daybook } from "../daybook";

const CHANGE_SETS = 10_000;
const STEPS = 200;

test("replay in the browser, and what the browser fetches", async ({ page }) => {
  const daybook = await Daybook.start();
  try {
    const api = new Api(daybook);
    const { id } = await api.createItem({ name: "Much used" });
    for (let version = 2; version <= CHANGE_SETS; version += 1) {
      await api.command(id, "CheckInItems", { quantity: 1 + (version % 7), reference: `PO ${version}` });
    }
    await page.goto(`${daybook.url}/inventory/${id}`);
    await page.waitForSelector("html[data-hydrated]");
    const slider = page.getByRole("slider", { name: "Version" });
    await slider.focus();
    await page.keyboard.press("ArrowLeft");
    await expect
      .poll(() => page.evaluate(() => performance.getEntriesByName("daybook:replay").length), { timeout: 60_000 })
      .toBeGreaterThan(0);
    await page.evaluate(() => performance.clearMeasures("daybook:scrub"));
    for (let step = 0; step < STEPS; step += 1) {
      // The events of a dragged thumb, which jumps all over the history, so that no state is near
      // by chance.
      await slider.evaluate(
        (thumb: HTMLInputElement, version) => {
          thumb.value = version;
          thumb.dispatchEvent(new Event("input", { bubbles: true }));
        },
        String(1 + ((step * 7919) % (CHANGE_SETS - 1))),
      );
    }
    const durations = (name: string) =>
      page.evaluate((name) => performance.getEntriesByName(name).map((entry) => entry.duration), name);
    const replay = (await durations("daybook:replay")).at(-1) ?? Number.NaN;
    const scrub = (await durations("daybook:scrub")).sort((a, b) => a - b);
    expect(scrub.length).toBeGreaterThanOrEqual(STEPS);
    const quantile = (share: number) => `${scrub[Math.ceil(scrub.length * share) - 1]?.toFixed(2)} ms`;
    const rows = [
      [`replay of ${CHANGE_SETS} change sets`, `${replay.toFixed(1)} ms`],
      [`one scrub step, p50 of ${scrub.length}`, quantile(0.5)],
      ["one scrub step, p99", quantile(0.99)],
      ["one scrub step, max", quantile(1)],
      ["WASM", await size("daybook.wasm")],
      ["WASM, brotli", await size("daybook.wasm", ".br")],
      ["JavaScript, brotli", await size("daybook.js", ".br")],
      ["CSS, brotli", await size("daybook.css", ".br")],
    ];
    console.log(`\n| in the browser | |\n|---|---|\n${rows.map((row) => `| ${row.join(" | ")} |`).join("\n")}\n`);
  } finally {
    await daybook.dispose();
  }
});

/** The size of a site file, named without its hash. `coding` is the suffix of a compressed copy. */
async function size(file: string, coding = ""): Promise<string> {
  const read = (name: string) => readFile(fileURLToPath(new URL(`../../target/site/pkg/${name}`, import.meta.url)));
  const names = JSON.parse((await read("names.json")).toString()) as Record<string, string>;
  const bytes = (await read(`${names[file]}${coding}`)).length;
  return `${(bytes / 1000).toFixed(0)} KB`;
}
