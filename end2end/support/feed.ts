/** A host of ICS feeds whose answers a test can switch while it runs. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";

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
  /** What was answered; 0 for nothing. */
  status: number;
}

export class FeedHost {
  readonly url: string;
  /** Method, path and headers of every request, in order. */
  readonly requests: Received[];
  readonly #server: Server;
  readonly #answers: Map<string, Answer>;

  private constructor(server: Server, answers: Map<string, Answer>, requests: Received[], origin: string) {
    this.requests = requests;
    this.#server = server;
    this.#answers = answers;
    this.url = origin;
  }

  /** Speaks https when it gets a certificate. An answer with an `etag` becomes a 304 for who has it already. */
  static async start(tls?: { key: Buffer; cert: Buffer }): Promise<FeedHost> {
    const answers = new Map<string, Answer>();
    const requests: Received[] = [];
    const listener: RequestListener = (request, response) => {
      const path = request.url ?? "/";
      const answer = answers.get(path) ?? { status: 404, body: "no such feed" };
      const known = answer.headers?.["etag"] !== undefined && request.headers["if-none-match"] === answer.headers["etag"];
      const status = answer.hang === true ? 0 : known ? 304 : (answer.status ?? 200);
      requests.push({ method: request.method ?? "GET", path, headers: request.headers, status });
      if (status === 0) return;
      response.writeHead(status, { "content-type": "text/calendar; charset=utf-8", ...answer.headers });
      response.end(status === 304 ? "" : (answer.body ?? ""));
    };
    const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return new FeedHost(server, answers, requests, `${tls === undefined ? "http" : "https"}://127.0.0.1:${address.port}`);
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
