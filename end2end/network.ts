import type { Page, Route } from "@playwright/test";

/** Passes each command of the page to `take`, once the server has answered it. */
export async function interceptAnswers(page: Page, take: (route: Route) => Promise<void>): Promise<void> {
  await page.route("**/ui/submit-command", async (route) => {
    await route.fetch();
    await take(route);
  });
}

/** Delivers commands, but loses their answers. */
export async function loseAnswers(page: Page): Promise<void> {
  await interceptAnswers(page, (route) => route.abort("connectionreset"));
}

/** Loses commands before they reach the server. */
export async function loseCommands(page: Page): Promise<void> {
  await page.route("**/ui/submit-command", (route) => route.abort("connectionreset"));
}

/** Restores the network. */
export async function hearAgain(page: Page): Promise<void> {
  await page.unrouteAll({ behavior: "ignoreErrors" });
}
