/**
 * What the specs of providers start from: the stand-ins run beside the server, which asks them in place of the real ones, and a test
 * that ends with a request that the real ones would refuse fails.
 */
import { Sandbox } from "./sandbox.ts";
import { expect, test as base } from "./test.ts";

export const test = base.extend<{ sandbox: Sandbox }>({
  sandbox: async ({}, use) => {
    const sandbox = await Sandbox.start();
    await use(sandbox);
    const violations = await sandbox.violations();
    await sandbox.stop();
    expect(violations).toEqual([]);
  },
  serverEnv: async ({ sandbox }, use) => use(sandbox.serverEnv),
});
