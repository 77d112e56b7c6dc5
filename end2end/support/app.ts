/** What a person does with the page, in one place: the words of labels and buttons stand here once. */
import { type BrowserContext, expect, type Locator, type Page } from "@playwright/test";
import { type Account, ada, type Syncline } from "./syncline.ts";

/** Makes the first account by the form; ends at the page that connects calendars. */
export async function createFirstAccount(page: Page, account: Account = ada): Promise<void> {
  await page.goto("/");
  await page.getByLabel("E-mail").fill(account.email);
  await page.getByLabel("Password", { exact: true }).fill(account.password);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.waitForURL("**/settings/connections");
}

export interface CaldavAccount {
  address: string;
  username: string;
  password: string;
  name?: string;
}

/** Fills in the form of a CalDAV account and sends it. */
export async function sendCaldavForm(page: Page, { address, username, password, name }: CaldavAccount): Promise<void> {
  await page.goto("/settings/connections?add=caldav");
  await page.getByLabel("Address, domain or e-mail").fill(address);
  await page.getByLabel("User name").fill(username);
  await page.getByLabel("Password or app password").fill(password);
  if (name !== undefined) await page.getByLabel("Name (optional)").fill(name);
  await page.getByRole("button", { name: "Add account" }).click();
}

/** Fills in the form of a feed and sends it. */
export async function sendFeedForm(page: Page, address: string, name?: string): Promise<void> {
  await page.goto("/settings/connections?add=ics");
  await page.getByLabel("Address of the feed").fill(address);
  if (name !== undefined) await page.getByLabel("Name (optional)").fill(name);
  await page.getByRole("button", { name: "Add feed" }).click();
}

/** The card of a connection in the settings. */
export function card(page: Page, name: string): Locator {
  return page.getByRole("article", { name });
}

/** The panel with what is being synced. */
export function progress(page: Page): Locator {
  return page.getByRole("region", { name: "Sync in progress" });
}

/** The panel with the result of the last sync. */
export function result(page: Page): Locator {
  return page.getByRole("region", { name: "Result of the last sync" });
}

/** Messages in the corner. */
export function messages(page: Page): Locator {
  return page.getByRole("status");
}

/** An event wherever it stands in the view. */
export function event(page: Page, title: string | RegExp): Locator {
  return page.getByRole("main").getByRole("link", { name: title });
}

/** The large button of the settings. */
export function syncNow(page: Page): Locator {
  return page.getByRole("main").getByRole("button", { name: "Sync now" });
}

/** What the window heard as `calendarSyncComplete`. */
export interface Completion {
  success: boolean;
  message: string;
  jobId: string;
  synced: number;
  updated: number;
  deleted: number;
  skipped: number;
  errors: number;
}

/** Writes down every `calendarSyncComplete` in the pages that this browser loads from now on. */
export async function listenForCompletions(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const heard: unknown[] = [];
    Object.assign(window, { heard });
    window.addEventListener("calendarSyncComplete", (event) => heard.push((event as CustomEvent).detail));
  });
}

/** What the page has heard since it was loaded. */
export function completions(page: Page): Promise<Completion[]> {
  return page.evaluate(() => (window as unknown as { heard: Completion[] }).heard);
}

/** Waits for the next `calendarSyncComplete` after so many. */
export async function completion(page: Page, after = 0): Promise<Completion> {
  await expect.poll(async () => (await completions(page)).length, { message: "calendarSyncComplete arrives" }).toBeGreaterThan(after);
  return (await completions(page))[after]!;
}

/** A connection as `connection list --json` says it; only what tests read. */
export interface Connection {
  id: string;
  name: string;
  provider: string;
  state: string;
  problem: { code: string; message: string; action: string } | null;
  intervalS: number;
  nextSyncAt: number | null;
  lastAttemptAt: number | null;
  calendars: { id: string; name: string; events: number; visible: boolean; enabled: boolean }[];
}

/** What is stored, as the command line says it. */
export async function stored(server: Syncline, account: Account = ada): Promise<Connection[]> {
  return JSON.parse(await server.ok(["connection", "list", "--user", account.email, "--json"])) as Connection[];
}

/** Waits until no tab and no worker syncs any more: the last job of the history has ended. */
export async function settled(page: Page): Promise<void> {
  await expect(progress(page)).toHaveCount(0);
}
