/** Programs that a test starts and that end with it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const running = new Set<ChildProcess>();
const folders = new Set<string>();

// The last resort: a worker that ends in the middle of a test leaves nothing behind.
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A program that runs until it is stopped. */
export class Program {
  readonly #child: ChildProcess;
  readonly #name: string;
  #log = "";

  constructor(name: string, program: string, args: string[], env: NodeJS.ProcessEnv = {}) {
    this.#name = name;
    this.#child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    running.add(this.#child);
    this.#child.on("error", (error) => (this.#log += `cannot start ${program}: ${error.message}\n`));
    this.#child.on("exit", () => running.delete(this.#child));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => (this.#log += text));
    }
  }

  /** Everything that it has said so far. */
  get log(): string {
    return this.#log;
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined;
  }

  /** Waits until the address answers at all; fails with the log when the program ends before, or after `limit` milliseconds. */
  async answers(url: string, limit = 30_000): Promise<void> {
    const deadline = Date.now() + limit;
    for (;;) {
      try {
        await (await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(2_000) })).arrayBuffer();
        return;
      } catch (error) {
        if (this.ended) throw new Error(`${this.#name} ended at once:\n${this.#log}`, { cause: error });
        if (Date.now() > deadline) throw new Error(`${this.#name} did not answer at ${url} within ${limit} ms:\n${this.#log}`, { cause: error });
        await pause(25);
      }
    }
  }

  /** Asks it to end; kills it when that takes more than five seconds. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (this.ended) return;
    const exit = once(this.#child, "exit");
    this.#child.kill(signal);
    const killer = setTimeout(() => this.#child.kill("SIGKILL"), 5_000);
    await exit;
    clearTimeout(killer);
  }
}

/** What a program that runs to its end has said. */
export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end, which it must reach within a minute. */
export async function finish(program: string, args: string[], env: NodeJS.ProcessEnv = {}, stdin = ""): Promise<Finished> {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"], timeout: 60_000 });
  running.add(child);
  const texts = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (texts.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (texts.stderr += text));
  // A program that does not read its input closes the pipe; its exit code tells the rest.
  child.stdin.on("error", () => undefined);
  child.stdin.end(stdin);
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  running.delete(child);
  if (code === null) throw new Error(`${program} ${args.join(" ")} was ended by ${signal}:\n${texts.stderr}`);
  return { code, ...texts };
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** A folder that disappears with the process, or earlier by {@link removeFolder}. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `syncline-${name}-`));
  folders.add(folder);
  return folder;
}

export function removeFolder(folder: string): void {
  folders.delete(folder);
  rmSync(folder, { recursive: true, force: true });
}
