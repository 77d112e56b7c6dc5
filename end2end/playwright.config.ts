import { join } from "node:path";
import { defineConfig } from "@playwright/test";
import { chromium, output } from "./support/environment.ts";

/** `cargo xtask test` starts this and says in the environment where everything lies; see support/environment.ts. */
export default defineConfig({
  testDir: "specs",
  outputDir: join(output, "results"),
  reporter: [["list"], ["json", { outputFile: join(output, "report.json") }]],
  forbidOnly: true,
  // A test that passes only when repeated is broken: the summary counts it apart, and it is to be mended. One cause is known and not
  // found yet: about once in a hundred page loads beside a running sync, the page does not recognise what the server rendered.
  retries: 1,
  workers: 2,
  timeout: 90_000,
  expect: { timeout: 10_000 },
  use: {
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    viewport: { width: 1280, height: 800 },
    actionTimeout: 15_000,
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: chromium,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: [{ name: "chromium" }],
});
