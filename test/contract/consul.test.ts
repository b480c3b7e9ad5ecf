import { afterAll, beforeAll } from 'vitest';
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

function open(url: string): ReturnType<typeof openConsul> {
  return openConsul(aConnection({ backend: 'consul', servers: [url] }), testDeps());
}

registryContract('consul', () => Promise.resolve(targetOf(open(consul.url))), {
  onExpiry: 'critical',
  rawValues: false,
  openUnreachable: () => Promise.resolve(open(mute.url)),
});
