/** `lease inspect` and `lease revoke` on a registry that keeps one lease: what is refused, what is asked, what is said. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { inspectLease } from '../../src/lib/command/lease-inspect.js';
import { requireLeaseNames } from '../../src/lib/command/lease-lookup.js';
import { revokeOne, type RevokeFlags } from '../../src/lib/command/lease-revoke.js';
import type { FormatChoice } from '../../src/lib/command/choose-view.js';
import { SdctlError } from '../../src/lib/errors.js';
import type { LeaseName, LeaseRecord } from '../../src/lib/model/lease.js';
import type { RegistryHandle } from '../../src/lib/registry/types.js';
import { commandRun, type CommandRun } from '../support/command-run.js';
import { makeTempDir } from '../support/servers/lifetime.js';
import { aBinding, aCheck, aKey, aLease, aSession } from './lease-samples.js';
import { anInstance } from './render-samples.js';

const names: FormatChoice = { allowed: ['name', 'json', 'jsonl'], terminal: 'name', pipe: 'name' };
const several = aLease({ bindings: [aBinding(), aKey('undecoded', '/locks/cron'), aKey('unread', '/x')] });

interface Registry {
  readonly lease: LeaseRecord | null;
  readonly outcome?: 'revoked' | 'absent' | 'changed' | SdctlError;
}

/** Everything that was asked of the registry. */
type Asked = (LeaseName | LeaseRecord)[];

function handleOf({ lease, outcome = 'revoked' }: Registry, asked: Asked): RegistryHandle {
  const operations = {
    readLease: async (name: LeaseName) => {
      asked.push(name);
      const isIt = lease !== null && name.id === lease.id && (name.node === null || name.node === lease.node);
      return Promise.resolve(isIt ? lease : null);
    },
    revokeLease: async (seen: LeaseRecord) => {
      asked.push(seen);
      return typeof outcome === 'string' ? Promise.resolve(outcome) : Promise.reject(outcome);
    },
  };
  return { operations } as unknown as RegistryHandle;
}

interface Revoked extends CommandRun {
  readonly error: SdctlError | null;
  /** What was revoked. */
  readonly revoked: readonly LeaseRecord[];
  readonly audit: readonly Readonly<Record<string, unknown>>[];
}

async function revoke(
  registry: Registry,
  flags: RevokeFlags & { readonly output?: string } = { yes: true },
  options: { readonly id?: string; readonly backend?: string; readonly types?: string } = {},
): Promise<Revoked> {
  const { backend = 'etcd', types } = options;
  const state = makeTempDir('state');
  const run = await commandRun(
    { backend, output: flags.output },
    {
      formats: names,
      env: { SDCTL_STATE_DIR: state },
      ...(types === undefined ? {} : { isTerminal: true, types }),
    },
  );
  const asked: Asked = [];
  let error: SdctlError | null = null;
  try {
    const id = options.id ?? registry.lease?.id ?? 'ff';
    await revokeOne(run.invocation, handleOf(registry, asked), requireLeaseNames(run.invocation, id), flags);
  } catch (thrown) {
    if (!(thrown instanceof SdctlError)) throw thrown;
    error = thrown;
  }
  const revoked = asked.flatMap((each) => ('kind' in each ? [each] : []));
  return { ...run, error, revoked, audit: auditIn(state) };
}

function auditIn(state: string): readonly Readonly<Record<string, unknown>>[] {
  try {
    const text = readFileSync(path.join(state, 'audit.jsonl'), 'utf8');
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  } catch {
    return [];
  }
}

describe('revoking', () => {
  it('says what falls, then does it, then names it', async () => {
    const run = await revoke({ lease: aLease() });
    expect(run.error).toBeNull();
    expect(run.revoked).toEqual([aLease()]);
    expect(run.stdout()).toBe('694d8c1f2a3b4c2d\n');
    expect(run.stderr()).toBe(
      'Revoking 694d8c1f2a3b4c2d in etcd at http://127.0.0.1:1 removes 1 key: payments/i-39.\n',
    );
    expect(run.audit.map(({ command, target, key, outcome }) => ({ command, target, key, outcome }))).toEqual(
      [
        { command: 'lease revoke', target: '694d8c1f2a3b4c2d', key: null, outcome: 'revoked' },
        {
          command: 'lease revoke',
          target: 'payments/i-39',
          key: '/microservices/payments/i-39',
          outcome: 'revoked',
        },
      ],
    );
  });

  it('of several keys wants the id, in any form', async () => {
    for (const confirm of ['694d8c1f2a3b4c2d', '0x694D8C1F2A3B4C2D', 'dec:7587875012669557805']) {
      expect((await revoke({ lease: several }, { yes: true, confirm })).revoked).toHaveLength(1);
      expect((await revoke({ lease: several }, {}, { types: confirm })).revoked).toHaveLength(1);
    }
    const alone = await revoke({ lease: several });
    expect(alone.error).toMatchObject({
      code: 'E_CONFIRM',
      message: 'confirmation needed to remove 3 keys with lease 694d8c1f2a3b4c2d',
      hint: 'add --yes --confirm 694d8c1f2a3b4c2d',
    });
    const asked = await revoke({ lease: several }, {}, { types: 'y' });
    expect(asked.error?.code).toBe('E_CONFIRM');
    expect(asked.prompts).toEqual([
      'Revoke lease 694d8c1f2a3b4c2d in etcd at http://127.0.0.1:1? Type the id of the lease (694d8c1f2a3b4c2d) to go on: ',
    ]);
    expect([...alone.revoked, ...asked.revoked]).toEqual([]);
    expect([...alone.audit, ...asked.audit]).toEqual([]);
  });

  it('of at most one key wants a yes', async () => {
    for (const lease of [aLease(), aLease({ bindings: [] })]) {
      expect((await revoke({ lease }, {}, { types: 'y' })).revoked).toHaveLength(1);
      expect((await revoke({ lease }, {}, { types: '' })).revoked).toEqual([]);
    }
  });

  it('changes nothing as a dry run', async () => {
    const run = await revoke({ lease: several }, { 'dry-run': true, output: 'json' });
    expect(run.error).toBeNull();
    expect(JSON.parse(run.stdout())).toMatchObject({
      kind: 'RevokeResult',
      dryRun: true,
      items: [{ id: '694d8c1f2a3b4c2d', type: 'lease', keys: 3, outcome: 'planned' }],
    });
    expect(run.stderr()).toMatch(/removes 3 keys: .*\nDry run: nothing was removed\.\n$/);
    expect(run.revoked).toEqual([]);
    expect(run.audit).toEqual([]);
  });

  it('tells what became of it', async () => {
    const done = await revoke({ lease: aLease() }, { yes: true, output: 'jsonl' });
    expect(JSON.parse(done.stdout())).toMatchObject({
      kind: 'Revocation',
      outcome: 'revoked',
      services: ['payments'],
    });
    const absent = await revoke({ lease: aLease(), outcome: 'absent' }, { yes: true, output: 'json' });
    expect(absent.error).toBeNull();
    expect(absent.stderr()).toMatch(/694d8c1f2a3b4c2d was already gone\.\n$/);
    expect(JSON.parse(absent.stdout())).toMatchObject({ dryRun: false, items: [{ outcome: 'absent' }] });
    expect((await revoke({ lease: aLease(), outcome: 'absent' })).stdout()).toBe('');
    const changed = await revoke({ lease: aLease(), outcome: 'changed' });
    expect(changed.error).toMatchObject({
      code: 'E_CONFLICT',
      exitCode: 6,
      why: 'something else hangs on it by now',
      hint: 'sdctl lease inspect 694d8c1f2a3b4c2d',
    });
    expect(changed.audit.map(({ outcome }) => outcome)).toEqual(['changed']);
    const failed = await revoke({ lease: aLease(), outcome: new SdctlError('E_TIMEOUT', 'no answer') });
    expect(failed.error?.code).toBe('E_TIMEOUT');
    expect(failed.stderr()).toMatch(
      /Whether 694d8c1f2a3b4c2d has ended is not known: sdctl lease inspect tells\.\n$/,
    );
    const refused = await revoke({ lease: aLease(), outcome: new SdctlError('E_FORBIDDEN', 'not you') });
    expect(refused.stderr()).not.toContain('not known');
    expect(failed.audit.map(({ outcome, error }) => [outcome, error])).toEqual([
      ['failed', 'no answer'],
      ['failed', 'no answer'],
    ]);
  });

  it('knows no lease that the registry does not know', async () => {
    const run = await revoke({ lease: null }, { yes: true }, { id: 'dec:7587875012669557805' });
    expect(run.error).toMatchObject({
      code: 'E_NOT_FOUND',
      exitCode: 3,
      message: 'no lease 694d8c1f2a3b4c2d: expired or never granted',
    });
  });

  it.each([
    ['a TTL check', aCheck(), { exitCode: 2, hint: 'sdctl deregister payments/i-39@node-2' }],
    ['a TTL check of a node', aCheck({ bindings: [] }), { exitCode: 2, hint: undefined }],
    [
      'the state of another system',
      aLease({
        bindings: [aBinding(), aBinding({ instance: anInstance({ readOnly: true, layout: 'apisix' }) })],
      }),
      { exitCode: 2, why: /its layout apisix is read-only/ },
    ],
    [
      'keys that may not be seen',
      aLease({ knowsBindings: false }),
      { exitCode: 5, code: 'E_FORBIDDEN', why: /may not be seen/ },
    ],
  ])(
    'refuses %s, before it asks anything',
    async (_name, lease, { why, ...expected }: { why?: RegExp; exitCode: number }) => {
      for (const flags of [{}, { yes: true, confirm: lease.id }, { 'dry-run': true }]) {
        const run = await revoke({ lease }, flags, {
          types: 'y',
          backend: lease.kind === 'lease' ? 'etcd' : 'consul',
        });
        expect(run.error).toMatchObject(expected);
        if (why !== undefined) expect(run.error?.why).toMatch(why);
        expect([run.prompts, run.revoked, run.audit]).toEqual([[], [], []]);
      }
    },
  );

  it('offers only commands that a shell takes as they are meant', async () => {
    const hintFor = async (service: string) => {
      const binding = aBinding({ name: { service, id: 'b c', node: 'n' } });
      const lease = aCheck({ bindings: [binding] });
      return (await revoke({ lease }, { yes: true }, { backend: 'consul' })).error?.hint;
    };
    expect(await hintFor("a'; rm -rf ~; '$(id)")).toBe(
      String.raw`sdctl deregister 'a'\''; rm -rf ~; '\''$(id)/b c@n'`,
    );
    expect(await hintFor('-x')).toBe("sdctl deregister -- '-x/b c@n'");
  });

  it('warns of a session whose locks may not be seen, and wants its id', async () => {
    const session = aSession();
    const consul = { backend: 'consul' };
    const alone = await revoke({ lease: session }, { yes: true }, consul);
    expect(alone.error).toMatchObject({
      code: 'E_CONFIRM',
      message: `confirmation needed to remove session ${session.id}`,
    });
    const run = await revoke({ lease: session }, { yes: true, confirm: session.id }, consul);
    expect(run.revoked).toEqual([session]);
    expect(run.stderr()).toContain('releases what it holds.\nWhat hangs on it could not be seen.\n');
    const known = aSession({ knowsBindings: true, bindings: [aKey('lock', 'locks/cron')] });
    expect((await revoke({ lease: known }, { yes: true }, consul)).revoked).toEqual([known]);
  });
});

describe('an id', () => {
  it('of Consul is tried as a check of a node, then as it stands', async () => {
    const run = await commandRun({ backend: 'consul', output: 'name' });
    const asked: Asked = [];
    const lease = aCheck({ id: 'a@b', node: 'n' });
    await inspectLease(run.invocation, handleOf({ lease }, asked), requireLeaseNames(run.invocation, 'a@b'));
    expect(asked).toEqual([
      { id: 'a', node: 'b' },
      { id: 'a@b', node: null },
    ]);
    expect(run.stdout()).toBe('a%40b@n\n');
  });

  it('is read as it is printed, controls escaped', async () => {
    const lease = aCheck({ id: 'a\u001b\\b', node: 'n' });
    const run = await commandRun({ backend: 'consul', output: 'name' });
    const handle = handleOf({ lease }, []);
    await inspectLease(run.invocation, handle, requireLeaseNames(run.invocation, 'a\u001b\\b@n'));
    const printed = run.stdout().trimEnd();
    expect(printed).toBe(String.raw`a\e\\b@n`);
    await inspectLease(run.invocation, handle, requireLeaseNames(run.invocation, printed));
    expect(run.stdout()).toBe(`${printed}\n`.repeat(2));
  });

  it.each([
    ['etcd', 'x', /it is no number of 64 bits; valid: up to 16 hex digits/],
    ['etcd', 'dec:18446744073709551616', /it is larger than 18446744073709551615; valid: /],
    ['etcd', '', /it is empty/],
    ['consul', '', /it is empty; valid: the id of a session, CHECK@NODE, CHECK/],
  ])('of %s that is %j is refused', async (backend, id, why) => {
    const run = await commandRun({ backend });
    expect(() => requireLeaseNames(run.invocation, id)).toThrow(
      expect.objectContaining({ code: 'E_USAGE', why: expect.stringMatching(why) as string }) as Error,
    );
  });

  it('that Consul does not know is no lease', async () => {
    const run = await commandRun({ backend: 'consul' });
    const asking = inspectLease(run.invocation, handleOf({ lease: null }, []), [{ id: 'web', node: 'n' }]);
    await expect(asking).rejects.toMatchObject({
      code: 'E_NOT_FOUND',
      message: 'no TTL check or session "web" on node "n" in consul at http://127.0.0.1:1',
    });
  });
});

describe('inspecting', () => {
  const inspect = async (output: string, lease: LeaseRecord = several) => {
    const run = await commandRun({ output });
    await inspectLease(run.invocation, handleOf({ lease }, []), [{ id: lease.id, node: null }]);
    return run.stdout();
  };

  it('prints lines, fields, the name or a document', async () => {
    expect(await inspect('table')).toMatch(/^lease {5}694d8c1f2a3b4c2d {2}\(decimal 7587875012669557805\)\n/);
    expect(await inspect('tsv')).toMatch(/^lease\t694d8c1f2a3b4c2d\nkind\tlease\n/);
    expect(await inspect('name')).toBe('694d8c1f2a3b4c2d\n');
    expect(JSON.parse(await inspect('json'))).toMatchObject({ kind: 'Lease', type: 'lease', keys: 3 });
    expect((await inspect('jsonl')).split('\n')).toHaveLength(2);
    expect(await inspect('yaml')).toContain('kind: Lease\n');
  });
});
