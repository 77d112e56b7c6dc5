/** Accessibility: no serious or critical finding. */
import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

/** Fails with every serious or critical finding of axe on the page as it is now. */
export async function expectAccessible(page: Page, what = "the page"): Promise<void> {
  // Colours are measured where they come to rest. What turns for ever (a sync at work) never does, and a transition whose
  // element has left the picture may never say that it ended: after two seconds every one of ours is over.
  await page.evaluate(async () => {
    const ending = document.getAnimations().filter((animation) => animation.effect?.getComputedTiming().endTime !== Infinity);
    const over = Promise.all(ending.map((animation) => animation.finished.catch(() => undefined)));
    await Promise.race([over, new Promise((resolve) => setTimeout(resolve, 2_000))]);
  });
  const { violations } = await new AxeBuilder({ page }).analyze();
  const findings = violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, impact, help, nodes }) => `${impact} ${id}: ${help}\n${nodes.map(({ html, failureSummary }) => `    ${html}\n    ${failureSummary?.replaceAll("\n", "\n    ")}`).join("\n")}`);
  expect(findings, `accessibility of ${what}`).toEqual([]);
}
