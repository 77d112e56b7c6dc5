/** Pictures of a page for people to look at: two widths, two themes. */
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expectAccessible } from "./axe.ts";
import { screenshots } from "./environment.ts";

const widths = [
  { name: "desktop", width: 1280, height: 800 },
  { name: "phone", width: 390, height: 844 },
] as const;

const themes = ["light", "dark"] as const;

export interface Options {
  /** axe runs on every picture unless this says no. */
  accessible?: boolean;
  /** Called before each picture, for what a change of width closes. */
  prepare?: (width: (typeof widths)[number]["name"]) => Promise<void>;
}

/** Writes `target/screenshots/<name>-<desktop|phone>-<light|dark>.png`, with axe on each, and leaves the page as it was. */
export async function photograph(page: Page, name: string, { accessible = true, prepare }: Options = {}): Promise<void> {
  const before = page.viewportSize();
  for (const { name: width, ...size } of widths) {
    await page.setViewportSize(size);
    for (const theme of themes) {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
      await prepare?.(width);
      await page.screenshot({ path: join(screenshots, `${name}-${width}-${theme}.png`), animations: "disabled" });
      if (accessible) await expectAccessible(page, `${name}, ${width}, ${theme}`);
      await expectNoSidewaysScrolling(page, `${name}, ${width}`);
    }
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  if (before !== null) await page.setViewportSize(before);
}

async function expectNoSidewaysScrolling(page: Page, what: string): Promise<void> {
  const beyond = await page.evaluate(() => {
    const scrollers = [document.documentElement, ...document.querySelectorAll("main, .rail")];
    return Math.max(...scrollers.map((element) => element.scrollWidth - element.clientWidth));
  });
  if (beyond > 0) throw new Error(`${what}: something is ${beyond} px wider than its place`);
}
