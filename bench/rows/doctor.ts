/** `doctor` on large registries, against the shell loop that asks etcdctl for one lease after the other. */
import { readFileSync } from 'node:fs';
import { seedConsul, startConsul, startEtcd, startProxy } from '../../test/support/servers/index.js';
import { timeAndMemory } from '../large.js';
import { median, RUNS, timeOf, type Command } from '../measure.js';
import type { Bench, Figure, Row } from '../row.js';
import { grantMany, loopOf, SAMPLE } from './leases.js';

const MANY = 10_000;
const VERY_MANY = 100_000;
const ON_CONSUL = 5_000;
/** Below what SD103 finds too long: a registry full of findings is not what is measured. */
const TTL_SECONDS = 299;

export const doctorRow: Row = {
  name: 'doctor',
  async measure(bench) {
    const etcd = await startEtcd({ version: '3.5' });
    try {
      const ids = await grantMany(etcd, MANY, 0, TTL_SECONDS);
      const doctor = doctorOn(bench, 'etcd', etcd.url);
      await expectComplete(bench, doctor);
      const loopMs = ((await loopOf(bench, etcd, ids)) / SAMPLE) * MANY;
      const { ms, megabytes } = await timeAndMemory(bench, doctor);
      const what = `doctor, ${MANY} instances with a lease each on etcd`;
      const loop = `${(loopMs / 1_000).toFixed(0)} s of etcdctl lease timetolive --keys once a lease, from ${SAMPLE}`;
      await grantMany(etcd, VERY_MANY - MANY, MANY, TTL_SECONDS);
      await expectComplete(bench, doctor);
      const hugeMs = await timeOf(doctor);
      const huge = `doctor, ${VERY_MANY} instances with a lease each on etcd`;
      return [
        { what, limit: 5_000, measured: ms, unit: 'ms', baseline: '-', rule: 'below' },
        {
          what: `${what}: peak memory`,
          limit: 500,
          measured: megabytes,
          unit: 'MB',
          baseline: '-',
          rule: 'below',
        },
        {
          what: `${what}: times faster`,
          limit: 50,
          measured: loopMs / ms,
          unit: 'x',
          baseline: loop,
          rule: 'atLeast',
        },
        { what: huge, limit: 60_000, measured: hugeMs, unit: 'ms', baseline: 'one run', rule: 'below' },
      ];
    } finally {
      await etcd.stop();
    }
  },
};

export const consulDoctorRow: Row = {
  name: 'consul-doctor',
  async measure(bench): Promise<readonly Figure[]> {
    const consul = await startConsul({ dev: true });
    const proxy = await startProxy(consul.url);
    try {
      const services = Array.from({ length: ON_CONSUL }, (_, index) => ({
        id: `i-${String(index)}`,
        name: `service-${String(index % 250)}`,
        address: `10.1.${String(index >> 8)}.${String(index & 255)}`,
      }));
      await seedConsul(consul, services, { into: 'catalog' });
      const doctor = doctorOn(bench, 'consul', proxy.url);
      await expectComplete(bench, doctor);
      const times: number[] = [];
      for (let run = 0; run < RUNS; run += 1) times.push(await timeOf(doctor));
      const what = `doctor, ${ON_CONSUL} instances on Consul`;
      return [
        { what, limit: 5_000, measured: median(times), unit: 'ms', baseline: '-', rule: 'below' },
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

/** What it finds is not measured here: it has to end with 0. */
function doctorOn(bench: Bench, backend: string, url: string): Command {
  return bench.sdctl(
    'doctor',
    '-o',
    'json',
    '--fail-on',
    'never',
    '--no-state',
    '--backend',
    backend,
    '--server',
    url,
  );
}

/** A run that left rules undecided is no run. */
async function expectComplete(bench: Bench, doctor: Command): Promise<void> {
  const file = bench.file('doctor');
  await timeOf(doctor, file);
  const { outcomes } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly outcomes: readonly { readonly rule: string; readonly status: string }[];
  };
  // The server itself may not know yet how it is.
  const unknown = outcomes.filter(({ rule, status }) => status === 'unknown' && !rule.startsWith('SD00'));
  if (outcomes.length === 0 || unknown.length > 0)
    throw new Error(`undecided: ${unknown.map(({ rule }) => rule).join(', ') || 'everything'}`);
}
