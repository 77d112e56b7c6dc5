/** What goes wrong while something is connected: a clear message beside the form, what was typed is kept, nothing is stored. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createServer as createSocket } from "node:net";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { createFirstAccount, sendCaldavForm, sendFeedForm, stored } from "../support/app.ts";
import { freePort, removeFolder, temporaryFolder } from "../support/processes.ts";
import type { Syncline } from "../support/syncline.ts";
import { expect, hydrated, test } from "../support/test.ts";

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** A server for the length of a test step. */
async function serving<T>(listener: RequestListener, use: (url: string) => Promise<T>): Promise<T> {
  const server = createServer(listener);
  const port = await listen(server);
  try {
    return await use(`http://127.0.0.1:${port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** The message stands beside a field, for eyes and ears. */
async function expectRefused(page: Page, words: RegExp, field: string, timeout = 10_000): Promise<void> {
  const input = page.getByLabel(field, { exact: true });
  await expect(input).toHaveAttribute("aria-invalid", "true", { timeout });
  await expect(input).toHaveAccessibleDescription(words);
}

async function expectFeedKept(page: Page, server: Syncline, address: string): Promise<void> {
  await expect(page.getByLabel("Address of the feed")).toHaveValue(address);
  await expect(page.getByLabel("Name (optional)")).toHaveValue("My feed");
  await expect(page.getByRole("button", { name: "Add feed" })).toBeEnabled();
  expect(await stored(server)).toEqual([]);
}

test.beforeEach(async ({ page }) => {
  await createFirstAccount(page);
  await hydrated(page);
});

test("a wrong password of a CalDAV account is said beside the password", async ({ page, server, radicale }) => {
  await sendCaldavForm(page, { address: radicale.url, username: radicale.username, password: "not this one", name: "Mine" });
  await expectRefused(page, /refused the user name or the password/, "Password or app password");
  await expect(page.getByLabel("Address, domain or e-mail")).toHaveValue(radicale.url);
  await expect(page.getByLabel("User name")).toHaveValue(radicale.username);
  await expect(page.getByLabel("Name (optional)")).toHaveValue("Mine");
  expect(await stored(server)).toEqual([]);
  await page.getByLabel("Password or app password").fill(radicale.password);
  await radicale.makeCalendar("work", { name: "Work" });
  await page.getByRole("button", { name: "Add account" }).click();
  await page.waitForURL("**/settings/calendars?added=*");
});

test("an address where nobody listens is said beside the address", async ({ page, server }) => {
  const address = `http://127.0.0.1:${await freePort()}/calendar.ics`;
  await sendFeedForm(page, address, "My feed");
  await expectRefused(page, /refused the connection.*Check the address and its port.*Then try again\.$/, "Address of the feed");
  await expectFeedKept(page, server, address);
});

test("a host that does not exist is said beside the address", async ({ page, server }) => {
  const address = "https://calendar.does-not-exist.invalid/calendar.ics";
  await sendFeedForm(page, address, "My feed");
  await expectRefused(page, /There is no server named calendar\.does-not-exist\.invalid/, "Address of the feed");
  await expectFeedKept(page, server, address);
});

test("a web server that knows no calendars is said beside the address of the account", async ({ page, server }) => {
  await serving(
    (_request, response) => response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>Welcome</title>"),
    async (url) => {
      await sendCaldavForm(page, { address: url, username: "ada", password: "secret" });
      await expectRefused(page, /did not answer like a calendar server/, "Address, domain or e-mail");
      await expect(page.getByLabel("Address, domain or e-mail")).toHaveValue(url);
    },
  );
  expect(await stored(server)).toEqual([]);
});

test("a host that takes the connection and then says nothing ends in a message within its time limit", async ({ page, server }) => {
  test.setTimeout(180_000);
  await serving(
    () => undefined,
    async (url) => {
      const address = `${url}/calendar.ics`;
      await sendFeedForm(page, address, "My feed");
      await expect(page.getByRole("button", { name: "Reading the feed…" })).toBeVisible();
      await expectRefused(page, /did not answer in time/, "Address of the feed", 90_000);
      await expectFeedKept(page, server, address);
    },
  );
});

test("a host that hangs in its TLS greeting ends in a message within its time limit", async ({ page, server }) => {
  test.setTimeout(180_000);
  const silent = createSocket();
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const address = silent.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const url = `https://127.0.0.1:${address.port}/calendar.ics`;
  await sendFeedForm(page, url, "My feed");
  await expectRefused(page, /did not answer in time/, "Address of the feed", 90_000);
  await expectFeedKept(page, server, url);
  silent.close();
});

test("a feed of 100 MB is refused long before its end", async ({ page, server }) => {
  const megabyte = Buffer.from("X-PADDING:0123456789\r\n".repeat(Math.ceil((1024 * 1024) / 22)));
  let sent = 0;
  await serving(
    (_request, response) => {
      response.writeHead(200, { "content-type": "text/calendar" });
      response.write("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//big//EN\r\n");
      const more = () => {
        while (sent < 100) {
          sent += 1;
          if (!response.write(megabyte)) return void response.once("drain", more);
        }
        response.end("END:VCALENDAR\r\n");
      };
      more();
    },
    async (url) => {
      const address = `${url}/calendar.ics`;
      await sendFeedForm(page, address, "My feed");
      await expectRefused(page, /sent more than \d+ MB/, "Address of the feed");
      await expectFeedKept(page, server, address);
      expect(sent, "the rest was not read").toBeLessThan(100);
    },
  );
});

test("a certificate that nobody vouches for is refused with the way to trust it", async ({ page, server }) => {
  const folder = temporaryFolder("tls");
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync("openssl", [...words, "-keyout", key, "-out", cert], { stdio: "ignore" });
  let asked = 0;
  const host = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_request, response) => {
    asked += 1;
    response.end("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n");
  });
  const address = `https://127.0.0.1:${await listen(host)}/calendar.ics`;
  await sendFeedForm(page, address, "My feed");
  await expectRefused(page, /certificate of 127\.0\.0\.1:\d+ is not trusted/, "Address of the feed");
  await expectFeedKept(page, server, address);
  expect(asked, "the secret address was not sent").toBe(0);
  host.closeAllConnections();
  host.close();
  removeFolder(folder);
});

test.describe("without leave for private addresses", () => {
  test.use({ serverEnv: { SYNCLINE_ALLOW_PRIVATE_ADDRESSES: "false" } });

  test("a private address is refused with the setting that opens it, and is not asked", async ({ page, server, feeds, radicale }) => {
    const address = feeds.set("/feed.ics", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n");
    await sendFeedForm(page, address, "My feed");
    await expectRefused(page, /private network.*SYNCLINE_ALLOW_PRIVATE_ADDRESSES=true/s, "Address of the feed");
    await expectFeedKept(page, server, address);
    expect(feeds.requests).toEqual([]);

    await sendCaldavForm(page, { address: radicale.url, username: radicale.username, password: radicale.password });
    await expectRefused(page, /SYNCLINE_ALLOW_PRIVATE_ADDRESSES=true/, "Address, domain or e-mail");
    expect(await stored(server)).toEqual([]);
  });
});

test("without JavaScript the message stands beside the form too, and what was typed is kept but the secrets", async ({ page, nojs, server, radicale }) => {
  await nojs.context().addCookies(await page.context().cookies());
  await sendCaldavForm(nojs, { address: radicale.url, username: radicale.username, password: "not this one" });
  await expectRefused(nojs, /refused the user name or the password/, "Password or app password");
  await expect(nojs.getByLabel("Address, domain or e-mail")).toHaveValue(radicale.url);
  await expect(nojs.getByLabel("User name")).toHaveValue(radicale.username);
  await expect(nojs.getByLabel("Password or app password")).toHaveValue("");
  expect(nojs.url()).not.toContain("not%20this");
  expect(nojs.url()).not.toContain("not+this");
  expect(await stored(server)).toEqual([]);
});
