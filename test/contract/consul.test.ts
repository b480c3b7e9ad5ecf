import { afterAll, beforeAll } from 'vitest';
import { defaultTimeouts } from '../../src/lib/registry/connection.js';
import { openConsul } from '../../src/lib/registry/consul/open-consul.js';
import { aConnection, testDeps } from '../support/builders.js';
import { type Consul, type Fake, startConsul, startMute } from '../support/servers/index.js';
import { registryContract, targetOf } from './registry-contract.js';

let consul: Consul;
let mute: Fake;

beforeAll(async () => {
  [consul, mute] = await Promise.all([startConsul({ dev: true }), startMute()]);
});

afterAll(async () => {
  await Promise.all([consul.stop(), mute.stop()]);
});

function open(url: string, deps = testDeps()): ReturnType<typeof openConsul> {
  return openConsul(aConnection({ backend: 'consul', servers: [url] }), deps);
}

/** An agent takes registrations one by one, and twenty at once have to wait for each other on a busy machine. */
const patient = { timeouts: { ...defaultTimeouts, callMs: 20_000 } };

registryContract('consul', () => Promise.resolve(targetOf(open(consul.url, testDeps(patient)))), {
  onExpiry: 'critical',
  rawValues: false,
  openUnreachable: () => Promise.resolve(open(mute.url)),
});
