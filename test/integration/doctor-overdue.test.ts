/** What doctor says while a real etcd does not get its revocations through. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { programFolder } from '../support/binary.js';
import { inShort, runDoctor } from '../support/doctor-runs.js';
import { EtcdEntries } from '../support/etcd-entries.js';
import { startUnrevokingEtcd } from '../support/unrevoking-etcd.js';

const SLOW = { timeout: 90_000 };

describe.each(['3.4', '3.5'] as const)('leases that etcd %s does not revoke in time', (version) => {
  let etcd: Awaited<ReturnType<typeof startUnrevokingEtcd>>;
  let entries: EtcdEntries;

  beforeAll(async () => {
    // Makes its copy of the build, during which nothing could be renewed.
    programFolder();
    etcd = await startUnrevokingEtcd(version);
    entries = new EtcdEntries(etcd.client);
  });

  afterAll(async () => {
    await etcd.stop();
  });

  it('are found by their instances, and those with time left are not', SLOW, async () => {
    const over = await entries.kratos('order', 'over', { ttl: 8 });
    await entries.kratos('order', 'well');
    const args = [...etcd.flags, '--prefix', '/microservices', '--only', 'SD106'];
    const early = await entries.renewedDuring(over, async () => runDoctor(args));
    expect(inShort(early), early.said).toEqual([]);
    expect(early.idsOf('pass'), early.said).toEqual(['SD106']);
    await expect
      .poll(async () => (await entries.timeToLive(over)).left, { timeout: 20_000, interval: 200 })
      .toBeLessThan(-2);
    const run = await runDoctor(args);
    expect(inShort(run), run.said).toEqual(['SD106 error order/over']);
    expect(run.code).toBe(10);
  });
});
