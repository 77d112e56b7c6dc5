import { expect, hydrated, test } from "../support/test.ts";

test("an instance without accounts asks for the first one, with and without JavaScript", async ({ page, nojs }) => {
  for (const visitor of [page, nojs]) {
    await visitor.goto("/");
    await expect(visitor).toHaveURL(/\/setup$/);
    await expect(visitor.getByRole("heading", { level: 1 })).toHaveText("Create the first account");
  }
  await hydrated(page);
});
