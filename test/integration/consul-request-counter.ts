import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP proxy before a Consul agent that writes down every request. */
export interface RequestCounter {
  readonly url: string;
  /** Time (as of performance.now) and path of each request. */
  readonly requests: readonly { readonly atMs: number; readonly method: string; readonly path: string }[];
  stop(): Promise<void>;
}

/** Starts a counter that passes everything on to `target`. */
export async function startRequestCounter(target: string): Promise<RequestCounter> {
  const requests: { atMs: number; method: string; path: string }[] = [];
  const agent = new http.Agent({ keepAlive: true });
  const server = http.createServer((incoming, outgoing) => {
    const { method = 'GET', url: path = '/' } = incoming;
    requests.push({ atMs: performance.now(), method, path });
    const upstream = http.request(
      new URL(path, target),
      { method, headers: incoming.headers, agent },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    upstream.on('error', () => outgoing.destroy());
    outgoing.on('close', () => upstream.destroy());
    incoming.pipe(upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    requests,
    stop: async () => {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
