import { describe, expect, it } from 'vitest';
import { holdsSame } from '../../src/lib/registry/consul/session-locks.js';
import { isSessionId, secondsOfTtl, toSession } from '../../src/lib/registry/consul/sessions.js';
import { isTtlCheck, toTtlCheck, type NamedCheck } from '../../src/lib/registry/consul/ttl-checks.js';
import { notRevoked } from '../../src/lib/registry/consul/read-ttl-check.js';
import { anInstance } from '../support/builders.js';

const SESSION = 'd027ef9c-4038-313a-5f92-86c111f823c7';

function aCheck(overrides: Partial<NamedCheck> = {}): NamedCheck {
  return {
    id: 'service:order-1',
    name: 'kept alive by sdctl',
    type: 'ttl',
    health: 'passing',
    output: '',
    notes: '',
    node: 'n1',
    service: 'order',
    serviceId: 'order-1',
    ...overrides,
  };
}

describe('TTLs of sessions', () => {
  it.each([
    ['15s', 15],
    ['1m30s', 90],
    ['1h0m0s', 3_600],
    ['24h', 86_400],
    ['1.5m', 90],
    ['.5h', 1_800],
    ['15000ms', 15],
    ['15000000us', 15],
    ['15000000\u00b5s', 15],
    ['15000000\u03bcs', 15],
    ['15000000000ns', 15],
    ['10.25s', 10.25],
  ])('%s is %d seconds', (text, seconds) => {
    expect(secondsOfTtl(text)).toBe(seconds);
  });

  it.each(['', '0s', '15', 's', '15x', '-15s', '15s ', '1m 30s', '1e3s', '1..5s', '∞'])(
    '"%s" is none',
    (text) => {
      expect(secondsOfTtl(text)).toBeNull();
    },
  );

  it('does not take long over a long text', () => {
    const startedMs = performance.now();
    expect(secondsOfTtl('1'.repeat(100_000))).toBeNull();
    expect(secondsOfTtl(`${'1'.repeat(100_000)}s`)).toBeNull();
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });
});

describe('records of sessions', () => {
  it('tells them by their form', () => {
    expect(isSessionId(SESSION)).toBe(true);
    expect(isSessionId(SESSION.toUpperCase())).toBe(true);
    for (const id of ['', 'service:order-1', SESSION.slice(1), `${SESSION}0`, SESSION.replace('d', 'z')]) {
      expect(isSessionId(id)).toBe(false);
    }
  });

  it('reads what Consul writes', () => {
    const raw = {
      ID: SESSION,
      Name: 'leader',
      Node: 'n1',
      LockDelay: 15e9,
      Behavior: 'delete',
      TTL: '1m30s',
    };
    expect(toSession(raw)).toEqual({
      kind: 'session',
      id: SESSION,
      node: 'n1',
      name: 'leader',
      grantedSeconds: 90,
      leftSeconds: null,
      isOverdue: false,
      isRenewed: null,
      health: null,
      output: null,
      onEnd: 'delete',
      bindings: [],
      knowsBindings: false,
    });
    expect(toSession({ ...raw, Behavior: 'release', TTL: '', Name: '' })).toMatchObject({
      grantedSeconds: null,
      onEnd: 'release',
      name: null,
    });
  });

  it('takes no part of another type for what it should be', () => {
    for (const value of [null, 7, [], 'x', {}, { ID: '' }, { ID: 7 }]) expect(toSession(value)).toBeNull();
    expect(toSession({ ID: SESSION, Name: 7, Node: null, Behavior: 'explode', TTL: 15 })).toMatchObject({
      id: SESSION,
      name: null,
      node: null,
      onEnd: null,
      grantedSeconds: null,
    });
  });

  it('compares what two readings hold, whatever the order', () => {
    const holding = (...keys: string[]): Parameters<typeof holdsSame>[0] => ({
      bindings: keys.map((key) => ({
        kind: 'lock',
        key,
        isBinaryKey: false,
        name: null,
        instance: null,
        layout: null,
      })),
    });
    expect(holdsSame(holding('a', 'b'), holding('b', 'a'))).toBe(true);
    expect(holdsSame(holding(), holding())).toBe(true);
    expect(holdsSame(holding('a'), holding('a', 'b'))).toBe(false);
    expect(holdsSame(holding('a,b'), holding('a', 'b'))).toBe(false);
  });
});

describe('records of TTL checks', () => {
  const instance = anInstance({
    node: 'n1',
    key: null,
    lease: { id: 'service:order-1', ttlSeconds: 30, leftSeconds: null },
  });

  it('knows them by type, or by the id of sdctl where there is no type', () => {
    expect(isTtlCheck(aCheck())).toBe(true);
    expect(isTtlCheck(aCheck({ id: 'mem', serviceId: '' }))).toBe(true);
    expect(isTtlCheck(aCheck({ type: '' }))).toBe(true);
    expect(isTtlCheck(aCheck({ type: 'http' }))).toBe(false);
    expect(isTtlCheck(aCheck({ type: '', id: 'mem' }))).toBe(false);
    expect(isTtlCheck(aCheck({ type: '', id: 'service:', serviceId: '' }))).toBe(false);
  });

  it('binds the instance and takes the TTL that sdctl wrote', () => {
    expect(toTtlCheck(aCheck(), instance)).toEqual({
      kind: 'ttl-check',
      id: 'service:order-1',
      node: 'n1',
      name: 'kept alive by sdctl',
      grantedSeconds: 30,
      leftSeconds: null,
      isOverdue: false,
      isRenewed: null,
      health: 'passing',
      output: '',
      onEnd: null,
      bindings: [
        {
          kind: 'instance',
          key: null,
          isBinaryKey: false,
          name: { service: 'order', id: 'order-1', node: 'n1' },
          instance,
          layout: 'sdctl',
        },
      ],
      knowsBindings: true,
    });
  });

  it('does not give the TTL of one check to another of the same instance', () => {
    expect(toTtlCheck(aCheck({ id: 'backup' }), instance).grantedSeconds).toBeNull();
    const other = { ...instance, lease: { id: 'backup', ttlSeconds: 30, leftSeconds: null } };
    expect(toTtlCheck(aCheck(), other).grantedSeconds).toBe(30);
    expect(toTtlCheck(aCheck(), { ...instance, lease: null }).grantedSeconds).toBeNull();
  });

  it('keeps the binding of an instance that was not read; a check of the node has none', () => {
    const bare = toTtlCheck(aCheck(), null);
    expect(bare.bindings).toMatchObject([{ name: { id: 'order-1' }, instance: null, layout: null }]);
    expect(bare).toMatchObject({ grantedSeconds: null, knowsBindings: true });
    const ofNode = toTtlCheck(aCheck({ service: '', serviceId: '' }), null);
    expect(ofNode).toMatchObject({ bindings: [], knowsBindings: true });
    expect(toTtlCheck(aCheck({ service: '' }), null)).toMatchObject({ bindings: [], knowsBindings: false });
  });

  it('is overdue only when nobody renewed it', () => {
    const output = 'TTL expired (last output before timeout follows): fine';
    expect(toTtlCheck(aCheck({ health: 'critical', output }), null)).toMatchObject({
      isOverdue: true,
      output,
    });
    expect(toTtlCheck(aCheck({ health: 'critical', output: 'no disk' }), null).isOverdue).toBe(false);
    expect(toTtlCheck(aCheck({ output }), null).isOverdue).toBe(false);
  });

  it('says how to remove it in place of a revocation', () => {
    const hintOf = (check: NamedCheck): string | undefined => notRevoked(toTtlCheck(check, null)).hint;
    expect(hintOf(aCheck())).toBe('sdctl deregister order/order-1@n1');
    expect(hintOf(aCheck({ serviceId: 'a/b@c' }))).toBe('sdctl deregister order/a%2Fb%40c@n1');
    expect(hintOf(aCheck({ service: "it's; reboot" }))).toBe(
      "sdctl deregister 'it'\\''s; reboot/order-1@n1'",
    );
    const ofNode = notRevoked(toTtlCheck(aCheck({ id: 'disk', service: '', serviceId: '' }), null));
    expect(ofNode).toMatchObject({ code: 'E_USAGE', exitCode: 2, hint: undefined });
    expect(ofNode.why).toContain('node n1');
  });
});
