/** A host of ICS feeds whose answers a test can switch while it runs. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";

export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** Accept the request and say nothing, for ever. */
  hang?: boolean;
}

export interface Received {
  method: string;
  path: string;
  headers: IncomingMessage["headers"];
}

export class FeedHost {
  readonly url: string;
  /** Method, path and headers of every request, in order. */
  readonly requests: Received[];
  readonly #server: Server;
  readonly #answers: Map<string, Answer>;

  private constructor(server: Server, answers: Map<string, Answer>, requests: Received[], port: number) {
    this.requests = requests;
    this.#server = server;
    this.#answers = answers;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(): Promise<FeedHost> {
    const answers = new Map<string, Answer>();
    const requests: Received[] = [];
    const server = createServer((request, response) => {
      const path = request.url ?? "/";
      requests.push({ method: request.method ?? "GET", path, headers: request.headers });
      const answer = answers.get(path) ?? { status: 404, body: "no such feed" };
      if (answer.hang === true) return;
      response.writeHead(answer.status ?? 200, { "content-type": "text/calendar; charset=utf-8", ...answer.headers });
      response.end(answer.body ?? "");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return new FeedHost(server, answers, requests, address.port);
  }

  /** What the path answers from now on. A text alone is a feed. */
  set(path: string, answer: Answer | string): string {
    this.#answers.set(path, typeof answer === "string" ? { body: answer } : answer);
    return this.url + path;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
