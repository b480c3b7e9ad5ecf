/** Whatever is wrong with the server or the way to it: the cause, advice and the right exit code, in time. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uniqueName } from '../support/builders.js';
import { runBinary } from '../support/binary.js';
import {
  type Certs,
  type Consul,
  type Etcd,
  freePort,
  makeCerts,
  startConsul,
  startEtcd,
  startProxy,
} from '../support/servers/index.js';
import { registering, watching } from './commands.js';
import { type GoodServers, faults } from './connection-faults.js';
import { everyCommandFails, keepsSecrets, secrets } from './every-command.js';
import { faultRow } from './fault-row.js';
import { consulStore, etcdStore } from './store.js';

const SLOW = { timeout: 60_000 };

let certs: Certs;
let etcd: Etcd;
let consul: Consul;
let secureEtcd: Etcd;
let secureConsul: Consul;

beforeAll(async () => {
  certs = await makeCerts();
  const tls = { ca: certs.ca, ...certs.server };
  [etcd, consul, secureEtcd, secureConsul] = await Promise.all([
    startEtcd({ version: '3.5' }),
    startConsul(),
    // Without this etcd asks every client for a certificate as soon as it knows a CA.
    startEtcd({ version: '3.5', tls, extraArgs: ['--trusted-ca-file='] }),
    startConsul({ tls }),
  ]);
});

afterAll(async () => {
  await Promise.all([etcd.stop(), consul.stop(), secureEtcd.stop(), secureConsul.stop()]);
  certs.remove();
});

const kinds = ['etcd', 'consul'] as const;
type Kind = (typeof kinds)[number];

function good(kind: Kind): GoodServers {
  return kind === 'etcd'
    ? { certs, plain: etcd.url, secure: secureEtcd.url, foreign: consul.url }
    : { certs, plain: consul.url, secure: secureConsul.url, foreign: etcd.url };
}

/** Secrets that every run is given, whether or not it comes to use them. */
const credentials: Readonly<Record<Kind, Readonly<Record<string, string>>>> = {
  etcd: { SDCTL_USERNAME: 'somebody', SDCTL_PASSWORD: secrets.password },
  consul: { SDCTL_TOKEN: secrets.token },
};

describe.each(kinds)('%s', (kind) => {
  it.each(faults)('$name: $exit', SLOW, ({ name, open, ...expected }) =>
    faultRow(`${kind}: ${name}`, async (row) => {
      const flags = await open(row.keep, good(kind));
      await everyCommandFails(row, ['--backend', kind, ...flags], credentials[kind], expected);
    }),
  );

  it('user and password in the address', SLOW, () =>
    faultRow(`${kind}: user and password in the address`, async (row) => {
      const url = `http://somebody:${secrets.password}@127.0.0.1:${await freePort()}`;
      // etcd takes them from files and variables only.
      const expected =
        kind === 'etcd' ? { exit: 2, codes: ['E_USAGE'] } : { exit: 4, codes: ['E_UNREACHABLE'] };
      await everyCommandFails(row, ['--backend', kind, '--server', url], {}, expected);
    }),
  );

  it.each(['stall', 'close'] as const)('a long list that ends in the middle (%s): 4', SLOW, (then) =>
    faultRow(`${kind}: a list that ends in the middle (${then})`, async ({ keep, measure }) => {
      const proxy = keep(await startProxy(good(kind).plain));
      const flags = ['--backend', kind, '--server', proxy.url, '--timeout', '2s', '-o', 'json'];
      const service = uniqueName('many');
      const store = kind === 'etcd' ? etcdStore(etcd) : consulStore(consul);
      for (let index = 0; index < 300; index += 1) await store.put(service, `${service}-${index}`);
      proxy.passAfterBytes(15_000, then);
      for (const words of [['list'], ['list', service], ['resolve', service]]) {
        const run = await runBinary([...words, ...flags]);
        expect(run.ended.code, run.said.slice(0, 500)).toBe(4);
        measure(words[0] ?? '', 2_000 + 1_000, run.ended.ms);
        expect(JSON.parse(run.stdout)).toMatchObject({ kind: 'Error', error: { exitCode: 4 } });
      }
      proxy.passAfterBytes(null);
      const whole = await runBinary(['list', service, ...flags]);
      expect((JSON.parse(whole.stdout) as { readonly items: unknown[] }).items).toHaveLength(300);
    }),
  );

  it('proxy variables have no influence', SLOW, () =>
    faultRow(`${kind}: proxy variables`, async ({ keep, measure }) => {
      const dead = `http://127.0.0.1:${await freePort()}`;
      const names = ['http_proxy', 'https_proxy', 'grpc_proxy', 'all_proxy'];
      const env = Object.fromEntries(
        names.flatMap((name) => [
          [name, dead],
          [name.toUpperCase(), dead],
        ]),
      );
      const service = uniqueName('direct');
      for (const [url, more] of [
        [good(kind).plain, []],
        [good(kind).secure, ['--ca-file', certs.ca]],
      ] as const) {
        const flags = ['--backend', kind, '--server', url, ...more];
        const startedMs = performance.now();
        const kept = keep(await registering(flags, service, 20, { env, id: `${service}-2` }));
        measure('registered', 2_500, performance.now() - startedMs);
        const watch = keep(await watching(flags, service, [], { env }));
        const list = await runBinary(['list', service, ...flags, '-o', 'name'], { env });
        expect(list.stdout).toContain(`${service}/${service}-2`);
        const resolve = await runBinary(['resolve', service, ...flags], { env });
        expect(resolve.stdout).toBe('http://10.0.0.1:8080\n');
        expect([list.ended.code, resolve.ended.code]).toEqual([0, 0]);
        kept.signal('SIGTERM');
        expect((await kept.exit(5_000)).code).toBe(0);
        await watch.line('left', 5_000);
      }
    }),
  );

  it('a run that succeeds shows no secret either', SLOW, () =>
    faultRow(`${kind}: secrets of a run that succeeds`, async ({ measure }) => {
      const { host } = new URL(good(kind).plain);
      const user = kind === 'consul' ? `somebody:${secrets.password}@` : '';
      const flags = ['--backend', kind, '--server', `http://${user}${host}`];
      for (const loud of [['-v'], ['--debug'], ['-v', '--debug', '--log-file', 'log.jsonl']]) {
        const list = await runBinary(['list', ...flags, '-o', 'json', ...loud], { env: credentials[kind] });
        expect(list.ended.code, list.said).toBe(0);
        measure('list', 2_500, list.ended.ms);
        keepsSecrets(list);
      }
    }),
  );
});
