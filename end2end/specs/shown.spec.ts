/** What is shown of each connection: filters that need no sync. */
import { event } from "../support/app.ts";
import { seed } from "../support/seed.ts";
import { expect, hydrated, photograph, signIn, test } from "../support/test.ts";

test("private events of a connection are hidden and shown again without a sync, in every tab and without scripts", async ({ page, nojs, context, server }) => {
  test.slow();
  await server.addUser();
  await seed(server, "Private", [
    { uid: "doctor", summary: "Doctor", start: "20260310T080000Z", end: "20260310T090000Z", lines: ["CLASS:PRIVATE"] },
    { uid: "focus", summary: "Focus: report", start: "20260310T100000Z", end: "20260310T110000Z" },
    { uid: "planning", summary: "Planning", start: "20260310T120000Z", end: "20260310T130000Z" },
  ]);
  await signIn(page);
  await hydrated(page);
  await page.goto("/?view=day&date=2026-03-10");
  await hydrated(page);
  await expect(event(page, /Doctor/)).toBeVisible();

  const other = await context.newPage();
  await other.goto("/settings/calendars");
  await hydrated(other);
  await other.getByRole("article", { name: "Private" }).getByRole("link", { name: "Filters" }).click();
  const filters = other.getByRole("article", { name: "Private" });
  await expect(filters.getByLabel("Private events")).toBeChecked();
  await filters.getByLabel("Private events").uncheck();
  await filters.getByLabel("Focus time").uncheck();
  await filters.getByRole("button", { name: "Save" }).click();
  await expect(other.getByText("Saved.")).toBeVisible();
  await expect(filters.getByLabel("Private events")).not.toBeChecked();
  await hydrated(other);
  await photograph(other, "shown");

  await expect(event(page, /Doctor/), "the open calendar follows").toHaveCount(0);
  await expect(event(page, /Focus/)).toHaveCount(0);
  await expect(event(page, /Planning/)).toBeVisible();

  await nojs.context().addCookies(await context.cookies());
  await nojs.goto("/settings/shown");
  await nojs.getByRole("article", { name: "Private" }).getByLabel("Private events").check();
  await nojs.getByRole("article", { name: "Private" }).getByRole("button", { name: "Save" }).click();
  await expect(event(page, /Doctor/), "it is back without a sync").toBeVisible();
  await nojs.getByLabel("Months back").fill("1");
  await nojs.getByRole("button", { name: "Save range" }).click();
  await expect(nojs.getByLabel("Months back")).toHaveValue("1");
});
