/** What a watch keeps while it runs for days, against a small server that never stops changing. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import v8 from 'node:v8';
import vm from 'node:vm';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Credentials } from '../../src/lib/registry/consul/credentials.js';
import { CatalogReader } from '../../src/lib/registry/consul/list.js';
import { ConsulServer } from '../../src/lib/registry/consul/server.js';
import { Servers } from '../../src/lib/registry/consul/servers.js';
import { ServiceFollower } from '../../src/lib/registry/consul/service-follower.js';
import { Visibility } from '../../src/lib/registry/consul/visibility.js';
import { parseServer } from '../../src/lib/registry/server-url.js';
import { aConnection, testDeps } from '../support/builders.js';

let server: http.Server;
let servers: Servers;
let leader = '"127.0.0.1:8300"';

beforeEach(async () => {
  let index = 1;
  server = http.createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    if (request.url?.startsWith('/v1/status/leader') === true) {
      response.end(leader);
      return;
    }
    index += 1;
    response.setHeader('x-consul-index', String(index));
    response.end(
      JSON.stringify([
        { Node: { Node: 'n', Address: '10.0.0.1' }, Service: { ID: 'a', Service: 'web', Port: index } },
      ]),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => {
  servers.destroy();
  server.closeAllConnections();
  server.close();
});

/** A reader that remembers, without keeping them, all answers it was given. */
class WeakReader extends CatalogReader {
  readonly seen: WeakRef<object>[] = [];

  override async toListed(
    ...given: Parameters<CatalogReader['toListed']>
  ): ReturnType<CatalogReader['toListed']> {
    this.seen.push(new WeakRef(given[1].value as object));
    return super.toListed(...given);
  }
}

function follow(): { readonly reader: WeakReader; readonly follower: ServiceFollower } {
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const connection = aConnection({ backend: 'consul', servers: [url] });
  const credentials = new Credentials(connection);
  const tls = { ca: null, cert: null, key: null };
  servers = new Servers([new ConsulServer(parseServer(url, 8_500), connection, tls, credentials)]);
  const { clock } = testDeps();
  const reader = new WeakReader({ servers, visibility: new Visibility(connection), clock, layout: 'auto' });
  const deps = { servers, reader, credentials, clock, timeoutMs: 5_000, notify: () => undefined };
  return { reader, follower: new ServiceFollower('web', deps) };
}

it('keeps no answer longer than until the next one', async () => {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc') as () => void;
  const { reader, follower } = follow();
  let count = 0;
  for await (const _signal of follower.follow(new AbortController().signal)) {
    count += 1;
    if (count < 8) continue;
    await pause(10);
    collect();
    break;
  }
  const kept = reader.seen.filter((answer) => answer.deref() !== undefined);
  expect(reader.seen.length).toBeGreaterThanOrEqual(8);
  expect(kept.length).toBeLessThanOrEqual(2); // the one in hand and the one before
});

it('ends with the cause that the leader probe found', async () => {
  leader = '""';
  const { follower } = follow();
  const drain = async (): Promise<void> => {
    for await (const _signal of follower.follow(new AbortController().signal)) continue;
  };
  await expect(drain()).rejects.toMatchObject({ code: 'E_NO_QUORUM' });
  leader = '"127.0.0.1:8300"';
});
