/** `list` on etcd: ten instances against Node's own start, very many against etcdctl. */
import { ensureServers } from '../../scripts/fetch-servers.mjs';
import { type Etcd, seedEtcd, startEtcd } from '../../test/support/servers/index.js';
import { expectLines, timeAndMemory } from '../large.js';
import { compare, type Command } from '../measure.js';
import type { Bench, Row } from '../row.js';
import { emptyNode } from './start.js';

export const listRow: Row = {
  name: 'list',
  async measure(bench) {
    const etcd = await startEtcd({ version: '3.5' });
    try {
      const lease = await grantLease(etcd);
      await seedEtcd(etcd, entries('order', 10), { lease });
      const list = bench.sdctl('list', 'order', '--backend', 'etcd', '--server', etcd.url);
      const { ratio, measuredMs, baselineMs } = await compare(list, emptyNode(bench));
      const baseline = `${measuredMs.toFixed(0)} ms to ${baselineMs.toFixed(0)} ms of node -e 0`;
      return [{ what: 'list order, 10 instances on etcd', limit: 5.5, measured: ratio, unit: 'x', baseline }];
    } finally {
      await etcd.stop();
    }
  },
};

export const largeListRow: Row = {
  name: 'large-list',
  async measure(bench) {
    const etcd = await startEtcd({ version: '3.5' });
    try {
      await seedEtcd(etcd, entries('order', 10_000));
      const ctl = await etcdctl(bench, etcd, '/services/order/');
      const small = await compare(tsv(bench, etcd, 'order'), ctl);
      await expectLines(bench, tsv(bench, etcd, 'order'), 10_000);
      await seedEtcd(etcd, entries('huge', 100_000));
      await expectLines(bench, tsv(bench, etcd, 'huge'), 100_000);
      const huge = await timeAndMemory(bench, tsv(bench, etcd, 'huge'));
      return [
        {
          what: 'list -o tsv, 10,000 instances on etcd',
          limit: 8,
          measured: small.ratio,
          unit: 'x',
          baseline: `${small.measuredMs.toFixed(0)} ms to ${small.baselineMs.toFixed(0)} ms of etcdctl get --prefix`,
        },
        {
          what: 'list -o tsv, 100,000 instances on etcd',
          limit: 6_000,
          measured: huge.ms,
          unit: 'ms',
          baseline: '-',
          rule: 'below',
        },
        {
          what: 'list -o tsv, 100,000 instances: peak memory',
          limit: 500,
          measured: huge.megabytes,
          unit: 'MB',
          baseline: '-',
        },
      ];
    } finally {
      await etcd.stop();
    }
  },
};

function tsv(bench: Bench, etcd: Etcd, service: string): Command {
  return bench.sdctl('list', service, '-o', 'tsv', '--backend', 'etcd', '--server', etcd.url);
}

async function etcdctl(bench: Bench, etcd: Etcd, prefix: string): Promise<Command> {
  const { etcdctl35 } = await ensureServers();
  const args = [`--endpoints=${etcd.url}`, 'get', '--prefix', '--', prefix];
  return { file: etcdctl35, args, env: { ...bench.env, ETCDCTL_API: '3' } };
}

/** A decimal lease id. */
async function grantLease(etcd: Etcd): Promise<string> {
  const answer = await etcd.ctl(['lease', 'grant', '600']);
  const hex = /lease ([0-9a-f]+) granted/.exec(answer)?.[1];
  if (hex === undefined) throw new Error(`no lease in "${answer}"`);
  return BigInt(`0x${hex}`).toString();
}

/** Entries in sdctl's own layout, about 300 bytes each. */
function* entries(service: string, count: number): Generator<readonly [string, string]> {
  for (let index = 0; index < count; index += 1) {
    const id = `${service}-${String(index).padStart(6, '0')}`;
    yield [`/services/${service}/${id}`, entry(service, id, index)];
  }
}

export function entry(service: string, id: string, index: number): string {
  return JSON.stringify({
    sdctl: 1,
    service,
    id,
    endpoints: [`http://10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}:8080`],
    version: `1.${index % 7}.0`,
    weight: null,
    zone: `zone-${'abc'.charAt(index % 3)}`,
    tags: [],
    metadata: {},
    owner: { host: 'host-1', pid: 4242, started: '2024-05-01T10:00:00.000Z', run: '0123456789abcdef' },
    registeredAt: '2024-05-01T10:00:00.000Z',
  });
}
