import AxeBuilder from "@axe-core/playwright";
import { test as base, expect, type ConsoleMessage, type Page, type Response } from "@playwright/test";

import { Api } from "./api";
import { Daybook } from "./daybook";
import { ItemPage } from "./item-page";

export { expect };

interface Options {
  /** The console messages that a test provokes, and that must not fail it. */
  allowedComplaints: RegExp[];
}

interface Fixtures {
  api: Api;
  /** The item's page in the test's own tab. */
  item: ItemPage;
  /** Starts another server, for this test alone. */
  another: (...settings: string[]) => Promise<Daybook>;
  /** A server that nobody has used yet, for this test alone. */
  untouched: Daybook;
  /** Goes to a page and, with JavaScript, waits until it is hydrated. */
  visit: (path: string, tab?: Page) => Promise<Response | null>;
  /** Reloads the page, and waits likewise. */
  reload: (tab?: Page) => Promise<void>;
  /** Fails if axe finds any violation. */
  expectAccessible: () => Promise<void>;
  quiet: void;
  evidence: void;
}

interface WorkerFixtures {
  daybook: Daybook;
}

export const test = base.extend<Fixtures & Options, WorkerFixtures>({
  allowedComplaints: [[], { option: true }],

  daybook: [
    async ({}, use) => {
      const daybook = await Daybook.start();
      await use(daybook);
      expect(await daybook.dispose(), `daybook stops gracefully:\n${daybook.log.slice(-2000)}`).toBe(0);
    },
    { scope: "worker" },
  ],

  baseURL: async ({ daybook }, use) => use(daybook.url),

  api: async ({ daybook }, use) => use(new Api(daybook)),

  item: async ({ page }, use) => use(new ItemPage(page)),

  another: async ({ context }, use) => {
    const others: Daybook[] = [];
    await use(async (...settings) => {
      const other = await Daybook.start(...settings);
      others.push(other);
      return other;
    });
    if (others.length > 0) {
      // A page that is still loading its files would log an error when its server stops.
      await Promise.all(context.pages().map((tab) => tab.close()));
    }
    await Promise.all(others.map((other) => other.dispose()));
  },

  untouched: async ({ another }, use) => use(await another()),

  visit: async ({ page, javaScriptEnabled }, use) => {
    await use(async (path, tab = page) => {
      const response = await tab.goto(path);
      await alive(tab, javaScriptEnabled);
      return response;
    });
  },

  reload: async ({ page, javaScriptEnabled }, use) => {
    await use(async (tab = page) => {
      await tab.reload();
      await alive(tab, javaScriptEnabled);
    });
  },

  expectAccessible: async ({ page }, use) => {
    await use(async () => {
      const { violations } = await new AxeBuilder({ page }).analyze();
      const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
      expect(found).toEqual([]);
    });
  },

  quiet: [
    async ({ context, allowedComplaints, javaScriptEnabled }, use) => {
      const complaints: string[] = [];
      // Without JavaScript, nothing uses the preloaded program. After some seconds, the browser
      // warns about that.
      const inherent = javaScriptEnabled === false ? [/\.wasm was preloaded using link preload but not used/] : [];
      const complain = (text: string): void => {
        if (![...allowedComplaints, ...inherent].some((allowed) => allowed.test(text))) {
          complaints.push(text);
        }
      };
      context.on("console", (message) => isComplaint(message) && complain(`${message.type()}: ${message.text()}`));
      context.on("weberror", (error) => complain(`uncaught: ${error.error().stack ?? error.error().message}`));
      await use();
      expect(complaints, "the browser's console").toEqual([]);
    },
    { auto: true },
  ],

  evidence: [
    async ({ daybook }, use, testInfo) => {
      const start = daybook.log.length;
      await use();
      if (testInfo.status !== testInfo.expectedStatus) {
        await testInfo.attach("daybook.log", { body: daybook.log.slice(start), contentType: "text/plain" });
      }
    },
    { auto: true },
  ],
});

function isComplaint(message: ConsoleMessage): boolean {
  return message.type() === "error" || message.type() === "warning";
}

async function alive(tab: Page, javaScriptEnabled: boolean | undefined): Promise<void> {
  if (javaScriptEnabled !== false) {
    await tab.locator("html[data-hydrated]").waitFor({ state: "attached" });
  }
}
