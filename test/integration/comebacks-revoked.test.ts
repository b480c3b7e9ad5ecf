/** What is said after the lease of a living process is revoked: one case for each habit of a framework on etcd. */
import { Etcd3 } from 'etcd3';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { dubboGoApp, dubboGoInterface, dubboJavaApp } from '../support/imitators/dubbo.js';
import { goMicro } from '../support/imitators/go-micro.js';
import { goZero } from '../support/imitators/go-zero.js';
import { kitex } from '../support/imitators/kitex.js';
import { goframe, goKit, kratos, plain } from '../support/imitators/leased.js';
import { type Etcd, startEtcd } from '../support/servers/index.js';
import { checkBack, checkGone, type Habit } from './comeback-checks.js';

const SLOW = { timeout: 90_000 };

const staysGone: readonly Habit[] = [
  { what: 'go-kit', start: goKit, root: '/services/', says: 'stays gone: it never registers again.' },
  {
    what: 'dubbo-go by interfaces',
    start: dubboGoInterface,
    root: '/dubbo/',
    says: 'stays gone until the client reconnects for another reason.',
    id: '10.0.1.5:20000',
  },
  {
    what: 'dubbo-go by applications',
    start: dubboGoApp,
    root: '/services/',
    says: 'dubbo-go-app: stays gone.',
  },
  {
    what: 'Dubbo Java by applications',
    start: dubboJavaApp,
    root: '/services/',
    says: 'is not restored when the lease is.',
  },
];

const comesBack: readonly Habit[] = [
  {
    what: 'kratos',
    start: async (etcd, service) => kratos(etcd, service),
    root: '/microservices/',
    says: 'kratos: back within about 5 s under the same key.',
    lease: 'new',
    withinSeconds: 6,
  },
  {
    what: 'goframe',
    start: goframe,
    root: '/service/default/default/',
    says: 'goframe: back within about 4 s.',
    lease: 'new',
    withinSeconds: 5,
  },
  ...[true, false].map((watchesKey): Habit => ({
    what: watchesKey ? 'go-zero from 1.9 on' : 'go-zero up to 1.8',
    start: async (etcd, service) => goZero(etcd, service, { watchesKey }),
    root: '',
    says: 'go-zero: back within seconds under a new key.',
    lease: 'new',
    key: 'new',
    withinSeconds: 6,
  })),
  {
    what: 'kitex',
    start: async (etcd, service) => kitex(etcd, service, { looksAfterMs: 1_000 }),
    root: 'kitex/registry-etcd/',
    says: 'kitex: back within 30 s: the process checks its own key.',
    lease: 'new',
    withinSeconds: 3,
  },
  ...(['interval', 'stream'] as const).map((renews): Habit => ({
    what: renews === 'interval' ? 'go-micro v3 to v5' : 'go-micro v6',
    start: async (etcd, service) => goMicro(etcd, service, { renews, registersAfterMs: 1_500 }),
    root: '/micro/registry/',
    says: 'go-micro: back at the next interval of 30 s.',
    lease: 'new',
    withinSeconds: 4,
  })),
  {
    what: 'a program after a tutorial that registers again',
    start: async (etcd, service) => plain(etcd, service, 'again'),
    root: '/services/',
    says: 'plain: depends on the program',
    lease: 'new',
    withinSeconds: 3,
  },
];

describe.concurrent.each(['3.4', '3.5'] as const)('after a removal of the lease on etcd %s', (version) => {
  let etcd: Etcd;
  let client: Etcd3;

  beforeAll(async () => {
    etcd = await startEtcd({ version });
    client = new Etcd3({ hosts: etcd.url });
  });
  afterAll(async () => {
    client.close();
    await etcd.stop();
  });

  it.each(staysGone)('$what stays gone', SLOW, async (habit) => {
    await checkGone({ etcd, client, habit, how: 'revoke' });
  });

  it.each(comesBack)('$what comes back', SLOW, async (habit) => {
    await checkBack({ etcd, client, habit, how: 'revoke' });
  });
});
