/** What is said after the key of a living process is removed: one case for each habit of a framework on etcd. */
import { Etcd3 } from 'etcd3';
import { afterAll, beforeAll, describe, it } from 'vitest';
import {
  dubboGoApp,
  dubboGoInterface,
  dubboJavaApp,
  dubboJavaInterface,
} from '../support/imitators/dubbo.js';
import { goMicro } from '../support/imitators/go-micro.js';
import { goZero } from '../support/imitators/go-zero.js';
import { kitex } from '../support/imitators/kitex.js';
import { etcdEndpoints, goframe, goKit, kratos, plain } from '../support/imitators/leased.js';
import { rpcx } from '../support/imitators/rpcx.js';
import { type Etcd, startEtcd } from '../support/servers/index.js';
import { checkBack, checkGone, type Habit } from './comeback-checks.js';

const SLOW = { timeout: 90_000 };

const staysGone: readonly Habit[] = [
  {
    what: 'kratos',
    start: async (etcd, service) => kratos(etcd, service),
    root: '/microservices/',
    says: 'kratos: stays gone; an empty lease is still renewed.',
  },
  {
    what: 'goframe',
    start: goframe,
    root: '/service/default/default/',
    says: 'goframe: stays gone; an empty lease is still renewed.',
  },
  {
    what: 'go-zero up to 1.8',
    start: async (etcd, service) => goZero(etcd, service, { watchesKey: false }),
    root: '',
    says: 'stays gone before',
  },
  {
    what: 'go-micro v3 to v5',
    start: async (etcd, service) => goMicro(etcd, service, { renews: 'interval', registersAfterMs: 1_000 }),
    root: '/micro/registry/',
    says: 'go-micro: stays gone for the life of the process.',
    checks: true,
  },
  {
    what: 'go-micro v6',
    start: async (etcd, service) => goMicro(etcd, service, { renews: 'stream', registersAfterMs: 1_000 }),
    root: '/micro/registry/',
    says: 'go-micro: stays gone for the life of the process.',
    checks: true,
  },
  { what: 'go-kit', start: goKit, root: '/services/', says: 'go-kit: stays gone.' },
  {
    what: 'dubbo-go by interfaces',
    start: dubboGoInterface,
    root: '/dubbo/',
    says: 'dubbo-go-interface: stays gone.',
    id: '10.0.1.5:20000',
  },
  {
    what: 'dubbo-go by applications',
    start: dubboGoApp,
    root: '/services/',
    says: 'dubbo-go-app: stays gone.',
  },
  {
    what: 'Dubbo Java by interfaces',
    start: async (etcd, service) => dubboJavaInterface(etcd, [service]),
    root: '/dubbo/',
    says: 'dubbo-java-interface: stays gone.',
    id: '10.0.1.5:20880',
  },
  {
    what: 'Dubbo Java by applications',
    start: dubboJavaApp,
    root: '/services/',
    says: 'dubbo-java-app: stays gone.',
  },
  { what: 'the naming package', start: etcdEndpoints, root: '', says: 'etcd-endpoints: stays gone' },
  {
    what: 'a program after a tutorial',
    start: async (etcd, service) => plain(etcd, service, 'again'),
    root: '/services/',
    says: 'plain: stays gone.',
  },
];

const comesBack: readonly Habit[] = [
  {
    what: 'go-zero from 1.9 on',
    start: async (etcd, service) => goZero(etcd, service, { watchesKey: true }),
    root: '',
    says: 'back at once from 1.9.0 on',
    lease: 'same',
    withinSeconds: 1.5,
  },
  {
    what: 'kitex',
    start: async (etcd, service) => kitex(etcd, service, { looksAfterMs: 1_000 }),
    root: 'kitex/registry-etcd/',
    says: 'kitex: back within 30 s with a new lease',
    lease: 'new',
    withinSeconds: 3,
  },
  {
    what: 'hertz',
    start: async (etcd, service) => kitex(etcd, service, { layout: 'hertz', looksAfterMs: 1_000 }),
    root: 'hertz/registry-etcd/',
    says: 'hertz: back within 30 s with a new lease',
    lease: 'new',
    withinSeconds: 3,
  },
  {
    what: 'rpcx',
    start: async (etcd, service) => rpcx(etcd, [service], 5_000),
    root: '/rpcx_test/',
    says: 'rpcx: back at the next UpdateInterval.',
    lease: 'same',
    withinSeconds: 6,
  },
];

describe.concurrent.each(['3.4', '3.5'] as const)('after a removal of the key on etcd %s', (version) => {
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
    await checkGone({ etcd, client, habit, how: 'delete' });
  });

  it.each(comesBack)('$what comes back', SLOW, async (habit) => {
    await checkBack({ etcd, client, habit, how: 'delete' });
  });
});
