/** `list --prefix ''` over every layout at once, beside a large foreign tree, against etcdctl reading the same entries. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { ensureServers } from '../../scripts/fetch-servers.mjs';
import { type Etcd, seedEtcd, startEtcd } from '../../test/support/servers/index.js';
import { fixturesOf } from '../../test/support/layout-fixtures.js';
import { compare, timeOf, type Command } from '../measure.js';
import type { Row } from '../row.js';

const KEYS = 20_000;
const FOREIGN = 50_000;
const FOREIGN_BYTES = 2_000;

export const layoutsRow: Row = {
  name: 'layouts',
  async measure(bench) {
    // The second one holds the same entries and nothing else: what they cost by themselves.
    const [etcd, alone] = await Promise.all([startEtcd({ version: '3.5' }), startEtcd({ version: '3.5' })]);
    try {
      await Promise.all([seedEtcd(etcd, entries()), seedEtcd(alone, entries())]);
      await seedEtcd(etcd, foreign());
      const list = bench.sdctl(
        'list',
        '--prefix',
        '',
        '-o',
        'tsv',
        '--backend',
        'etcd',
        '--server',
        etcd.url,
      );
      const ctl = await etcdctl(bench.env, alone);
      const sent = await sentBy(etcd, list);
      const needed = await sentBy(alone, ctl);
      const { ratio, measuredMs, baselineMs } = await compare(list, ctl);
      const record = bench.file('layouts-memory');
      const hook = new URL('../hooks/peak-memory.mjs', import.meta.url).href;
      const env = { ...bench.env, SDCTL_BENCH_OUT: record };
      await timeOf({ ...list, args: ['--import', hook, ...list.args], env });
      return [
        {
          what: `list --prefix '', ${KEYS} keys of all layouts beside ${FOREIGN} foreign ones: bytes sent`,
          limit: 1.3,
          measured: sent / needed,
          unit: 'x',
          baseline: `${sent} B to ${needed} B of etcdctl get --prefix '' of the ${KEYS} alone`,
        },
        {
          what: 'the same: time',
          limit: 8,
          measured: ratio,
          unit: 'x',
          baseline: `${measuredMs.toFixed(0)} ms to ${baselineMs.toFixed(0)} ms of etcdctl get --prefix ''`,
        },
        {
          what: 'the same: peak memory',
          limit: 400,
          measured: Number(readFileSync(record, 'utf8')) / 1024,
          unit: 'MB',
          baseline: '-',
          rule: 'below',
        },
      ];
    } finally {
      await Promise.all([etcd.stop(), alone.stop()]);
    }
  },
};

async function etcdctl(env: Readonly<Record<string, string>>, etcd: Etcd): Promise<Command> {
  const { etcdctl35 } = await ensureServers();
  const args = [`--endpoints=${etcd.url}`, 'get', '--prefix', '--', ''];
  return { file: etcdctl35, args, env: { ...env, ETCDCTL_API: '3' } };
}

/** Bytes that the server sends to its clients while a command runs. */
async function sentBy(etcd: Etcd, command: Command): Promise<number> {
  const before = await sentBytes(etcd);
  const { file, args, env } = command;
  await promisify(execFile)(file, [...args], { env, maxBuffer: 256 * 1024 * 1024 });
  return (await sentBytes(etcd)) - before;
}

async function sentBytes(etcd: Etcd): Promise<number> {
  const metrics = await (await fetch(`${etcd.url}/metrics`)).text();
  const [, bytes] = /^etcd_network_client_grpc_sent_bytes_total (\S+)$/m.exec(metrics) ?? [];
  if (bytes === undefined) throw new Error('etcd does not say what it has sent');
  return Number(bytes);
}

/** Each fixture that is an instance, many times over: another service each time, in the form of its layout. */
function* entries(): Generator<readonly [string, string]> {
  const instances = fixturesOf('etcd').filter(
    ({ expect, encoding }) => expect['skip'] !== true && encoding === undefined,
  );
  const copies = Math.ceil(KEYS / instances.length);
  let count = 0;
  for (const [position, fixture] of instances.entries()) {
    for (let copy = 0; copy < copies && count < KEYS; copy += 1, count += 1) {
      const rename = (text: string): string =>
        text.replaceAll(/order/gi, (word) => `${word}${position}x${copy}`);
      let key = fixture.key.startsWith('by-dev/')
        ? fixture.key.replace('by-dev/', `by-dev${position}x${copy}/`)
        : rename(fixture.key);
      // A key that does not name its service gets another id.
      if (key === fixture.key) key += `-${copy}`;
      yield [key, rename(fixture.value)];
    }
  }
}

function* foreign(): Generator<readonly [string, string]> {
  const value = `k8s\0${'x'.repeat(FOREIGN_BYTES)}`;
  for (let index = 0; index < FOREIGN; index += 1)
    yield [`/registry/pods/default/pod-${String(index).padStart(6, '0')}`, value];
}
