import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import { defineConfig } from "@playwright/test";

const chromium = execFileSync(fileURLToPath(new URL("../scripts/chromium", import.meta.url))).toString().trim();

export default defineConfig({
  testDir: "specs",
  outputDir: "test-results",
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: true,
  // Generous, for a machine that does something else as well: a test that waits for nothing is not slower for it.
  timeout: 90_000,
  expect: { timeout: 20_000 },
  reporter: "list",
  use: {
    browserName: "chromium",
    launchOptions: {
      executablePath: chromium,
      args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    },
    // What moves is in the way of a test, and of some people: the pages have to work without.
    contextOptions: { reducedMotion: "reduce" },
    screenshot: "only-on-failure",
    trace: "retain-on-failure",
  },
  // A spec runs hydrated unless it says otherwise: @both also without JavaScript, @no-js only so, @phone only small.
  projects: [
    { name: "hydrated", grepInvert: /@no-js|@phone/ },
    { name: "no-js", grep: /@both|@no-js/, use: { javaScriptEnabled: false } },
    { name: "phone", grep: /@phone/, use: { viewport: { width: 320, height: 640 }, hasTouch: true } },
  ],
});
