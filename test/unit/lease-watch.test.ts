/** `lease list -w` and `--observe` on a fake clock: what is asked when, what is said, and how it ends. */
import { describe, expect, it } from 'vitest';
import { listFormats } from '../../src/lib/command/choose-view.js';
import type { InvocationFlags } from '../../src/lib/command/invocation.js';
import { leaseQuestion, listLeases, type LeaseFlags } from '../../src/lib/command/lease-answer.js';
import { watchLeases } from '../../src/lib/command/lease-watch.js';
import { streamFormats } from '../../src/lib/command/watch-stream.js';
import { SdctlError } from '../../src/lib/errors.js';
import type { LeaseListing, LeaseRecord } from '../../src/lib/model/lease.js';
import type { CallOptions, Lease, RegistryHandle } from '../../src/lib/registry/types.js';
import { commandRun, type CommandRun } from '../support/command-run.js';
import type { FakeClock } from '../support/fake-clock.js';
import { aCheck, aLease, aSession } from './lease-samples.js';

/** A lease that ends at that moment unless it is renewed. */
interface Kept {
  readonly lease: LeaseRecord;
  endsMs: number;
}

/** A registry with nothing but leases, whose time passes on the clock. */
class LeaseRegistry {
  readonly asked: string[] = [];
  readonly kept = new Map<string, Kept>();
  hidden: readonly string[] = [];
  /** Of the leader. */
  epoch = '2';
  failure: Error | null = null;
  /** What every answer waits for. */
  answering: Promise<void> = Promise.resolve();
  readonly #clock: FakeClock;
  readonly #readableTtl: boolean;

  constructor(clock: FakeClock, readableTtl = true) {
    this.#clock = clock;
    this.#readableTtl = readableTtl;
  }

  add(...leases: readonly LeaseRecord[]): void {
    for (const lease of leases)
      this.kept.set(lease.id, {
        lease,
        endsMs: this.#clock.monotonicMs() + (lease.leftSeconds ?? 0) * 1_000,
      });
  }

  renew(id: string): void {
    const kept = this.kept.get(id);
    if (kept !== undefined)
      kept.endsMs = this.#clock.monotonicMs() + (kept.lease.grantedSeconds ?? 0) * 1_000;
  }

  get handle(): RegistryHandle {
    const operations = {
      listLeases: async (options: CallOptions): Promise<LeaseListing> => {
        this.#ask('list', options);
        await this.answering;
        options.notify?.({ level: 'warning', text: 'some were not read' });
        const leases = [...this.kept.values()].map(({ lease, endsMs }) => ({
          ...lease,
          leftSeconds: this.#readableTtl ? this.#left(endsMs) : null,
        }));
        return {
          leases,
          revision: '7',
          takenAtMs: this.#clock.nowMs(),
          hidden: this.hidden,
          epoch: this.epoch,
        };
      },
      leases: async (ids: readonly string[], options: CallOptions): Promise<ReadonlyMap<string, Lease>> => {
        this.#ask(`${ids.length} times`, options);
        const found = ids.flatMap((id) => {
          const kept = this.kept.get(id);
          if (kept === undefined) return [];
          const { grantedSeconds } = kept.lease;
          return [{ id, grantedSeconds, leftSeconds: this.#left(kept.endsMs), isOverdue: false }];
        });
        return new Map(found.map((lease) => [lease.id, lease]));
      },
    };
    const capabilities = {
      readableTtl: this.#readableTtl,
      nodes: !this.#readableTtl,
      adviseMinTtlMs: null,
      remote: true,
    };
    return { backend: 'etcd', capabilities, operations } as unknown as RegistryHandle;
  }

  #left(endsMs: number): number {
    return Math.max(0, Math.floor((endsMs - this.#clock.monotonicMs()) / 1_000));
  }

  #ask(what: string, { signal }: CallOptions): void {
    this.asked.push(`${this.#clock.monotonicMs() / 1_000} ${what}`);
    signal.throwIfAborted();
    if (this.failure !== null) throw this.failure;
  }
}

interface Run extends CommandRun {
  /** Events as `renewed a 14`, or whole lines of other formats. */
  readonly lines: () => readonly string[];
  readonly said: () => string;
}

async function aRun(flags: InvocationFlags, isStream = true, isTerminal = false): Promise<Run> {
  const run = await commandRun(flags, { formats: isStream ? streamFormats : listFormats, isTerminal });
  const lines = (): readonly string[] =>
    run
      .stdout()
      .split('\n')
      .slice(0, -1)
      .map((line) => {
        if (!line.startsWith('{')) return line;
        const { type, id, leftSeconds } = JSON.parse(line) as {
          type: string;
          id: string;
          leftSeconds: number | null;
        };
        return `${type} ${id} ${leftSeconds}`;
      });
  return { ...run, lines, said: () => run.stderr() };
}

function watching(run: Run, registry: LeaseRegistry, flags: LeaseFlags = {}) {
  const { invocation } = run;
  const end = watchLeases(invocation, registry.handle, leaseQuestion(flags), flags);
  // Looked at later; a failure meanwhile is no unhandled one.
  end.catch(() => undefined);
  return end;
}

const jsonl = { output: 'jsonl' };
const many = (count: number) =>
  Array.from({ length: count }, (_, index) => aLease({ id: `l${index}`, leftSeconds: 100 + index }));

describe('a watch', () => {
  it('lists, then tells every second what changed, until it is stopped', async () => {
    const run = await aRun(jsonl);
    const registry = new LeaseRegistry(run.clock);
    registry.add(aLease({ id: 'a', leftSeconds: 12 }), aLease({ id: 'b', leftSeconds: 5 }));
    const end = watching(run, registry);
    await run.clock.advance(1_000);
    registry.renew('a');
    registry.kept.delete('b');
    registry.add(aLease({ id: 'c', leftSeconds: 9 }));
    await run.clock.advance(1_000);
    expect(run.lines()).toEqual([
      'listed b 5',
      'listed a 12',
      'left b 4',
      'left a 11',
      'ended b null',
      'renewed a 14',
      'new c 8',
    ]);
    expect(registry.asked).toEqual(['0 list', '1 list', '2 list']);
    run.abort.abort();
    expect(await end).toBe('aborted');
    expect(run.said()).toBe('some were not read\n');
  });

  it('asks only for times between lists of many leases', async () => {
    const run = await aRun(jsonl);
    const registry = new LeaseRegistry(run.clock);
    registry.add(...many(250));
    const end = watching(run, registry);
    await run.clock.advance(11_000);
    expect(registry.asked).toEqual([
      '0 list',
      ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((second) => `${second} 200 times`),
      '10 list',
      '11 200 times',
    ]);
    expect(run.said()).toContain('200 of 250 are followed: --limit follows more');
    expect(run.lines()).toContain('left l199 298');
    expect(run.lines().some((line) => line.startsWith('left l200 '))).toBe(false);
    run.abort.abort();
    await end;
  });

  it('follows as many as it is told to, those nearest their end', async () => {
    const run = await aRun(jsonl);
    const registry = new LeaseRegistry(run.clock);
    registry.add(...many(3));
    const end = watching(run, registry, { limit: '1' });
    await run.clock.advance(1_000);
    expect(run.lines()).toEqual(['listed l0 100', 'left l0 99']);
    expect(run.said()).toContain('1 of 3 are followed');
    run.abort.abort();
    await end;
  });

  it('asks Consul every two seconds for all of it', async () => {
    const run = await aRun(jsonl);
    const registry = new LeaseRegistry(run.clock, false);
    registry.add(aCheck(), aSession());
    const end = watching(run, registry);
    await run.clock.advance(2_000);
    registry.kept.set('service:i-39', { lease: aCheck({ health: 'critical' }), endsMs: 0 });
    await run.clock.advance(3_000);
    expect(registry.asked).toEqual(['0 list', '2 list', '4 list']);
    expect(run.lines().slice(2)).toEqual(['changed service:i-39 null']);
    run.abort.abort();
    await end;
  });

  it('applies filters every time', async () => {
    const run = await aRun(jsonl);
    const registry = new LeaseRegistry(run.clock);
    registry.add(
      aLease({ id: 'a', leftSeconds: 11 }),
      aLease({ id: 'b', leftSeconds: 3 }),
      aLease({ id: 'c', bindings: [], leftSeconds: 2 }),
    );
    const end = watching(run, registry, { expiring: '10s', service: 'pay*' });
    await run.clock.advance(1_000);
    registry.renew('b');
    await run.clock.advance(2_000);
    expect(run.lines()).toEqual([
      'listed b 3',
      'left b 2',
      'left a 10',

      'renewed b 14',
      'left a 9',
      'left a 8',
    ]);
    run.abort.abort();
    await end;
  });

  it('says once that it cannot read, goes on, and lists anew', async () => {
    const run = await aRun(jsonl);
    const registry = new LeaseRegistry(run.clock);
    registry.add(...many(250));
    const end = watching(run, registry);
    await run.clock.advance(1_000);
    registry.failure = new SdctlError('E_UNREACHABLE', 'cannot reach\u001b[2J it', { why: 'refused' });
    const before = registry.asked.length;
    await run.clock.advance(4_000);
    // 0.1 s, 0.2 s and so on, and never more than a second.
    const asked = registry.asked.slice(before);
    expect(asked.length).toBeGreaterThan(5);
    expect(asked.slice(1).every((line) => line.endsWith('list'))).toBe(true);
    const outage = run
      .said()
      .split('\n')
      .filter((line) => line.startsWith('stale'));
    expect(outage).toEqual(['stale: cannot reach\\e[2J it: refused; retrying']);
    registry.failure = null;
    registry.kept.delete('l0');
    await run.clock.advance(1_000);
    expect(run.said()).toMatch(/reading again after 4s/);
    expect(run.lines()).toContain('ended l0 null');
    run.abort.abort();
    expect(await end).toBe('aborted');
  });

  it('says once that times rose because of a new leader', async () => {
    const run = await aRun(jsonl);
    const registry = new LeaseRegistry(run.clock);
    registry.add(aLease({ id: 'a', leftSeconds: 5 }));
    const end = watching(run, registry);
    await run.clock.advance(1_000);
    registry.epoch = '3';
    registry.renew('a');
    await run.clock.advance(2_000);
    expect(run.lines()).toEqual(['listed a 5', 'left a 4', 'left a 14', 'left a 13']);
    expect(run.said().match(/a new leader/g)).toHaveLength(1);
    run.abort.abort();
    await end;
  });

  it('says that no answer comes, and when one has come', async () => {
    const run = await aRun(jsonl);
    const registry = new LeaseRegistry(run.clock);
    registry.add(aLease());
    const end = watching(run, registry);
    await run.clock.settle();
    let answer: () => void = () => undefined;
    registry.answering = new Promise((resolve) => {
      answer = resolve;
    });
    await run.clock.advance(3_999);
    expect(run.said()).toBe('some were not read\n');
    await run.clock.advance(6_001);
    expect(run.said()).toBe('some were not read\nstale: no answer for 3s; waiting\n');
    answer();
    await run.clock.settle();
    expect(run.said()).toContain('waiting\nreading again after 9s\n');
    expect(run.lines().at(-1)).toBe('left 694d8c1f2a3b4c2d 4');
    run.abort.abort();
    expect(await end).toBe('aborted');
    expect(registry.asked).toEqual(['0 list', '1 list']);
  });

  it('ends at once while it waits for a registry that is down', async () => {
    const run = await aRun(jsonl);
    const registry = new LeaseRegistry(run.clock);
    const end = watching(run, registry);
    await run.clock.advance(1_000);
    registry.failure = new SdctlError('E_AUTH', 'no');
    await run.clock.advance(1_000);
    run.abort.abort();
    expect(await end).toBe('aborted');
  });

  it('fails like any command before the first list, and on a defect', async () => {
    const run = await aRun(jsonl);
    const registry = new LeaseRegistry(run.clock);
    registry.failure = new SdctlError('E_UNREACHABLE', 'down');
    await expect(watching(run, registry)).rejects.toMatchObject({ code: 'E_UNREACHABLE' });
    registry.failure = null;
    const end = watching(run, registry);
    await run.clock.settle();
    registry.failure = new TypeError('x is not a function');
    await run.clock.advance(1_000);
    await expect(end).rejects.toThrow('x is not a function');
  });

  it('ends by itself after --timeout', async () => {
    const run = await aRun({ ...jsonl, timeout: '2500ms' });
    const registry = new LeaseRegistry(run.clock);
    registry.add(aLease());
    const end = watching(run, registry);
    await run.clock.advance(2_500);
    expect(await end).toBe('over');
    expect(run.lines()).toHaveLength(3);
  });

  it('says what could not be seen once, and again when it is something else', async () => {
    const run = await aRun({ output: 'table' });
    const registry = new LeaseRegistry(run.clock);
    registry.hidden = ['keys of \u001bothers'];
    const end = watching(run, registry);
    await run.clock.advance(3_000);
    registry.hidden = ['keys of \u001bothers', 'leases'];
    await run.clock.advance(3_000);
    expect(run.said()).toBe('some were not read\nIncomplete: keys of \\eothers\nIncomplete: leases\n');
    run.abort.abort();
    await end;
  });

  it('prints a table, then lines, at a terminal', async () => {
    const run = await aRun({ color: 'never' }, true, true);
    const registry = new LeaseRegistry(run.clock);
    registry.add(aLease());
    const end = watching(run, registry);
    await run.clock.advance(1_000);
    const [head, row, line] = run.lines();
    expect(head).toMatch(/^LEASE +TTL LEFT/);
    expect(row).toMatch(/^694d8c1f2a3b4c2d +14s/);
    expect(line).toMatch(/^\d\d:\d\d:\d\d {2}694d8c1f2a3b4c2d {2}13s\/15s {6}payments\/i-39$/);
    expect(run.said()).toContain('1 lease in etcd, rev 7\n');
    run.abort.abort();
    await end;
  });

  it('has one header in a pipe', async () => {
    const run = await aRun({ output: 'tsv', headers: true });
    const registry = new LeaseRegistry(run.clock);
    registry.add(aLease());
    const end = watching(run, registry);
    await run.clock.advance(2_000);
    expect(run.lines().map((line) => line.split('\t')[1])).toEqual(['type', 'listed', 'left', 'left']);
    run.abort.abort();
    await end;
  });
});

describe('observing', () => {
  const observe = async (run: Run, registry: LeaseRegistry, flags: LeaseFlags) => {
    const answer = listLeases(run.invocation, registry.handle, leaseQuestion(flags), flags);
    answer.catch(() => undefined);
    return answer;
  };

  it('lists twice, and tells who renews', async () => {
    const run = await aRun({ output: 'tsv' }, false);
    const registry = new LeaseRegistry(run.clock);
    registry.add(
      aLease({ id: 'a', leftSeconds: 14 }),
      aLease({ id: 'b' }),
      aLease({ id: 'c', grantedSeconds: 60, leftSeconds: 59 }),
    );
    const answer = observe(run, registry, { observe: '10s', fields: 'lease,leftSeconds,renewed' });
    await run.clock.advance(5_000);
    registry.renew('a');
    registry.add(aLease({ id: 'd' }));
    await run.clock.advance(5_000);
    await answer;
    expect(registry.asked).toEqual(['0 list', '10 list']);
    expect(run.lines()).toEqual(['b\t4\tfalse', 'd\t9\t', 'a\t10\ttrue', 'c\t49\t']);
    expect(run.said()).toBe('some were not read\n');
  });

  it('judges nobody by two lists of different leaders, and says so', async () => {
    const run = await aRun({ output: 'tsv' }, false);
    const registry = new LeaseRegistry(run.clock);
    registry.add(aLease({ id: 'a', leftSeconds: 2 }));
    const answer = observe(run, registry, { observe: '10s', fields: 'lease,leftSeconds,renewed' });
    await run.clock.advance(1_000);
    registry.renew('a');
    registry.epoch = '3';
    await run.clock.advance(9_000);
    await answer;
    expect(run.lines()).toEqual(['a\t6\t']);
    expect(run.said()).toContain('etcd has a new leader');
  });

  it('ends at once when it is stopped', async () => {
    const run = await aRun({ output: 'json' }, false);
    const registry = new LeaseRegistry(run.clock);
    const answer = observe(run, registry, { observe: '10h' });
    await run.clock.advance(1_000);
    run.abort.abort();
    await expect(answer).rejects.toMatchObject({ code: 'E_ABORTED' });
    expect(registry.asked).toEqual(['0 list']);
  });

  it('needs a time that is long enough to tell anything', () => {
    expect(() => leaseQuestion({ observe: '500ms' })).toThrow('--observe 500ms is too short');
    expect(() => leaseQuestion({ expiring: '10' })).toThrow('--expiring 10 has no unit');
    expect(() => leaseQuestion({ service: '' })).toThrow('--service is empty');
  });
});

it('leases whose keys nobody knows are no orphans, and are counted', async () => {
  const run = await aRun({ output: 'name' }, false);
  const registry = new LeaseRegistry(run.clock, false);
  const hidden = { bindings: [], knowsBindings: false };
  registry.add(
    aSession(),
    aSession({ id: 'other' }),
    aCheck({ id: 'node', bindings: [] }),
    aLease({ id: 'h', ...hidden }),
    aCheck(),
  );
  const flags: LeaseFlags = { orphans: true };
  await listLeases(run.invocation, registry.handle, leaseQuestion(flags), flags);
  expect(run.lines()).toEqual(['node@node-2']);
  expect(run.said()).toContain('2 sessions left out: a list does not ask what a session holds');
  expect(run.said()).toContain('1 lease left out: its keys may not be seen.');
});
