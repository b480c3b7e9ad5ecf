/** One of three etcd members dies or hangs; then the quorum goes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { uniqueName } from '../support/builders.js';
import { runBinary } from '../support/binary.js';
import {
  type Etcd,
  type Proxy,
  startConsulCluster,
  startEtcdCluster,
  startProxy,
} from '../support/servers/index.js';
import { registering, watching } from './commands.js';
import { everyCommandFails } from './every-command.js';
import { faultRow } from './fault-row.js';
import { consulServer } from './registry-server.js';

const TTL = 10;
const SLOW = { timeout: 180_000 };
const noQuorum = { exit: 4, codes: ['E_NO_QUORUM'], timeoutMs: 3_000 } as const;
const versions = ['3.5', '3.4'] as const;

interface Seat {
  readonly member: Etcd;
  readonly proxy: Proxy;
}

describe.concurrent.each(versions)('etcd %s', (version) => {
  it('one of three members killed or frozen: no membership lost', SLOW, () =>
    faultRow(`etcd ${version}: three members`, async ({ keep, measure }) => {
      const cluster = keep(await startEtcdCluster({ version }));
      const seats: Seat[] = [];
      // A proxy in front of each tells which one is in use.
      for (const member of cluster.members) seats.push({ member, proxy: keep(await startProxy(member.url)) });
      const flags = ['--backend', 'etcd', '--server', seats.map(({ proxy }) => proxy.url).join(',')];
      const service = uniqueName('kept');
      const kept = keep(await registering(flags, service, TTL));
      const inUse = (): Seat => seats.find(({ proxy }) => proxy.connections > 0) ?? expect.unreachable();
      const registersAt = inUse();
      const watch = keep(await watching(flags, service));

      const survive = async (what: string, seat: Seat, harm: 'kill' | 'freeze'): Promise<void> => {
        const from = kept.lines.length;
        const harmedMs = performance.now();
        if (harm === 'kill') await seat.member.kill();
        else seat.member.freeze();
        const renewed = await kept.line('renewed', 2 * TTL * 1_000, from);
        measure(`renewed with ${what}`, TTL * 1_000, renewed.seenMs - harmedMs);
        const list = await runBinary(['list', service, ...flags, '-o', 'name']);
        expect(list.stdout).toBe(`${service}/one\n`);
        if (harm === 'kill') await seat.member.start();
        else seat.member.thaw();
        await seat.member.waitReady();
      };
      await survive('the member in use killed', registersAt, 'kill');
      const leader = await cluster.leader();
      const leading = seats.find(({ member }) => member === leader) ?? expect.unreachable();
      await survive('the leader killed', leading, 'kill');
      for (const seat of seats) await survive(`member ${seats.indexOf(seat)} frozen`, seat, 'freeze');

      expect(kept.types).not.toContain('lost');
      expect(new Set(kept.lines.map(({ line }) => line['leaseId'])).size).toBe(1);
      expect(watch.types).not.toContain('left');
    }),
  );

  it('no quorum: 4 with the cause, in text and JSON; alive again with the quorum', SLOW, () =>
    faultRow(`etcd ${version}: no quorum`, async ({ keep, measure }) => {
      const cluster = keep(await startEtcdCluster({ version }));
      const [first, second, third] = cluster.members;
      const service = uniqueName('alone');
      const flags = ['--backend', 'etcd', '--server', cluster.urls.join(',')];
      const watch = keep(await watching(flags, service));
      const lostMs = performance.now();
      await Promise.all([second?.kill(), third?.kill()]);
      const stale = await watch.line('stale', 20_000);
      measure('watch stale', 8_500, stale.seenMs - lostMs);
      const alone = ['--backend', 'etcd', '--server', first?.url ?? ''];
      await everyCommandFails({ keep, measure }, alone, {}, noQuorum);
      await Promise.all([second?.start(), third?.start()]);
      const backMs = performance.now();
      const synced = await watch.line('synced', 10_000, watch.lines.indexOf(stale));
      measure('watch fresh with the quorum', 3_000, synced.seenMs - backMs);
    }),
  );
});

it('consul without a leader: 4 with the cause; alive again with one', SLOW, () =>
  faultRow('consul: no leader', async (row) => {
    const cluster = row.keep(await startConsulCluster({ servers: 2, clients: 1 }));
    const [agent] = cluster.clients;
    const [, second] = cluster.servers;
    if (agent === undefined || second === undefined) return expect.unreachable();
    const server = consulServer(agent);
    const { flags } = server;
    const service = uniqueName('led');
    const kept = row.keep(await registering(flags, service, 20));
    const watch = row.keep(await watching(flags, service));
    const lostMs = performance.now();
    await second.kill();
    const stale = await watch.line('stale', 20_000);
    row.measure('watch stale', 6_000, stale.seenMs - lostMs);
    // The one that is left may go on for a moment as the leader that it was.
    while ((await agent.api('GET', '/v1/status/leader')).body !== '') await sleep(20);
    await everyCommandFails(row, flags, {}, noQuorum);
    await second.start({ noWait: true });
    const backMs = await server.answering();
    const synced = await watch.line('synced', 10_000, watch.lines.indexOf(stale));
    row.measure('watch fresh with a leader', 3_000, synced.seenMs - backMs);
    expect(kept.types).not.toContain('lost');
    expect(watch.types).not.toContain('left');
  }),
);
