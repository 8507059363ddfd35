import type { Page, Route } from "@playwright/test";

/** Takes each command the page sends, once the server has answered it. */
export async function interceptAnswers(page: Page, take: (route: Route) => Promise<void>): Promise<void> {
  await page.route("**/ui/submit-command", async (route) => {
    await route.fetch();
    await take(route);
  });
}

/** Commands arrive, and their answers get lost. */
export async function loseAnswers(page: Page): Promise<void> {
  await interceptAnswers(page, (route) => route.abort("connectionreset"));
}

/** Commands get lost on their way. */
export async function loseCommands(page: Page): Promise<void> {
  await page.route("**/ui/submit-command", (route) => route.abort("connectionreset"));
}

/** Nothing gets lost any more. */
export async function hearAgain(page: Page): Promise<void> {
  await page.unrouteAll({ behavior: "ignoreErrors" });
}
