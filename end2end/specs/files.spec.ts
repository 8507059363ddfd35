import type { Page } from "@playwright/test";

import { expect, test } from "../fixtures";

/** The site files that the page has requested so far, by their names without hashes. */
function filesOf(page: Page): string[] {
  const asked: string[] = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (/\.\w+$/.test(pathname)) {
      asked.push(pathname.replace(/\.[0-9a-f]{16}\./, "."));
    }
  });
  return asked;
}

test("a page requests its files once, before any script runs", async ({ page, visit }) => {
  const asked = filesOf(page);
  await visit("/inventory");
  const program = asked.filter((path) => path.startsWith("/pkg/"));
  expect(program.sort()).toEqual(["/pkg/daybook.css", "/pkg/daybook.js", "/pkg/daybook.wasm"]);
  const initiators = await page.evaluate(() =>
    performance.getEntriesByType("resource").filter(({ name }) => name.includes("/pkg/")).map((entry) =>
      (entry as PerformanceResourceTiming).initiatorType,
    ),
  );
  // The initiator of a preloaded module is "other" if the parser reaches its link before the
  // preload scanner does.
  expect(initiators.map((initiator) => initiator.replace("other", "link"))).toEqual(["link", "link", "link"]);
});

test("the next page loads none of them from the server", async ({ page, visit }) => {
  await visit("/inventory");
  await visit("/inventory/new");
  const fetched = await page.evaluate(() =>
    performance.getEntriesByType("resource").filter((entry) => (entry as PerformanceResourceTiming).transferSize > 0)
      .map(({ name }) => new URL(name).pathname),
  );
  expect(fetched).toEqual([]);
});

test("the files come compressed, with their type, and are not sent twice", async ({ page, request, visit }) => {
  await visit("/");
  const named = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname));
  for (const [suffix, type] of [
    [".js", "text/javascript; charset=utf-8"],
    [".wasm", "application/wasm"],
    [".css", "text/css; charset=utf-8"],
  ] as const) {
    const path = named.find((name) => name.endsWith(suffix))!;
    const first = await request.get(path, { headers: { "accept-encoding": "br, gzip" } });
    expect(first.status()).toBe(200);
    expect(first.headers()).toMatchObject({
      "content-type": type,
      "content-encoding": "br",
      "cache-control": "public, max-age=31536000, immutable",
    });
    const again = await request.get(path, {
      headers: { "accept-encoding": "br, gzip", "if-none-match": first.headers()["etag"]! },
    });
    expect(again.status()).toBe(304);
  }
});
