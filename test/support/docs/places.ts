/** The servers that the addresses of the documentation stand for, and its other names of places. */
import { mkdirSync, writeFileSync, copyFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { enableAuth, makeCerts, startConsul, startEtcd } from '../servers/index.js';
import { freePort } from '../servers/ports.js';

const PASSWORD = 'documented-password';
const TOKEN = 'a7f0d1a5-3c52-4a0a-8d2f-2f1f53c1f9ee';

export interface Places {
  /** Text of a document with the addresses of this run. */
  toReal(text: string): string;
  /** Output of this run with the addresses of the document. */
  toDocument(text: string): string;
  /** Puts the service `order`, that the recipes speak of, into etcd, and `web`, that answers. */
  seed(): Promise<void>;
  stop(): Promise<void>;
}

/** Plain and secured etcd and Consul, with the files that clients of the secured ones need. */
export async function startPlaces(home: string): Promise<Places> {
  const certs = await makeCerts();
  const tls = { ca: certs.ca, cert: certs.server.cert, key: certs.server.key };
  const [etcd, consul, securedEtcd, securedConsul, webPort] = await Promise.all([
    startEtcd({ version: '3.5' }),
    startConsul({ dev: true, nodeName: 'node-1' }),
    // Without a CA for clients, so that a password alone lets them in.
    startEtcd({ version: '3.5', tls, auth: 'simple', extraArgs: ['--trusted-ca-file='] }),
    startConsul({ tls, acl: 'deny', masterToken: TOKEN }),
    freePort(),
  ]);
  await enableAuth(securedEtcd, {
    rootPassword: PASSWORD,
    users: [
      {
        name: 'ops',
        password: PASSWORD,
        grants: [{ permission: 'readwrite', key: '/services/', prefix: true }],
      },
    ],
  });
  const etc = path.join(home, 'etc');
  mkdirSync(etc);
  copyFileSync(certs.ca, path.join(etc, 'ca.pem'));
  copyFileSync(certs.client.cert, path.join(etc, 'client.pem'));
  copyFileSync(certs.client.key, path.join(etc, 'client.key'));
  writeFileSync(path.join(etc, 'ops.password'), `${PASSWORD}\n`, { mode: 0o600 });
  writeFileSync(path.join(etc, 'ops.token'), `${TOKEN}\n`, { mode: 0o600 });
  const web = createServer((_request, response) => response.end('ok\n'));
  await new Promise<void>((resolve) => web.listen(webPort, '127.0.0.1', resolve));

  const pairs: readonly (readonly [document: string, real: string])[] = [
    ['http://127.0.0.1:2379', etcd.url],
    ['http://127.0.0.1:8500', consul.url],
    ['https://127.0.0.1:2379', securedEtcd.url],
    ['https://127.0.0.1:8501', securedConsul.url],
    ['/etc/sdctl', etc],
    ['/home/ops', home],
  ];
  const replace = (text: string, from: 0 | 1, to: 0 | 1): string =>
    pairs.reduce((out, pair) => out.replaceAll(pair[from], pair[to]), text);

  return {
    toReal: (text) => replace(text, 0, 1),
    toDocument: (text) => replace(text, 1, 0),
    async seed() {
      await Promise.all([
        ...['i-02bd', 'i-7f3a', 'i-91c2'].map(async (id, index) =>
          etcd.put(`/services/order/${id}`, entry('order', id, `http://10.0.4.1${index}:8080`)),
        ),
        etcd.put('/services/web/w-1', entry('web', 'w-1', `http://127.0.0.1:${webPort}`)),
      ]);
    },
    async stop() {
      web.close();
      await Promise.all([etcd.stop(), consul.stop(), securedEtcd.stop(), securedConsul.stop()]);
      certs.remove();
    },
  };
}

/** Says itself that it is passing, because a key without a lease is unknown. */
function entry(service: string, id: string, endpoint: string): string {
  const facts = { version: '1.8.2', zone: 'eu-west-1a', tags: ['canary'], metadata: { tier: 'gold' } };
  return JSON.stringify({ sdctl: 1, service, id, endpoints: [endpoint], health: 'passing', ...facts });
}
