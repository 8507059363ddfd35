import tests from "../playwright.config";

export default {
  ...tests,
  testDir: ".",
  testMatch: "*.bench.ts",
  outputDir: "../test-results/bench",
  workers: 1,
  timeout: 600_000,
  reporter: "line",
  projects: [{ name: "bench" }],
};
