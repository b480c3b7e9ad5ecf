/** What doctor says while the leader of a real etcd does not get its revocations through in time. */
import { Etcd3 } from 'etcd3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inShort, runDoctor } from '../support/doctor-runs.js';
import { EtcdEntries } from '../support/etcd-entries.js';
import { type Etcd, startEtcd } from '../support/servers/index.js';

const SLOW = { timeout: 90_000 };
/** A leader is given the time that so many take; far less than etcd needs, so that the last are late. */
const settings = { thresholds: { revokesPerSecond: 100_000 } };

describe.each(['3.4', '3.5'] as const)('leases that etcd %s does not revoke in time', (version) => {
  let etcd: Etcd;
  let client: Etcd3;
  let entries: EtcdEntries;

  beforeAll(async () => {
    etcd = await startEtcd({ version });
    client = new Etcd3({ hosts: etcd.url });
    entries = new EtcdEntries(client);
  });

  afterAll(async () => {
    client.close();
    await etcd.stop();
  });

  it('are found by their instances, and those with time left are not', SLOW, async () => {
    await entries.crowdOfLeases(8);
    const over = await entries.kratos('order', 'over', { ttl: 8 });
    await entries.kratos('order', 'well');
    const args = ['--backend', 'etcd', '--server', etcd.url, '--prefix', '/microservices', '--only', 'SD106'];
    const early = await runDoctor(args, { settings });
    expect(inShort(early), early.said).toEqual([]);
    expect(early.idsOf('pass'), early.said).toEqual(['SD106']);
    await expect
      .poll(async () => (await entries.timeToLive(over)).left, { timeout: 20_000, interval: 200 })
      .toBeLessThan(-2);
    const run = await runDoctor(args, { settings });
    expect(inShort(run), run.said).toEqual(['SD106 error order/over']);
    expect(run.code).toBe(10);
  });
});
