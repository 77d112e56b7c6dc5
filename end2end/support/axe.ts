/** Accessibility: no serious or critical finding. */
import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

/** Fails with every serious or critical finding of axe on the page as it is now. */
export async function expectAccessible(page: Page, what = "the page"): Promise<void> {
  // Colours are measured where they come to rest.
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => undefined))).then(() => undefined));
  const { violations } = await new AxeBuilder({ page }).analyze();
  const findings = violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, impact, help, nodes }) => `${impact} ${id}: ${help}\n${nodes.map(({ html, failureSummary }) => `    ${html}\n    ${failureSummary?.replaceAll("\n", "\n    ")}`).join("\n")}`);
  expect(findings, `accessibility of ${what}`).toEqual([]);
}
