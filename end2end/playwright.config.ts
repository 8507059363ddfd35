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
  // Generous, for a busy machine. A long timeout does not slow down a test that passes.
  timeout: 90_000,
  expect: { timeout: 20_000 },
  reporter: "list",
  use: {
    browserName: "chromium",
    launchOptions: {
      executablePath: chromium,
      args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    },
    // Motion disturbs tests, and some people, so the pages must work without it.
    contextOptions: { reducedMotion: "reduce" },
    screenshot: "only-on-failure",
    trace: "retain-on-failure",
  },
  // By default, a spec runs hydrated. With @both, it also runs without JavaScript; with @no-js,
  // only without; with @phone, only on a small screen.
  projects: [
    { name: "hydrated", grepInvert: /@no-js|@phone/ },
    { name: "no-js", grep: /@both|@no-js/, use: { javaScriptEnabled: false } },
    { name: "phone", grep: /@phone/, use: { viewport: { width: 320, height: 640 }, hasTouch: true } },
  ],
});
