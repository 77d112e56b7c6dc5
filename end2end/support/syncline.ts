/** A Syncline of one's own: an empty data directory, a free port, private addresses allowed. */
import { syncline } from "./environment.ts";
import { type Finished, finish, freePort, Program, removeFolder, temporaryFolder } from "./processes.ts";

export interface Account {
  email: string;
  password: string;
}

/** The account that {@link Syncline.addUser} makes unless told otherwise. */
export const ada: Account = { email: "ada@example.org", password: "correct horse battery staple" };

export class Syncline {
  readonly url: string;
  readonly dataDir: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #port: number;
  #program: Program | undefined;

  private constructor(dataDir: string, port: number, env: NodeJS.ProcessEnv) {
    this.dataDir = dataDir;
    this.#port = port;
    this.url = `http://127.0.0.1:${port}`;
    // Nothing of the developer's own set-up may leak into a test.
    const clean = Object.fromEntries(Object.keys(process.env).filter((name) => name.startsWith("SYNCLINE_") || name === "DATABASE_URL").map((name) => [name, undefined]));
    // Who wants to be called by providers can not know the port before.
    const reachable = env["SYNCLINE_PUBLIC_URL"] === "itself" ? { SYNCLINE_PUBLIC_URL: this.url } : {};
    this.#env = { ...clean, SYNCLINE_DATA_DIR: dataDir, SYNCLINE_ALLOW_PRIVATE_ADDRESSES: "true", ...env, ...reachable };
  }

  /** Starts a server; `env` adds to or overrides its environment. */
  static async start(env: NodeJS.ProcessEnv = {}): Promise<Syncline> {
    const server = new Syncline(temporaryFolder("data"), await freePort(), env);
    await server.restart();
    return server;
  }

  /** Starts it anew on the same data and the same port. */
  async restart(): Promise<void> {
    await this.#program?.stop();
    this.#program = new Program("syncline", syncline, ["serve", "--listen", `127.0.0.1:${this.#port}`], this.#env);
    await this.#program.answers(`${this.url}/healthz`);
  }

  get log(): string {
    return this.#program?.log ?? "";
  }

  /** Runs the command line on the same data. */
  cli(args: string[], stdin = ""): Promise<Finished> {
    return finish(syncline, args, this.#env, stdin);
  }

  /** Runs the command line, expects it to succeed, and gives what it printed. */
  async ok(args: string[], stdin = ""): Promise<string> {
    const { code, stdout, stderr } = await this.cli(args, stdin);
    if (code !== 0) throw new Error(`syncline ${args.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
    return stdout.trim();
  }

  /** Makes an account by the command line. */
  async addUser(account: Account = ada): Promise<Account> {
    await this.ok(["user", "add", account.email, "--password-stdin"], account.password);
    return account;
  }

  /** An API token by the command line. */
  token(account: Account = ada, name = "test"): Promise<string> {
    return this.ok(["user", "token", account.email, "--name", name]);
  }

  /** Stops the server. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    await this.#program?.stop(signal);
  }

  /** Stops the server and removes its data. */
  async remove(): Promise<void> {
    await this.stop();
    removeFolder(this.dataDir);
  }
}
