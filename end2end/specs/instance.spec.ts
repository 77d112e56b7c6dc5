/** The administrator's pages: our clients at the providers, and what is wrong with them. */
import { createFirstAccount } from "../support/app.ts";
import { freePort } from "../support/processes.ts";
import { expect, hydrated, photograph, test } from "../support/test.ts";

test.slow();

const nobody = `http://127.0.0.1:${await freePort()}`;

test.use({ serverEnv: { SYNCLINE_GOOGLE_OAUTH_BASE: nobody, SYNCLINE_MICROSOFT_CLIENT_ID: "of-the-environment", SYNCLINE_MICROSOFT_CLIENT_SECRET: "never-shown", SYNCLINE_MICROSOFT_OAUTH_BASE: nobody } });

test("a provider is set up on the page and can be used at once, secrets are not shown, and the check says what is wrong", async ({ page, context, nojs, server }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await createFirstAccount(page);
  await hydrated(page);
  await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Instance" }).click();
  const google = page.getByRole("article", { name: "Google" });
  await expect(google).toContainText("Not set up");
  const address = google.getByLabel("Google redirect address");
  await expect(address).toHaveValue(`${server.url}/oauth/google/callback`);
  await google.getByRole("button", { name: "Copy" }).click();
  await expect(google.getByRole("button", { name: "Copied" })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(`${server.url}/oauth/google/callback`);
  const microsoft = page.getByRole("article", { name: "Microsoft" });
  await expect(microsoft).toContainText("set by the environment: SYNCLINE_MICROSOFT_CLIENT_SECRET");
  await expect(microsoft).toContainText("of-the-environment");
  expect(await page.content()).not.toContain("never-shown");
  await photograph(page, "instance");

  await google.getByLabel("Client id").fill("my-client");
  await google.getByLabel("Client secret").fill("s3cret-word");
  await google.getByRole("button", { name: "Save Google" }).click();
  await expect(page.getByText("Saved. It counts from now on.")).toBeVisible();
  await expect(google).toContainText("Set up");
  await expect(google.getByLabel("Client id")).toHaveValue("my-client");
  await expect(google.getByLabel("Client secret")).toHaveValue("");
  expect(await page.content()).not.toContain("s3cret-word");
  const way = await page.request.get("/oauth/google/start", { maxRedirects: 0 });
  expect(way.headers()["location"]).toContain("client_id=my-client");

  await google.getByLabel("Client id").fill("two words");
  await google.getByRole("button", { name: "Save Google" }).click();
  await expect(page.getByRole("alert")).toContainText("The client id can not be that.");

  await page.getByRole("button", { name: "Check everything" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Checks");
  await expect(microsoft).toContainText("refused the connection");
  await hydrated(page);
  await photograph(page, "checks");
  await page.getByRole("button", { name: "Check again" }).click();
  await expect(microsoft).toContainText("refused the connection");

  await nojs.context().addCookies(await page.context().cookies());
  await nojs.goto("/settings/instance");
  await nojs.getByRole("button", { name: "Forget what is stored for Google" }).click();
  await expect(nojs.getByRole("article", { name: "Google" })).toContainText("Not set up");
});
