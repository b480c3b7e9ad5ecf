/** `watch` on Consul: single changes, and a storm of them that must not become a storm of requests. */
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Consul, startConsul } from '../../test/support/servers/index.js';
import { startRequestCounter } from '../../test/integration/consul-request-counter.js';
import { percentile } from '../measure.js';
import type { Row } from '../row.js';
import { Watching } from '../watching.js';

const SAMPLES = 40;
/** Above the pace at which the limit on requests would make a change wait. */
const SPACING_MS = 400;
const STORM = 2_000;
const WINDOW_MS = 3_000;

export const consulWatchRow: Row = {
  name: 'consul-watch',
  async measure(bench) {
    const consul = await startConsul({ dev: true });
    const counter = await startRequestCounter(consul.url);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
    const register: Register = async (version) => put(consul, agent, version);
    await register('0');
    const watching = new Watching(
      bench.sdctl('watch', 'order', '-o', 'jsonl', '--backend', 'consul', '--server', counter.url),
    );
    try {
      await watching.synced();
      const latencies = await single(watching, register);
      const storm = await inOneGo(watching, register, counter.requests);
      return [
        {
          what: 'watch on Consul, a single change: registered to line, p99',
          limit: 50,
          measured: percentile(latencies, 0.99),
          unit: 'ms',
          baseline: `p50 ${percentile(latencies, 0.5).toFixed(1)} ms of ${SAMPLES} changes`,
          rule: 'below',
        },
        {
          what: `watch on Consul, ${STORM} changes: final state after`,
          limit: 1_000,
          measured: storm.ms,
          unit: 'ms',
          baseline: `changes made in ${storm.churnMs.toFixed(0)} ms`,
        },
        {
          what: `watch on Consul, ${STORM} changes: requests in 3 s`,
          limit: 20,
          measured: storm.requests,
          unit: '',
          baseline: 'most in any 3 s',
        },
      ];
    } finally {
      await watching.stop();
      agent.destroy();
      await counter.stop();
      await consul.stop();
    }
  },
};

type Register = (version: string) => Promise<void>;

async function put(consul: Consul, agent: http.Agent, version: string): Promise<void> {
  const body = { ID: 'order-1', Name: 'order', Address: '10.0.0.1', Port: 8080, Meta: { version } };
  const answer = await consul.api('PUT', '/v1/agent/service/register', body, { agent });
  if (answer.status !== 200) throw new Error(`register: ${answer.status} ${JSON.stringify(answer.body)}`);
}

function seenAt(watching: Watching, version: string): number | undefined {
  return watching.events.find((event) => event.entry?.version === version)?.seenMs;
}

/** Milliseconds from the answer to a registration to its line; a line that comes before the answer counts as 0. */
async function single(watching: Watching, register: Register): Promise<readonly number[]> {
  const latencies: number[] = [];
  for (let index = 0; index < SAMPLES; index += 1) {
    const version = `single-${index}`;
    await register(version);
    const answeredMs = performance.now();
    await watching.until(version, 5_000, () => seenAt(watching, version) !== undefined);
    latencies.push(Math.max(0, (seenAt(watching, version) ?? 0) - answeredMs));
    await sleep(SPACING_MS);
  }
  return latencies;
}

async function inOneGo(
  watching: Watching,
  register: Register,
  requests: readonly { readonly atMs: number }[],
): Promise<{ ms: number; churnMs: number; requests: number }> {
  const startedMs = performance.now();
  const numbers = Array.from({ length: STORM - 1 }, (_, index) => index).values();
  const work = async (): Promise<void> => {
    for (const index of numbers) await register(`storm-${index}`);
  };
  await Promise.all(Array.from({ length: 8 }, work));
  await register('final');
  const answeredMs = performance.now();
  await watching.until('final state', 10_000, () => seenAt(watching, 'final') !== undefined);
  const ms = Math.max(0, (seenAt(watching, 'final') ?? 0) - answeredMs);
  await sleep(WINDOW_MS);
  const times = requests.map(({ atMs }) => atMs).filter((atMs) => atMs >= startedMs);
  const most = times.map((from) => times.filter((atMs) => atMs >= from && atMs < from + WINDOW_MS).length);
  return { ms, churnMs: answeredMs - startedMs, requests: Math.max(0, ...most) };
}
