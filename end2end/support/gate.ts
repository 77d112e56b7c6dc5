/** A proxy in front of a server that can hold requests back: what takes long in life takes as long as a test says. */
import { once } from "node:events";
import { createServer, request as ask, type IncomingMessage, type Server, type ServerResponse } from "node:http";

export class Gate {
  readonly url: string;
  readonly #server: Server;
  readonly #target: URL;
  #held: (request: IncomingMessage) => boolean = () => false;
  #waiting: (() => void)[] = [];

  private constructor(server: Server, target: URL, port: number) {
    this.#server = server;
    this.#target = target;
    this.url = `http://127.0.0.1:${port}`;
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      if (this.#held(request)) this.#waiting.push(() => this.#pass(request, response));
      else this.#pass(request, response);
    });
  }

  static async start(target: string): Promise<Gate> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return new Gate(server, new URL(target), address.port);
  }

  /** Holds such requests back from now on. */
  hold(which: (request: IncomingMessage) => boolean): void {
    this.#held = which;
  }

  /** How many requests wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Lets everything through. */
  open(): void {
    this.#held = () => false;
    for (const pass of this.#waiting.splice(0)) pass();
  }

  #pass(request: IncomingMessage, response: ServerResponse): void {
    const { hostname, port } = this.#target;
    const onward = ask({ hostname, port, method: request.method, path: request.url, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  }

  async stop(): Promise<void> {
    this.open();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
