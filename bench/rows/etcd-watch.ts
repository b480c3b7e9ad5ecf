/** `watch` on etcd: from the put to the line, and whether a burst arrives whole. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Etcd3 } from 'etcd3';
import { startEtcd } from '../../test/support/servers/index.js';
import { percentile } from '../measure.js';
import type { Row } from '../row.js';
import { Watching } from '../watching.js';
import { entry } from './etcd-list.js';

const CHANGES = 1_000;
const PER_SECOND = 100;
const BURST = 2_000;

export const etcdWatchRow: Row = {
  name: 'etcd-watch',
  async measure(bench) {
    const etcd = await startEtcd({ version: '3.5' });
    const client = new Etcd3({ hosts: etcd.url });
    const watching = new Watching(
      bench.sdctl('watch', 'order', '-o', 'jsonl', '--backend', 'etcd', '--server', etcd.url),
    );
    const put = async (id: string, index: number): Promise<void> => {
      await client.kv.put({
        key: Buffer.from(`/services/order/${id}`),
        value: Buffer.from(entry('order', id, index)),
      });
    };
    try {
      await watching.synced();
      await put('warm', 0);
      const latencies = await paced(watching, put);
      const burst = await inOneGo(watching, put);
      return [
        {
          what: `watch on etcd, ${PER_SECOND} changes a second: put to line, p99`,
          limit: 25,
          measured: percentile(latencies, 0.99),
          unit: 'ms',
          baseline: `p50 ${percentile(latencies, 0.5).toFixed(1)} ms of ${CHANGES} changes`,
          rule: 'below',
        },
        {
          what: `watch on etcd, a burst of ${BURST} changes: arrived`,
          limit: BURST,
          measured: burst.arrived,
          unit: '',
          baseline: `put and seen in ${burst.ms.toFixed(0)} ms`,
          rule: 'atLeast',
        },
      ];
    } finally {
      await watching.stop();
      client.close();
      await etcd.stop();
    }
  },
};

type Put = (id: string, index: number) => Promise<void>;

/** Milliseconds from the call of each put to its line. Puts go by the clock, not one after the other. */
async function paced(watching: Watching, put: Put): Promise<readonly number[]> {
  const sentMs = new Map<string, number>();
  const puts: Promise<void>[] = [];
  const startedMs = performance.now();
  for (let index = 0; index < CHANGES; index += 1) {
    const dueMs = startedMs + (index * 1_000) / PER_SECOND;
    await sleep(Math.max(0, dueMs - performance.now()));
    const id = `paced-${index}`;
    sentMs.set(id, performance.now());
    puts.push(put(id, index));
  }
  await Promise.all(puts);
  const mine = (): number => watching.events.filter((event) => sentMs.has(event.instance ?? '')).length;
  await watching.until(`line of each of ${CHANGES} changes`, 10_000, () => mine() >= CHANGES);
  return watching.events.flatMap(({ instance, seenMs }) => {
    const sent = sentMs.get(instance ?? '');
    return sent === undefined ? [] : [seenMs - sent];
  });
}

async function inOneGo(watching: Watching, put: Put): Promise<{ arrived: number; ms: number }> {
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: BURST }, (_, index) => put(`burst-${index}`, index)));
  const arrived = (): number =>
    new Set(watching.events.map((event) => event.instance).filter((id) => id?.startsWith('burst-'))).size;
  // What has not come after this time counts as lost.
  await watching.until('whole burst', 15_000, () => arrived() >= BURST).catch(() => undefined);
  return { arrived: arrived(), ms: performance.now() - startedMs };
}
