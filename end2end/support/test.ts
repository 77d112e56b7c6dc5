/**
 * What every spec starts from: `import { expect, test } from "../support/test.ts"`.
 *
 * - `server`: a Syncline with an empty database. `radicale`, `feeds`: started when a test names them, empty too.
 * - `page`: fails the test when the page throws or writes an error to the console (a broken hydration does).
 * - `nojs`: a page of the same browser with JavaScript switched off.
 */
import { test as base, type BrowserContext, type Page } from "@playwright/test";
import { FeedHost } from "./feed.ts";
import { Radicale } from "./radicale.ts";
import { type Account, ada, Syncline } from "./syncline.ts";

export { expect } from "@playwright/test";
export { expectAccessible } from "./axe.ts";
export { photograph } from "./screenshots.ts";
export { ada } from "./syncline.ts";

interface Fixtures {
  /** Environment of `server`, for `test.use({ serverEnv: {…} })`. */
  serverEnv: NodeJS.ProcessEnv;
  server: Syncline;
  radicale: Radicale;
  feeds: FeedHost;
  nojs: Page;
}

export const test = base.extend<Fixtures>({
  serverEnv: [{}, { option: true }],

  server: async ({ serverEnv }, use, info) => {
    const server = await Syncline.start(serverEnv);
    await use(server);
    if (info.status !== info.expectedStatus) await info.attach("syncline.log", { body: server.log });
    await server.remove();
  },

  radicale: async ({}, use) => {
    const radicale = await Radicale.start();
    await use(radicale);
    await radicale.remove();
  },

  feeds: async ({}, use) => {
    const feeds = await FeedHost.start();
    await use(feeds);
    await feeds.stop();
  },

  baseURL: async ({ server }, use) => use(server.url),

  page: async ({ page }, use) => {
    const errors = watch(page);
    await use(page);
    if (errors.length > 0) throw new Error(`the page complained:\n${errors.join("\n")}`);
  },

  nojs: async ({ browser, contextOptions, server }, use) => {
    // Without motion: a click waits until its target stands still, and from the third try on it waits by a timer inside the page,
    // which never fires where scripts are switched off.
    const context = await browser.newContext({
      ...contextOptions,
      baseURL: server.url,
      javaScriptEnabled: false,
      reducedMotion: "reduce",
    });
    await use(await context.newPage());
    await context.close();
  },
});

/** Collects what goes wrong in a page. An answer of 4xx or 5xx is the test's own business. */
export function watch(page: Page): string[] {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.stack ?? error.message));
  page.on("console", (message) => {
    const text = message.text();
    const complaint = message.type() === "error" || (message.type() === "warning" && /hydrat|panick/i.test(text));
    if (complaint && !text.startsWith("Failed to load resource")) errors.push(text);
  });
  return errors;
}

/** Signs an account in by the form and waits for the calendar. The form tells the browser's zone and habits once the page's script
 * is there; without them the calendar would learn them, and ask for its events anew, in the middle of a test. */
export async function signIn(page: Page, account: Account = ada): Promise<void> {
  await page.goto("/sign-in");
  await hydrated(page);
  await page.getByLabel("E-mail").fill(account.email);
  await page.getByLabel("Password", { exact: true }).fill(account.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
}

/** Waits until the WASM has taken the page over; before that, clicks do what forms and links do. */
export async function hydrated(page: Page): Promise<void> {
  await page.waitForFunction(() => document.documentElement.dataset["hydrated"] !== undefined);
}

/** Carries cookies from one context to another: one person, two browsers. */
export async function sameUser(from: BrowserContext, to: BrowserContext): Promise<void> {
  await to.addCookies(await from.cookies());
}
