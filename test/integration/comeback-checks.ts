/** What has to be said and what has to stand in etcd after a removal, whatever the framework. */
import type { Etcd3 } from 'etcd3';
import { expect } from 'vitest';
import { uniqueName } from '../support/builders.js';
import type { Imitated, Store, Write } from '../support/imitators/imitated.js';
import { deregister, itemOf } from '../support/removal-runs.js';

/** What a process of a framework does after a removal, and what is said about it. */
export interface Habit {
  readonly what: string;
  readonly start: (etcd: Store, service: string) => Promise<Imitated>;
  /** Where its services stand. */
  readonly root: string;
  /** What is said about its habit beforehand. */
  readonly says: string;
  /** Default: the last part of the key. */
  readonly id?: string;
  /** It looks at intervals, and has to have looked. */
  readonly checks?: true;
  /** How it is back. */
  readonly key?: 'same' | 'new';
  readonly lease?: 'same' | 'new';
  readonly withinSeconds?: number;
  /** The default look; 3 unless told. */
  readonly lookSeconds?: number;
}

/** One habit on one server. */
export interface Situation {
  readonly etcd: Store;
  readonly client: Etcd3;
  readonly habit: Habit;
  readonly how: 'delete' | 'revoke';
}

/** A process and the removal of its entry. */
interface Removal {
  readonly process: Imitated;
  readonly name: string;
  readonly service: string;
  readonly before: Write;
  readonly run: Awaited<ReturnType<typeof deregister>>;
}

/** Starts a process, removes its entry, and checks while it still lives. */
async function removal(
  { etcd, habit, how }: Situation,
  flags: readonly string[],
  check: (removal: Removal) => Promise<void>,
): Promise<void> {
  const service = uniqueName('order');
  using process = await habit.start(etcd, service);
  const before = process.entryOf(service);
  const name = `${service}/${habit.id ?? before.key.split('/').at(-1) ?? ''}`;
  const server = ['--backend', 'etcd', '--server', etcd.url, '--prefix', habit.root];
  const run = await deregister([name, '--how', how, ...server, ...flags]);
  await check({ process, name, service, before, run });
}

/** Both forms at once, each with a process of its own. */
async function inBothForms(
  situation: Situation,
  forPeople: (removal: Removal) => Promise<void>,
  forPrograms: (removal: Removal) => Promise<void>,
): Promise<void> {
  await Promise.all([removal(situation, [], forPeople), removal(situation, ['-o', 'json'], forPrograms)]);
}

/** It is gone, and the program says so with 0. */
export async function checkGone(situation: Situation): Promise<void> {
  const { client, habit, how } = situation;
  const { lookSeconds = 3 } = habit;
  const check = async ({ process, before, run }: Removal): Promise<void> => {
    expect([run.ended.code, run.stderr]).toEqual([0, expect.stringContaining(habit.says)]);
    expect(run.stderr).toContain(`Gone, and still gone after ${lookSeconds}s.`);
    expect(await client.get(before.key).exec()).toMatchObject({ kvs: [] });
    expect(process.writes.findLast(({ key }) => key === before.key)).toBe(before);
    if (habit.checks === true) expect(process.checks).toBe(1);
    // A process that lost its key alone does not notice, and renews.
    expect(await isAlive(client, before.lease)).toBe(how === 'delete');
  };
  await inBothForms(
    situation,
    async (removed) => {
      expect(removed.run.stdout).toBe(`${removed.name}\n`);
      await check(removed);
    },
    async (removed) => {
      const item = itemOf(removed.run);
      expect(item).toMatchObject({ outcome: 'removed', how, error: null, comeback: null });
      expect(item.goneForSeconds).toBeGreaterThanOrEqual(lookSeconds);
      expect(item.goneForSeconds).toBeLessThan(lookSeconds + 2);
      await check(removed);
    },
  );
}

/** It is back, and the program says so with 6: after how long, and where. */
export async function checkBack(situation: Situation): Promise<void> {
  const { client, habit, how } = situation;
  const check = async ({ process, service, name, before, run }: Removal): Promise<Write> => {
    expect([run.ended.code, run.stderr]).toEqual([6, expect.stringContaining(habit.says)]);
    expect(run.stderr).toMatch(new RegExp(`^Error: ${escaped(name)} came back after \\d+m?s$`, 'm'));
    expect(run.stderr).not.toContain('still gone');
    const after = process.entryOf(service);
    expect(after.key !== before.key).toBe(habit.key === 'new');
    expect(after.lease !== before.lease).toBe(habit.lease === 'new');
    const [kv] = (await client.get(after.key).exec()).kvs;
    expect([kv?.value.toString(), kv?.lease]).toEqual([after.value, after.lease]);
    if (habit.key === 'new') expect(await client.get(before.key).exec()).toMatchObject({ kvs: [] });
    return after;
  };
  await inBothForms(
    situation,
    async (removed) => {
      const after = await check(removed);
      expect(removed.run.stdout).toBe(`${removed.name}\n`);
      expect(removed.run.stderr).toContain(`  ${reasonOf(habit, after)}\n`);
    },
    async (removed) => {
      const after = await check(removed);
      const item = itemOf(removed.run);
      expect(item).toMatchObject({
        outcome: 'came-back',
        how,
        goneForSeconds: null,
        error: { code: 'E_CAME_BACK', why: reasonOf(habit, after) },
        comeback: { entry: { key: after.key, lease: { idDecimal: after.lease }, owner: null } },
      });
      expect(item.comeback?.afterSeconds).toBeLessThan(habit.withinSeconds ?? 0);
    },
  );
}

/** Where it is back, in the words of the program. */
function reasonOf({ key, lease }: Habit, after: Write): string {
  const hex = BigInt(after.lease).toString(16).padStart(16, '0');
  const parts = [
    ...(key === 'new' ? [`under another key, ${after.key}`] : []),
    ...(lease === 'new' ? [`under lease ${hex}`] : []),
    'the process is still running',
  ];
  return parts.join('; ');
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

async function isAlive(client: Etcd3, lease: string): Promise<boolean> {
  const { TTL } = await client.leaseClient.leaseTimeToLive({ ID: lease });
  return Number(TTL) > 0;
}
