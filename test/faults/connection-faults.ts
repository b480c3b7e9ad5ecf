/** Servers that cannot be used, each with what sdctl must say about it. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  type Certs,
  type HttpFakeKind,
  freePort,
  startBlackHole,
  startGarbage,
  startHttpFake,
  startMute,
  startProxy,
  startWrongTls,
} from '../support/servers/index.js';
import type { Row } from './fault-row.js';

/** Servers of this backend that are all right, one without and one with TLS; and one of the other backend. */
export interface GoodServers {
  readonly certs: Certs;
  readonly plain: string;
  readonly secure: string;
  readonly foreign: string;
}

export interface Fault {
  readonly name: string;
  readonly exit: 2 | 4;
  readonly codes: readonly string[];
  /** Flags that lead there. */
  readonly open: (keep: Row['keep'], good: GoodServers) => Promise<readonly string[]>;
}

const server = (url: string): readonly string[] => ['--server', url];

const fake = (kind: HttpFakeKind): Fault => ({
  name: `a web server (${kind})`,
  exit: 4,
  codes: ['E_NOT_A_REGISTRY', 'E_UNREACHABLE', 'E_TIMEOUT'],
  open: async (keep) => server(keep(await startHttpFake(kind)).url),
});

const cut = (name: string, then: 'stall' | 'close'): Fault => ({
  name,
  exit: 4,
  codes: ['E_TIMEOUT', 'E_UNREACHABLE', 'E_NOT_A_REGISTRY'],
  open: async (keep, { plain }) => {
    const proxy = keep(await startProxy(plain));
    proxy.passAfterBytes(40, then);
    return server(proxy.url);
  },
});

const tls = (name: string, flags: (certs: Certs) => readonly string[]): Fault => ({
  name,
  exit: 4,
  codes: ['E_TLS'],
  open: async (_keep, { certs, secure }) => [...server(secure), ...flags(certs)],
});

const badFile = (name: string, flags: (certs: Certs, garbled: string) => readonly string[]): Fault => ({
  name,
  exit: 2,
  codes: ['E_FILE'],
  open: async (_keep, { certs, secure }) => {
    const garbled = path.join(certs.dir, 'garbled.pem');
    writeFileSync(garbled, 'no certificate at all\n');
    return [...server(secure), ...flags(certs, garbled)];
  },
});

export const faults: readonly Fault[] = [
  {
    name: 'nothing listens',
    exit: 4,
    codes: ['E_UNREACHABLE'],
    open: async () => server(`http://127.0.0.1:${await freePort()}`),
  },
  {
    name: 'the name does not resolve',
    exit: 4,
    codes: ['E_DNS'],
    open: async () => server('http://no-such-host.invalid:4001'),
  },
  {
    name: 'black hole',
    exit: 4,
    codes: ['E_TIMEOUT'],
    open: async (keep) => server(keep(await startBlackHole()).url),
  },
  {
    name: 'accepts and says nothing',
    exit: 4,
    codes: ['E_TIMEOUT'],
    open: async (keep) => server(keep(await startMute()).url),
  },
  {
    name: 'another protocol',
    exit: 4,
    codes: ['E_NOT_A_REGISTRY'],
    open: async (keep) => server(keep(await startGarbage()).url),
  },
  cut('half an answer of the real server, then silence', 'stall'),
  cut('half an answer of the real server, then its end', 'close'),
  fake('half-silence'),
  fake('half-close'),
  fake('html-200'),
  fake('proxy-502'),
  {
    name: 'a registry of another kind',
    exit: 4,
    codes: ['E_NOT_A_REGISTRY'],
    open: async (_keep, { foreign }) => server(foreign),
  },
  {
    name: 'https to http',
    exit: 4,
    codes: ['E_SCHEME'],
    open: async (_keep, { plain }) => server(plain.replace('http:', 'https:')),
  },
  {
    name: 'http to https',
    exit: 4,
    codes: ['E_SCHEME'],
    open: async (_keep, { secure }) => server(secure.replace('https:', 'http:')),
  },
  tls('no CA', () => []),
  tls('another CA', ({ foreignCa }) => ['--ca-file', foreignCa]),
  tls('another name', ({ ca }) => ['--ca-file', ca, '--tls-server-name', 'other.example']),
  {
    name: 'an expired certificate',
    exit: 4,
    codes: ['E_TLS'],
    open: async (keep, { certs }) => [
      ...server(keep(await startWrongTls(certs.expired)).url),
      '--ca-file',
      certs.ca,
    ],
  },
  badFile('a CA file that is not there', ({ dir }) => ['--ca-file', path.join(dir, 'missing.pem')]),
  badFile('a CA file that is none', (_certs, garbled) => ['--ca-file', garbled]),
  badFile('a key that does not match', ({ ca, client, server: other }) => [
    '--ca-file',
    ca,
    '--cert-file',
    client.cert,
    '--key-file',
    other.key,
  ]),
];
