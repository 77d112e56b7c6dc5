/** Where the programs of a test lie. `cargo xtask test` fills the environment; the defaults serve `npx playwright test` by hand. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const target = process.env["CARGO_TARGET_DIR"] ?? join(root, "target");

/** The server's program. */
export const syncline = process.env["SYNCLINE_BIN"] ?? join(target, "debug/syncline");

/** The program of the stand-ins for Google, Microsoft and Calendly. */
export const sandbox = process.env["SYNCLINE_SANDBOX"] ?? join(target, "debug/syncline-sandbox");

/** Radicale's program. */
export const radicale = process.env["SYNCLINE_RADICALE"] ?? join(target, "tools/venv/bin/radicale");

/** The browser. */
export const chromium = process.env["SYNCLINE_CHROMIUM"] ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find((path) => existsSync(path)) ?? "chromium";

/** Reports and traces. */
export const output = process.env["SYNCLINE_E2E_OUTPUT"] ?? join(root, "target/e2e");

/** Pictures for people to look at. */
export const screenshots = join(root, "target/screenshots");
