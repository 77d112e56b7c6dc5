/** A real CalDAV server with one user. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { radicale } from "./environment.ts";
import { freePort, Program, removeFolder, temporaryFolder } from "./processes.ts";

export interface CalendarOptions {
  name: string;
  /** `#RRGGBB`. */
  color?: string;
}

export class Radicale {
  readonly url: string;
  readonly username = "ada";
  readonly password = "app-password-of-ada";
  readonly #folder: string;
  readonly #port: number;
  #program: Program | undefined;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(): Promise<Radicale> {
    const server = new Radicale(temporaryFolder("radicale"), await freePort());
    server.#configure(server.password);
    await server.restart();
    return server;
  }

  /** Starts it again after {@link stop}, with what it had stored. */
  async restart(): Promise<void> {
    await this.#program?.stop();
    this.#program = new Program("radicale", radicale, ["--config", join(this.#folder, "config")]);
    await this.#program.answers(this.url);
  }

  /** From now on another password is the right one. */
  async changePassword(password: string): Promise<void> {
    this.#configure(password);
    await this.restart();
  }

  #configure(password: string): void {
    const config = {
      server: { hosts: `127.0.0.1:${this.#port}`, timeout: "30" },
      auth: { type: "htpasswd", htpasswd_filename: join(this.#folder, "users"), htpasswd_encryption: "plain", delay: "0" },
      rights: { type: "owner_only" },
      storage: { filesystem_folder: join(this.#folder, "collections") },
      web: { type: "none" },
      logging: { level: "warning" },
    };
    const sections = Object.entries(config).map(([name, values]) => [`[${name}]`, ...Object.entries(values).map(([key, value]) => `${key} = ${value}`)].join("\n"));
    mkdirSync(join(this.#folder, "collections"), { recursive: true });
    writeFileSync(join(this.#folder, "config"), sections.join("\n\n"));
    writeFileSync(join(this.#folder, "users"), `${this.username}:${password}\n`);
  }

  /** Makes a calendar. `id` is the last part of its address. */
  async makeCalendar(id: string, { name, color }: CalendarOptions): Promise<void> {
    const colour = color === undefined ? "" : `<I:calendar-color xmlns:I="http://apple.com/ns/ical/">${color}</I:calendar-color>`;
    const body = `<?xml version="1.0"?><C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop><D:displayname>${name}</D:displayname>${colour}<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>`;
    await this.#request("MKCALENDAR", `${id}/`, body, "application/xml; charset=utf-8");
  }

  /** Stores one calendar object; `name` without `.ics`. */
  async put(calendar: string, name: string, ics: string): Promise<void> {
    await this.#request("PUT", `${calendar}/${name}.ics`, ics, "text/calendar; charset=utf-8");
  }

  async delete(calendar: string, name: string): Promise<void> {
    await this.#request("DELETE", `${calendar}/${name}.ics`);
  }

  /** Removes the calendar with all that is in it. */
  async deleteCalendar(calendar: string): Promise<void> {
    await this.#request("DELETE", `${calendar}/`);
  }

  async #request(method: string, path: string, body?: string, type?: string): Promise<void> {
    const headers: Record<string, string> = { authorization: `Basic ${Buffer.from(`${this.username}:${this.password}`).toString("base64")}` };
    if (type !== undefined) headers["content-type"] = type;
    const answer = await fetch(`${this.url}/${this.username}/${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}\n${this.#program?.log ?? ""}`);
  }

  async stop(): Promise<void> {
    await this.#program?.stop();
  }

  async remove(): Promise<void> {
    await this.stop();
    removeFolder(this.#folder);
  }
}
