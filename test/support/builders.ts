import { randomBytes } from 'node:crypto';
import type { Instance, Owner } from '../../src/lib/model/instance.js';
import type { ProcessProbe } from '../../src/lib/registry/claim.js';
import { defaultTimeouts, type Connection, type RegistryDeps } from '../../src/lib/registry/connection.js';
import type { RegistrationSpec } from '../../src/lib/registry/types.js';
import { systemClock } from '../../src/lib/time/clock.js';

/** The host of every test process; see `aProbe`. */
export const TEST_HOST = 'test-host';
/** The pid that tests run under, as far as the code under test knows. */
export const OWN_PID = 4_242;
/** Another process of the same host that runs. */
export const LIVE_PID = 4_243;
/** A process of the same host that has ended. */
export const DEAD_PID = 4_244;

/** A name that no other test uses, so that tests may share a server: `order-5f3a09c1b2d4`. */
export function uniqueName(stem: string): string {
  return `${stem}-${randomBytes(6).toString('hex')}`;
}

/** An owner of its own run: the process under test, unless told otherwise. */
export function anOwner(overrides: Partial<Owner> = {}): Owner {
  return {
    host: TEST_HOST,
    pid: OWN_PID,
    started: '2024-05-01T10:00:00.000Z',
    run: randomBytes(8).toString('hex'),
    ...overrides,
  };
}

/**
 * Something to register: `order-1` of `order`, one http endpoint, nothing optional. The id follows the service,
 * because an agent of Consul keeps one entry per id, whatever its service.
 */
export function aSpec(overrides: Partial<RegistrationSpec> = {}): RegistrationSpec {
  const service = overrides.service ?? 'order';
  return {
    service,
    id: `${service}-1`,
    endpoints: [{ protocol: 'http', address: '10.0.0.1', port: 8_080 }],
    tags: [],
    metadata: {},
    version: null,
    weight: null,
    zone: null,
    owner: anOwner(),
    registeredAt: '2024-05-01T10:00:00.000Z',
    ...overrides,
  };
}

/** An instance as a registry reports it: passing, with a lease of 10 s. */
export function anInstance(overrides: Partial<Instance> = {}): Instance {
  const service = overrides.service ?? 'order';
  const id = overrides.id ?? 'order-1';
  return {
    service,
    id,
    endpoints: [{ protocol: 'http', address: '10.0.0.1', port: 8_080 }],
    health: 'passing',
    healthReason: null,
    metadata: {},
    tags: [],
    version: null,
    weight: null,
    zone: null,
    node: null,
    lease: { id: 'lease-1', ttlSeconds: 10, leftSeconds: 10 },
    owner: null,
    registeredAt: null,
    key: `/services/${service}/${id}`,
    layout: 'sdctl',
    revision: '1',
    checks: [],
    effectiveWeight: null,
    namespace: null,
    root: null,
    nodeChecks: [],
    warnings: [],
    readOnly: false,
    consul: null,
    ...overrides,
  };
}

/** What the operating system says in tests: OWN_PID and LIVE_PID run, all others do not. */
export function aProbe(overrides: Partial<ProcessProbe> = {}): ProcessProbe {
  return {
    host: TEST_HOST,
    pid: OWN_PID,
    isAlive: (pid) => pid === OWN_PID || pid === LIVE_PID,
    ...overrides,
  };
}

/** The machine's clock, no randomness, the processes of `aProbe`. */
export function testDeps(overrides: Partial<RegistryDeps> = {}): RegistryDeps {
  return {
    clock: systemClock,
    random: () => 0,
    processes: aProbe(),
    timeouts: defaultTimeouts,
    ...overrides,
  };
}

/** A connection without credentials, the default root, all layouts. */
export function aConnection(overrides: Partial<Connection> = {}): Connection {
  return {
    backend: 'local',
    context: null,
    servers: [],
    prefixes: [],
    layout: 'auto',
    tls: { caFile: null, certFile: null, keyFile: null, serverName: null, insecureSkipVerify: false },
    username: null,
    password: null,
    token: null,
    datacenter: null,
    namespace: null,
    partition: null,
    directory: null,
    ...overrides,
  };
}
