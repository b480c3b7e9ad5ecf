/** What autopilot says while it knows nothing yet. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackendFacts } from '../../src/lib/model/backend-facts.js';
import { openConsul } from '../../src/lib/registry/consul/open-consul.js';
import { aConnection, testDeps } from '../support/builders.js';
import { type Consul, startConsul } from '../support/servers/index.js';

describe('the health of Consul’s servers', () => {
  let consul: Consul;

  beforeAll(async () => {
    consul = await startConsul({ dev: true });
  });

  afterAll(async () => {
    await consul.stop();
  });

  it('is not known before the leader has looked at them', async () => {
    const facts = await readWith(consul, 429, { Healthy: false, FailureTolerance: 0, Servers: null });
    expect(facts).toMatchObject({ isHealthy: null, failureTolerance: null, denied: [] });
    expect(facts.members).toHaveLength(1);
  });

  it('is bad where the leader finds one of them ill', async () => {
    const Servers = [{ Name: 'a', Healthy: false }];
    const facts = await readWith(consul, 429, { Healthy: false, FailureTolerance: 0, Servers });
    expect(facts).toMatchObject({ isHealthy: false, failureTolerance: 0 });
  });
});

/** Reads the facts from an agent whose leader gives that answer. */
async function readWith(consul: Consul, status: number, answer: object): Promise<BackendFacts> {
  const server = http.createServer((incoming, outgoing) => {
    if (incoming.url?.startsWith('/v1/operator/autopilot/health') === true) {
      outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      return;
    }
    http.get(new URL(incoming.url ?? '/', consul.url), { agent: false }, (real) => {
      outgoing.writeHead(real.statusCode ?? 502, real.headers);
      real.pipe(outgoing);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  try {
    await using handle = openConsul(aConnection({ backend: 'consul', servers: [url] }), testDeps());
    return await handle.operations.readFacts({ signal: new AbortController().signal });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
