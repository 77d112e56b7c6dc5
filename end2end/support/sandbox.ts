/** The stand-ins for Google, Microsoft and Calendly, as a program of their own (`sandbox/`). */
import { sandbox } from "./environment.ts";
import { freePort, Program } from "./processes.ts";

/** The account that {@link Sandbox.google} and {@link Sandbox.microsoft} make. */
export const anna = "anna@example.com";

/** The key of our application's webhooks at Calendly. */
const signingKey = "the key of the application";

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

  /** What a server is told, so that it asks here instead of the providers. */
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
      SYNCLINE_CALENDLY_API_BASE: `${this.url}/calendly`,
      SYNCLINE_CALENDLY_OAUTH_BASE: `${this.url}/calendly/oauth`,
      SYNCLINE_CALENDLY_CLIENT_ID: "client-id",
      SYNCLINE_CALENDLY_CLIENT_SECRET: "client-secret",
      CALENDLY_WEBHOOK_SIGNING_KEY: signingKey,
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

  /** A Calendly account, and a client of OAuth for a server. */
  async calendly(server: string): Promise<void> {
    await this.admin("oauth/client", {
      provider: "calendly",
      id: "client-id",
      secret: "client-secret",
      redirect_uris: [`${server}/oauth/calendly/callback`],
    });
    await this.admin("calendly", { do: "account", account: anna, name: "Anna", zone: "Europe/Berlin" });
  }

  /** A personal access token of the Calendly account. */
  async calendlyToken(scopes: string[]): Promise<string> {
    const made = await this.admin("oauth/token", { provider: "calendly", account: anna, scopes });
    return (made as { access_token: string }).access_token;
  }

  /** Somebody books half an hour from two hours ahead; gives the invitee's address. */
  async book(name: string): Promise<string> {
    const start = new Date(Date.now() + 7_200_000).toISOString();
    const booking = { start, email: `${name.toLowerCase()}@example.net`, name };
    return ((await this.admin("calendly", { do: "book", account: anna, booking })) as { invitee: string }).invitee;
  }

  /** Lets Calendly tell a server about bookings, as its operator does it for an application. */
  async subscribe(server: string): Promise<void> {
    const authorization = `Bearer ${await this.calendlyToken(["users:read", "scheduled_events:read", "webhooks:write"])}`;
    const me = await fetch(`${this.url}/calendly/users/me`, { headers: { authorization } });
    const { resource } = (await me.json()) as { resource: { uri: string; current_organization: string } };
    const body = {
      url: `${server}/api/calendly/webhook`,
      events: ["invitee.created", "invitee.canceled"],
      organization: resource.current_organization,
      user: resource.uri,
      scope: "user",
      signing_key: signingKey,
    };
    const headers = { authorization, "content-type": "application/json" };
    const made = await fetch(`${this.url}/calendly/webhook_subscriptions`, { method: "POST", headers, body: JSON.stringify(body) });
    if (made.status !== 201) throw new Error(await made.text());
  }

  /** Requests that no correct client makes. */
  async violations(): Promise<string[]> {
    return (await this.admin("violations")) as string[];
  }

  async stop(): Promise<void> {
    await this.#program.stop();
  }
}
