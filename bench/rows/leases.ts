/** `lease list` on etcd against a shell loop that asks etcdctl for one lease after the other; and on Consul. */
import { Etcd3 } from 'etcd3';
import { ensureServers } from '../../scripts/fetch-servers.mjs';
import {
  type Etcd,
  seedConsul,
  startConsul,
  startEtcd,
  startProxy,
} from '../../test/support/servers/index.js';
import { expectLines, timeAndMemory } from '../large.js';
import { median, RUNS, timeOf } from '../measure.js';
import type { Bench, Row } from '../row.js';
import { entry } from './etcd-list.js';

const LEASES = 10_000;
/** Leases that the loop is timed with: each takes as long as the next. */
export const SAMPLE = 40;
const SERVICES = 1_000;

export const etcdLeasesRow: Row = {
  name: 'leases',
  async measure(bench) {
    const etcd = await startEtcd({ version: '3.5' });
    try {
      const ids = await grantMany(etcd, LEASES);
      const list = bench.sdctl('lease', 'list', '-o', 'tsv', '--backend', 'etcd', '--server', etcd.url);
      await expectLines(bench, list, LEASES);
      const loopMs = await loopOf(bench, etcd, ids);
      const { ms, megabytes } = await timeAndMemory(bench, list);
      const what = `lease list, ${LEASES} leases on etcd`;
      const wholeLoopMs = (loopMs / SAMPLE) * LEASES;
      const loop = `${(wholeLoopMs / 1_000).toFixed(0)} s of etcdctl lease timetolive --keys once a lease, from ${SAMPLE}`;
      return [
        { what, limit: 4_000, measured: ms, unit: 'ms', baseline: '-', rule: 'below' },
        {
          what: `${what}: peak memory`,
          limit: 300,
          measured: megabytes,
          unit: 'MB',
          baseline: '-',
          rule: 'below',
        },
        {
          what: `${what}: times faster`,
          limit: 50,
          measured: wholeLoopMs / ms,
          unit: 'x',
          baseline: loop,
          rule: 'atLeast',
        },
      ];
    } finally {
      await etcd.stop();
    }
  },
};

/**
 * One lease for each key, as most frameworks have it.
 *
 * @param from number of the first
 * @param ttl in seconds; long enough for the measurement
 * @returns ids in hex
 */
export async function grantMany(
  etcd: Etcd,
  count: number,
  from = 0,
  ttl = 3_600,
): Promise<readonly string[]> {
  const client = new Etcd3({ hosts: etcd.url });
  const ids: string[] = [];
  const numbers = Array.from({ length: count }, (_, index) => from + index).values();
  const work = async (): Promise<void> => {
    for (const index of numbers) {
      const { ID } = await client.leaseClient.leaseGrant({ TTL: ttl });
      const id = `i-${String(index)}`;
      const service = `service-${String(index % 100)}`;
      const value = Buffer.from(entry(service, id, index));
      await client.kv.put({ key: Buffer.from(`/services/${service}/${id}`), value, lease: ID });
      ids.push(BigInt(ID).toString(16));
    }
  };
  try {
    await Promise.all(Array.from({ length: 64 }, work));
  } finally {
    client.close();
  }
  return ids;
}

export async function loopOf(bench: Bench, etcd: Etcd, ids: readonly string[]): Promise<number> {
  const { etcdctl35 } = await ensureServers();
  const env = { ...bench.env, ETCDCTL_API: '3' };
  let sumMs = 0;
  for (const id of ids.slice(0, SAMPLE)) {
    const args = [`--endpoints=${etcd.url}`, 'lease', 'timetolive', id, '--keys'];
    sumMs += await timeOf({ file: etcdctl35, args, env });
  }
  return sumMs;
}

export const consulLeasesRow: Row = {
  name: 'consul-leases',
  async measure(bench) {
    const consul = await startConsul({ dev: true });
    const proxy = await startProxy(consul.url);
    try {
      const services = Array.from({ length: SERVICES }, (_, index) => ({
        id: `i-${String(index)}`,
        name: `service-${String(index)}`,
        ttl: '1h',
      }));
      await seedConsul(consul, services, { into: 'agent' });
      const list = bench.sdctl('lease', 'list', '-o', 'tsv', '--backend', 'consul', '--server', proxy.url);
      await expectLines(bench, list, SERVICES);
      const times: number[] = [];
      for (let run = 0; run < RUNS; run += 1) times.push(await timeOf(list));
      const what = `lease list, ${SERVICES} services with a TTL check on Consul`;
      return [
        { what, limit: 4_000, measured: median(times), unit: 'ms', baseline: '-', rule: 'below' },
        {
          what: `${what}: connections`,
          limit: 8,
          measured: proxy.peak,
          unit: '',
          baseline: 'most at a time',
        },
      ];
    } finally {
      await proxy.stop();
      await consul.stop();
    }
  },
};
