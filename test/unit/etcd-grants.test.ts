import type { IPermission } from 'etcd3/lib/rpc.js';
import { describe, expect, it } from 'vitest';
import { SdctlError, type ErrorCode } from '../../src/lib/errors.js';
import type { Calls, CallLimits } from '../../src/lib/registry/etcd/calls.js';
import { grantedRanges } from '../../src/lib/registry/etcd/grants.js';

const limits: CallLimits = { signal: new AbortController().signal, timeoutMs: 1_000 };

/** As etcd names them on the wire; its types write them with small letters. */
type Right = readonly [type: 'READ' | 'WRITE' | 'READWRITE' | 'Read' | 'Write', key: string, end: string];

interface Asked {
  readonly calls: Calls;
  readonly users: string[];
  readonly roles: string[];
}

/** An etcd whose user has these roles. */
function etcdWith(roles: Readonly<Record<string, readonly Right[]>>): Asked {
  const asked = { users: [] as string[], roles: [] as string[] };
  const auth = {
    userGet: ({ name }: { readonly name: string }) => {
      asked.users.push(name);
      return Promise.resolve({ roles: Object.keys(roles) });
    },
    roleGet: ({ role }: { readonly role: string }) => {
      asked.roles.push(role);
      const perm = (roles[role] ?? []).map(([permType, key, end]) => ({
        permType: permType as IPermission['permType'],
        key: Buffer.from(key),
        range_end: Buffer.from(end),
      }));
      return Promise.resolve({ perm });
    },
  };
  const run = (_limits: object, attempt: (clients: object) => unknown): unknown => attempt({ auth });
  return { calls: { run } as unknown as Calls, ...asked };
}

/** Ranges as text: from - to. */
async function granted(calls: Calls): Promise<readonly string[]> {
  const ranges = await grantedRanges(calls, 'reader', () => limits);
  return ranges.map(({ key, range_end: end }) => `${key.toString()} - ${end.toString()}`);
}

describe('what the roles of a user grant', () => {
  it('is asked for the user and each of its roles, once', async () => {
    const { calls, users, roles } = etcdWith({ trade: [], audit: [] });
    expect(await granted(calls)).toEqual([]);
    expect(users).toEqual(['reader']);
    expect(roles).toEqual(['trade', 'audit']);
  });

  it('is what may be read, in order, and not what may only be written', async () => {
    const { calls } = etcdWith({
      trade: [
        ['READ', '/services/', '/services0'],
        ['WRITE', '/secret/', '/secret0'],
      ],
      audit: [['READWRITE', '/microservices/', '/microservices0']],
    });
    expect(await granted(calls)).toEqual(['/microservices/ - /microservices0', '/services/ - /services0']);
  });

  it('is understood however the rights are spelled', async () => {
    const { calls } = etcdWith({
      trade: [
        ['Read', '/a/', '/a0'],
        ['Write', '/b/', '/b0'],
      ],
    });
    expect(await granted(calls)).toEqual(['/a/ - /a0']);
  });

  it('is joined over all roles where it touches or overlaps', async () => {
    const { calls } = etcdWith({
      one: [
        ['READ', 'c', 'e'],
        ['READ', 'a', 'b'],
        ['READ', 'x', 'z'],
      ],
      two: [
        ['READWRITE', 'b', 'c'],
        ['READ', 'y', 'yy'],
        ['READ', 'f', 'g'],
      ],
    });
    expect(await granted(calls)).toEqual(['a - e', 'f - g', 'x - z']);
  });

  it('holds a single key as a range of its own, which may join others', async () => {
    const { calls } = etcdWith({
      one: [
        ['READ', '/services/order/1', ''],
        ['READ', 'b', ''],
        ['READ', 'b\0', 'c'],
      ],
    });
    expect(await granted(calls)).toEqual(['/services/order/1 - /services/order/1\0', 'b - c']);
  });

  it('goes to the end of the store where a right does', async () => {
    const { calls } = etcdWith({
      one: [
        ['READ', 'a', 'b'],
        ['READ', 'x', '\0'],
        ['READ', 'y', 'z'],
      ],
    });
    expect(await granted(calls)).toEqual(['a - b', 'x - \0']);
  });

  it('is nothing without roles', async () => {
    expect(await granted(etcdWith({}).calls)).toEqual([]);
  });
});

describe('where roles cannot be asked for', () => {
  const failing = (error: Error, role: string | null): Calls => {
    let calls = 0;
    const run = (): Promise<unknown> => {
      calls += 1;
      return role !== null && calls === 1 ? Promise.resolve({ roles: [role] }) : Promise.reject(error);
    };
    return { run } as unknown as Calls;
  };

  it.each<[ErrorCode, string | null]>([
    ['E_FORBIDDEN', null],
    ['E_FORBIDDEN', 'trade'],
    ['E_FAILED', null],
  ])('nothing is granted: %s', async (code, role) => {
    expect(await granted(failing(new SdctlError(code, 'no'), role))).toEqual([]);
  });

  it.each<[ErrorCode, string | null]>([
    ['E_TIMEOUT', null],
    ['E_UNREACHABLE', 'trade'],
    ['E_AUTH', null],
    ['E_ABORTED', 'trade'],
  ])('because etcd does not answer, that is the failure: %s', async (code, role) => {
    await expect(granted(failing(new SdctlError(code, 'no'), role))).rejects.toMatchObject({ code });
  });

  it('a defect stays one', async () => {
    await expect(granted(failing(new TypeError('a defect'), null))).rejects.toThrow(TypeError);
  });
});
