/** What a registration and a watch must survive on a real Consul that keeps its data; TTL 20 s. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { RegistrationEvent } from '../../src/lib/model/registration.js';
import { openConsul } from '../../src/lib/registry/consul/open-consul.js';
import type { Registration, RegistrationSpec, RegistryHandle } from '../../src/lib/registry/types.js';
import { aConnection, aSpec, anOwner, testDeps, uniqueName } from '../support/builders.js';
import { EventLog, Watching } from '../support/event-log.js';
import { type Consul, startConsul } from '../support/servers/index.js';

const TTL_MS = 20_000;
/** Added to every limit: the machine may be busy with other tests. */
const MARGIN_MS = 1_000;
const SLOW = { timeout: 120_000 };
const signal = new AbortController().signal;

function open(url: string): RegistryHandle {
  return openConsul(aConnection({ backend: 'consul', servers: [url] }), testDeps({ random: Math.random }));
}

function report(what: string, ms: number, limitMs: number): void {
  console.log(`${what}: ${ms.toFixed(0)} ms (limit ${limitMs} ms)`);
  expect(ms).toBeLessThan(limitMs + MARGIN_MS);
}

/** Resolves with the moment at which Consul names a leader again. */
async function answering(consul: Consul): Promise<number> {
  for (;;) {
    const leader = await consul
      .api('GET', '/v1/status/leader', undefined, { timeoutMs: 500 })
      .catch(() => null);
    if (leader !== null && leader.status === 200 && leader.body !== '') return performance.now();
    await sleep(10);
  }
}

interface Kept extends AsyncDisposable {
  readonly consul: Consul;
  readonly handle: RegistryHandle;
  readonly spec: RegistrationSpec;
  readonly registration: Registration;
  readonly log: EventLog<RegistrationEvent>;
  readonly watching: Watching;
  /** Resolves once the catalog shows the instance as passing. */
  passing(): Promise<number>;
}

/** A Consul with one instance that is kept and watched. */
async function keepOne(): Promise<Kept> {
  const consul = await startConsul();
  const handle = open(consul.url);
  const spec = aSpec({ service: uniqueName('pay') });
  const log = new EventLog<RegistrationEvent>();
  const registration = await handle.registry.register(spec, { signal, ttlMs: TTL_MS, onEvent: log.push });
  const watching = new Watching(handle.registry, spec.service);
  const synced = await watching.until('synced', 3_000);
  expect(synced.snapshot.instances).toHaveLength(1);
  const passing = async (): Promise<number> => {
    for (;;) {
      const path = `/v1/health/service/${spec.service}?passing`;
      const answer = await consul.api('GET', path, undefined, { timeoutMs: 1_000 }).catch(() => null);
      if (answer?.status === 200 && Array.isArray(answer.body) && answer.body.length === 1)
        return performance.now();
      await sleep(10);
    }
  };
  const dispose = async (): Promise<void> => {
    await watching[Symbol.asyncDispose]();
    await handle[Symbol.asyncDispose]();
    await consul.stop();
  };
  return { consul, handle, spec, registration, log, watching, passing, [Symbol.asyncDispose]: dispose };
}

async function killAndStart(consul: Consul, downMs: number, wipe: boolean): Promise<number> {
  await consul.kill();
  await consul.restart({ downMs, wipe, noWait: true });
  return answering(consul);
}

describe.concurrent('consul faults', () => {
  it('server away for less than the TTL: late, then renewed, and nobody left', SLOW, async () => {
    await using kept = await keepOne();
    const killedMs = performance.now();
    const back = killAndStart(kept.consul, 3_000, false);
    const late = await kept.log.until('late', 2_000 + MARGIN_MS);
    report('late after the connection broke', performance.now() - killedMs, 1_000);
    expect(late.leftSeconds).toBeGreaterThan(0);
    await kept.watching.until('stale', 6_000 + MARGIN_MS);
    const backMs = await back;
    await kept.log.until('renewed', 5_000, ({ afterLate }) => afterLate);
    report('renewed after it answers', performance.now() - backMs, 1_500);
    await kept.watching.until('synced', 5_000, () => true, 1);
    report('watch fresh after it answers', performance.now() - backMs, 3_000);
    expect(kept.watching.types).not.toContain('left');
    expect(kept.log.types).not.toContain('lost');
  });

  it.each([{ wipe: false }, { wipe: true }])(
    'server away longer than the TTL, back with data wiped: $wipe',
    SLOW,
    async ({ wipe }) => {
      await using kept = await keepOne();
      const backMs = await killAndStart(kept.consul, TTL_MS + 2_000, wipe);
      const passing = kept.passing();
      await kept.watching.until('synced', 10_000, () => true, 1);
      report(`wiped ${wipe}: watch fresh after it answers`, performance.now() - backMs, 3_000);
      report(`wiped ${wipe}: passing after it answers`, (await passing) - backMs, 1_500);
      const event = wipe
        ? await kept.log.until('restored', 5_000)
        : await kept.log.until('renewed', 5_000, ({ afterLate }) => afterLate);
      expect(event.instance.id).toBe(kept.spec.id);
      expect(kept.log.all.filter((one) => one.type === 'late').at(-1)).toMatchObject({ leftSeconds: 0 });
      // Whatever was seen on the way, the end is the truth.
      await kept.passing();
      const { instances } = await kept.handle.registry.list(kept.spec.service, { signal });
      expect(instances.map(({ health }) => health)).toEqual(['passing']);
    },
  );

  it('server frozen past the TTL: stale and late in time, passing again after it resumes', SLOW, async () => {
    await using kept = await keepOne();
    kept.consul.freeze();
    const frozenMs = performance.now();
    await kept.watching.until('stale', 6_000 + MARGIN_MS);
    report('stale after the freeze', performance.now() - frozenMs, 6_000);
    await kept.log.until('late', (TTL_MS * 2) / 3 + MARGIN_MS);
    report('late after the freeze', performance.now() - frozenMs, (TTL_MS * 2) / 3);
    await kept.log.until('late', TTL_MS + 5_000, ({ leftSeconds }) => leftSeconds === 0);
    await sleep(1_000);
    kept.consul.thaw();
    const backMs = await answering(kept.consul);
    report('passing after it resumes', (await kept.passing()) - backMs, 1_500);
    await kept.watching.until('synced', 5_000, () => true, 1);
    report('watch fresh after it resumes', performance.now() - backMs, 3_000);
    expect(kept.log.types).not.toContain('lost');
  });

  it(
    'deregistered by somebody else, at the agent and in the catalog: lost, then restored',
    SLOW,
    async () => {
      await using kept = await keepOne();
      const { consul, spec, log } = kept;
      const noticeMs = TTL_MS / 3 + 1_000;
      const startedMs = performance.now();
      await consul.api('PUT', `/v1/agent/service/deregister/${spec.id}`);
      await log.until('lost', noticeMs + MARGIN_MS);
      await log.until('restored', noticeMs + MARGIN_MS);
      report('restored after removal at the agent', performance.now() - startedMs, noticeMs);
      await kept.passing();

      // Behind the agent's back. Now and then the agent itself is quicker to put it back.
      const removedMs = performance.now();
      await consul.api('PUT', '/v1/catalog/deregister', { Node: consul.nodeName, ServiceID: spec.id });
      report('back after removal from the catalog', (await kept.passing()) - removedMs, noticeMs);
    },
  );

  it('taken over by another run: E_TAKEN_OVER, and never overwritten back', SLOW, async () => {
    await using kept = await keepOne();
    await using other = open(kept.consul.url);
    const startedMs = performance.now();
    const owner = anOwner({ host: 'elsewhere' });
    await other.registry.register({ ...kept.spec, owner }, { signal, ttlMs: TTL_MS, takeover: true });
    expect(await kept.registration.ended).toMatchObject({ code: 'E_TAKEN_OVER', exitCode: 6 });
    report('taken over noticed', performance.now() - startedMs, TTL_MS / 3 + 1_000);
    expect(await kept.registration.deregister({ signal })).toBe('changed');
    const { instances } = await other.registry.list(kept.spec.service, { signal });
    expect(instances.map((instance) => instance.owner)).toEqual([owner]);
  });

  it(
    'stop: the entry is gone within a second; with a dead or frozen server it ends within three',
    SLOW,
    async () => {
      await using kept = await keepOne();
      const { handle, spec } = kept;
      const startedMs = performance.now();
      expect(await kept.registration.deregister({ signal, timeoutMs: 2_500 })).toBe('removed');
      const answer = await kept.consul.api('GET', `/v1/health/service/${spec.service}?consistent`);
      expect(answer.body).toEqual([]);
      report('gone after stop', performance.now() - startedMs, 1_000);

      for (const state of ['frozen', 'dead']) {
        const again = await handle.registry.register({ ...spec, id: state }, { signal, ttlMs: TTL_MS });
        if (state === 'frozen') kept.consul.freeze();
        else await kept.consul.kill();
        const stoppedMs = performance.now();
        const failure: unknown = await again
          .deregister({ signal, timeoutMs: 2_500 })
          .catch((error: unknown) => error);
        expect(failure).toMatchObject({ exitCode: 4 });
        report(`stop with a ${state} server`, performance.now() - stoppedMs, 3_000);
        expect(again.remainingMs()).toBeGreaterThan(0);
        kept.consul.thaw();
        if (state === 'frozen') await answering(kept.consul);
      }
    },
  );

  it('killed and started again at once with the same id: replaced, one entry', SLOW, async () => {
    const consul = await startConsul();
    await using handle = open(consul.url);
    const service = uniqueName('again');
    const crash = new AbortController();
    await handle.registry.register(aSpec({ service }), { signal: crash.signal, ttlMs: TTL_MS });
    crash.abort();
    const startedMs = performance.now();
    const owner = anOwner();
    await handle.registry.register(aSpec({ service, owner }), { signal, ttlMs: TTL_MS });
    report('replaced after a crash', performance.now() - startedMs, 1_000);
    const { instances } = await handle.registry.list(service, { signal });
    expect(instances.map((instance) => instance.owner)).toEqual([owner]);
    await handle[Symbol.asyncDispose]();
    await consul.stop();
  });
});
