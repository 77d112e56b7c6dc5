/** The stand-ins for Google, Microsoft and Calendly, as a program of their own (`sandbox/`). */
import { sandbox } from "./environment.ts";
import { freePort, Program } from "./processes.ts";

/** The account that {@link Sandbox.google} and {@link Sandbox.microsoft} make. */
export const anna = "anna@example.com";

export class Sandbox {
  readonly url: string;
  readonly #program: Program;

  private constructor(url: string, program: Program) {
    this.url = url;
    this.#program = program;
  }

  static async start(): Promise<Sandbox> {
    const address = `127.0.0.1:${await freePort()}`;
    const started = new Sandbox(`http://${address}`, new Program("sandbox", sandbox, [address]));
    await started.#program.answers(`${started.url}/`);
    return started;
  }

  /** What a server is told, so that it asks here instead of Google and Microsoft. */
  get serverEnv(): NodeJS.ProcessEnv {
    return {
      SYNCLINE_GOOGLE_API_BASE: `${this.url}/google`,
      SYNCLINE_GOOGLE_OAUTH_BASE: `${this.url}/google/oauth`,
      SYNCLINE_GOOGLE_CLIENT_ID: "client-id",
      SYNCLINE_GOOGLE_CLIENT_SECRET: "client-secret",
      SYNCLINE_MICROSOFT_API_BASE: `${this.url}/microsoft`,
      SYNCLINE_MICROSOFT_OAUTH_BASE: `${this.url}/microsoft/oauth`,
      SYNCLINE_MICROSOFT_CLIENT_ID: "client-id",
      SYNCLINE_MICROSOFT_CLIENT_SECRET: "client-secret",
    };
  }

  /** `POST /_admin/<action>`: what users, developers and bad luck do. */
  async admin(action: string, body: unknown = {}): Promise<unknown> {
    const answer = await fetch(`${this.url}/_admin/${action}`, { method: "POST", body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${action}: ${text}`);
    return JSON.parse(text);
  }

  /** A Google account with events, and a client of OAuth for a server. */
  async google(server: string, titles: string[]): Promise<void> {
    await this.admin("oauth/client", {
      provider: "google",
      id: "client-id",
      secret: "client-secret",
      redirect_uris: [`${server}/oauth/google/callback`],
    });
    await this.admin("google", { do: "account", account: anna, name: "Anna", zone: "Europe/Berlin" });
    for (const title of titles) await this.addEvent(title);
  }

  /** An event of today, all day. */
  async addEvent(title: string): Promise<void> {
    const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
    await this.admin("google", { do: "create", calendar: anna, event: { summary: title, start: { date: day(0) }, end: { date: day(1) } } });
  }

  /** A Microsoft account, and a client of OAuth for a server. */
  async microsoft(server: string): Promise<void> {
    await this.admin("oauth/client", {
      provider: "microsoft",
      id: "client-id",
      secret: "client-secret",
      redirect_uris: [`${server}/oauth/microsoft/callback`],
    });
    await this.admin("microsoft", { do: "account", account: anna, name: "Anna", zone: "Europe/Berlin" });
  }

  /** An event of today in Outlook, from noon in UTC; gives its id. */
  async addToOutlook(subject: string): Promise<string> {
    const day = new Date().toISOString().slice(0, 10);
    const at = (time: string) => ({ dateTime: `${day}T${time}`, timeZone: "UTC" });
    const event = { subject, start: at("12:00:00"), end: at("13:00:00") };
    return ((await this.admin("microsoft", { do: "create", account: anna, event })) as { id: string }).id;
  }

  /** Requests that no correct client makes. */
  async violations(): Promise<string[]> {
    return (await this.admin("violations")) as string[];
  }

  async stop(): Promise<void> {
    await this.#program.stop();
  }
}
