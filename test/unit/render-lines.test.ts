import { describe, expect, it } from 'vitest';
import { SdctlError } from '../../src/lib/errors.js';
import type { MembershipEvent } from '../../src/lib/model/membership.js';
import { defectText, errorText } from '../../src/lib/render/error-text.js';
import { eventFields, eventLine, eventTsv, subjectWidth } from '../../src/lib/render/event-lines.js';
import { clockText } from '../../src/lib/render/local-time.js';
import { registrationLines } from '../../src/lib/render/registration-lines.js';
import { listSummary, originText, partialLine, undecodedLines } from '../../src/lib/render/summary-lines.js';
import {
  anError,
  anInstance,
  aSnapshot,
  anUndecoded,
  at,
  aView,
  hostile,
  LEAK,
  membershipEvents,
  registrationEvents,
} from './render-samples.js';

const origin = { context: 'prod-eu', backend: 'etcd' };
const base = { at, revision: '48102' };
const refused = new SdctlError('E_UNREACHABLE', 'https://10.0.0.5:2379 refused');
const instance = anInstance();
const snapshot = aSnapshot([instance, anInstance({ id: 'b', health: 'critical' })]);

function line(event: MembershipEvent, service: string | null = 'checkout'): string {
  const text = eventLine(event, { service }, aView());
  expect(text.startsWith(`${clockText(at)}  `)).toBe(true);
  return text.slice(10);
}

describe('watch lines', () => {
  it('say what happened', () => {
    expect(line({ ...base, type: 'synced', snapshot })).toBe(
      'synced   checkout          2 instances (● 1  ✖ 1) at rev 48102',
    );
    expect(
      line({ ...base, type: 'synced', snapshot: aSnapshot([], { service: null, partial: true }) }, null),
    ).toBe('synced   -                 0 instances of 0 services at rev 48102; access rules hide a part');
    expect(line({ ...base, type: 'joined', instance, resync: false })).toBe(
      'joined   checkout/i-7f3a   http://10.0.4.17:8080',
    );
    expect(
      line({
        ...base,
        type: 'joined',
        instance: anInstance({ endpoints: [], health: 'critical' }),
        resync: true,
      }),
    ).toBe('joined   checkout/i-7f3a   no endpoint critical, found after reconnect');
    expect(line({ ...base, type: 'stale', cause: refused, attempt: 2, retryInMs: 1_800 })).toBe(
      'stale    checkout          https://10.0.0.5:2379 refused; retry 2 in 1.8s',
    );
    expect(line({ ...base, type: 'stale', cause: refused, attempt: 1, retryInMs: 87.4 })).toBe(
      'stale    checkout          https://10.0.0.5:2379 refused; retry in 87ms',
    );
  });

  it.each([
    ['deleted', {}, 'key deleted'],
    ['deleted', { key: null }, 'deregistered'],
    ['expired', {}, 'expired, not renewed in time'],
    ['resync', {}, 'found missing after reconnect'],
    ['unknown', {}, 'lease ended'],
    ['unknown', { lease: null }, 'gone, the registry does not say why'],
  ] as const)('say why one left: %s %j', (reason, change, words) => {
    const text = line({ ...base, type: 'left', instance: anInstance(change), reason, resync: false });
    expect(text).toBe(`left     checkout/i-7f3a   ${words}`);
  });

  it.each([
    [{ health: 'warning', healthReason: 'renewal 4s late' }, 'passing → warning: renewal 4s late'],
    [{ version: '1.8.3', weight: null }, 'version 1.8.2 → 1.8.3; weight 10 → -'],
    [
      { endpoints: [{ protocol: 'tcp', address: '::1', port: 1 }] },
      'endpoint http://10.0.4.17:8080 → tcp://[::1]:1',
    ],
    [{ metadata: { team: 'b', x: '1' }, tags: [] }, 'tags canary → -; metadata team, x'],
    [{ lease: { id: 'ab', ttlSeconds: null, leftSeconds: null } }, 'lease 694d8c1f2a3b4c0c → ab'],
    [{ lease: { id: '694d8c1f2a3b4c0c', ttlSeconds: 30, leftSeconds: 2 }, revision: '2' }, 'written again'],
    [{ owner: null, registeredAt: null }, 'another process registered it; registered again'],
  ] as const)('say what changed: %j', (change, words) => {
    const event = {
      ...base,
      type: 'updated',
      instance: anInstance(change),
      previous: instance,
      resync: false,
    } as const;
    expect(line(event)).toBe(`updated  checkout/i-7f3a   ${words}`);
  });

  it('are ASCII and coloured where asked to', () => {
    const event: MembershipEvent = {
      ...base,
      type: 'updated',
      instance: anInstance({ health: 'warning' }),
      previous: instance,
      resync: true,
    };
    expect(eventLine(event, { service: null }, aView({ ascii: true }))).toContain(
      'passing -> warning, found after reconnect',
    );
    expect(eventLine(event, { service: null }, aView({ color: true }))).toContain(
      '→ \x1b[33mwarning\x1b[39m',
    );
  });

  it('use words in a plain view', () => {
    const event: MembershipEvent = { ...base, type: 'synced', snapshot };
    expect(eventLine(event, { service: null }, aView({ plain: true }))).toContain('(1 passing, 1 critical)');
    const updated: MembershipEvent = {
      ...base,
      type: 'updated',
      instance: anInstance({ health: 'warning' }),
      previous: instance,
      resync: false,
    };
    expect(eventLine(updated, { service: null }, aView({ plain: true }))).toContain('passing to warning');
  });

  it('widen the subject for long names up to a limit', () => {
    expect(subjectWidth(snapshot)).toBe(16);
    expect(subjectWidth(aSnapshot([anInstance({ id: 'i'.repeat(20) })]))).toBe(29);
    expect(subjectWidth(aSnapshot([anInstance({ id: 'i'.repeat(200) })]))).toBe(48);
  });

  it('have fixed fields in tsv', () => {
    expect(eventFields.map((field) => field.key).join(' ')).toBe(
      'at type service instance detail revision health node resync',
    );
    const events: MembershipEvent[] = [
      { ...base, type: 'synced', snapshot },
      { ...base, type: 'joined', instance, resync: false },
      {
        ...base,
        type: 'updated',
        instance: anInstance({ zone: null, version: '2' }),
        previous: instance,
        resync: true,
      },
      { ...base, type: 'left', instance, reason: 'expired', resync: false },
      { ...base, type: 'stale', cause: refused, attempt: 1, retryInMs: 100 },
    ];
    expect(events.map((event) => eventTsv(event, { service: 'checkout' })).join('')).toBe(
      [
        `${at}\tsynced\tcheckout\t\t2\t48102\t\t\t`,
        `${at}\tjoined\tcheckout\ti-7f3a\thttp://10.0.4.17:8080\t48102\tpassing\t\tfalse`,
        `${at}\tupdated\tcheckout\ti-7f3a\tversion,zone\t48102\tpassing\t\ttrue`,
        `${at}\tleft\tcheckout\ti-7f3a\texpired\t48102\tpassing\t\tfalse`,
        `${at}\tstale\tcheckout\t\tE_UNREACHABLE\t48102\t\t\t`,
        '',
      ].join('\n'),
    );
  });
});

describe('registration lines', () => {
  const common = { at, instance, leaseId: '694d8c1f2a3b4c0c' };
  const options = { ...origin, onLost: 'restore' } as const;

  it('say where it is registered and how it is kept', () => {
    const lines = registrationLines(
      { ...common, type: 'registered', ttlSeconds: 30, deregisterAfterSeconds: null },
      options,
      aView(),
    );
    expect(lines).toEqual([
      'Registered checkout/i-7f3a (http://10.0.4.17:8080) in prod-eu (etcd, layout sdctl).',
      'Lease 694d8c1f2a3b4c0c, TTL 30s, renewed every 10s. Press Ctrl-C to deregister and stop.',
    ]);
    const consul = registrationLines(
      { ...common, type: 'registered', ttlSeconds: 30, deregisterAfterSeconds: 600 },
      options,
      aView(),
    );
    expect(consul[2]).toBe('Without renewals it turns critical after 30s and is removed 10m later.');
  });

  it('tell late, renewed, lost, restored and deregistered apart', () => {
    const clock = clockText(at);
    expect(
      registrationLines({ ...common, type: 'late', leftSeconds: 21, cause: refused }, options, aView()),
    ).toEqual([`${clock}  late: https://10.0.0.5:2379 refused; 21s left`]);
    expect(
      registrationLines({ ...common, type: 'late', leftSeconds: 0, cause: refused }, options, aView())[0],
    ).toMatch(/the TTL has passed, it may be gone$/);
    expect(
      registrationLines({ ...common, type: 'renewed', ttlSeconds: 30, afterLate: false }, options, aView()),
    ).toEqual([]);
    expect(
      registrationLines({ ...common, type: 'renewed', ttlSeconds: 30, afterLate: true }, options, aView()),
    ).toEqual([`${clock}  renewed; membership was not lost`]);
    expect(registrationLines({ ...common, type: 'lost', why: 'lease expired' }, options, aView())).toEqual([
      `${clock}  lost: lease expired; registering again`,
    ]);
    expect(
      registrationLines(
        { ...common, type: 'lost', why: 'lease expired' },
        { ...options, onLost: 'exit' },
        aView(),
      ),
    ).toEqual([`${clock}  lost: lease expired`]);
    expect(
      registrationLines(
        { ...common, type: 'restored', ttlSeconds: 30, previousLeaseId: 'ab', previous: null },
        options,
        aView(),
      ),
    ).toEqual([
      `${clock}  restored: checkout/i-7f3a is registered again, lease 694d8c1f2a3b4c0c (was ab), TTL 30s`,
    ]);
    expect(
      registrationLines({ ...common, type: 'deregistered', outcome: 'removed' }, options, aView()),
    ).toEqual(['Deregistered checkout/i-7f3a.']);
  });
});

describe('summaries', () => {
  it('count, name the registry and its revision', () => {
    const counts = { services: 4, instances: 24, revision: '48211' };
    expect(listSummary(counts, origin, aView())).toBe(
      '4 services, 24 instances in prod-eu (etcd), rev 48211',
    );
    expect(
      listSummary({ ...counts, services: null, instances: 1 }, { ...origin, context: null }, aView()),
    ).toBe('1 instance in etcd, rev 48211');
    expect(partialLine(origin, aView())).toContain('prod-eu (etcd)');
    expect(originText({ context: 'a\nb', backend: 'etcd' }, aView())).toBe(String.raw`a\nb (etcd)`);
  });

  it('show what could not be read, not all of it', () => {
    expect(undecodedLines([], aView())).toEqual([]);
    expect(undecodedLines([anUndecoded('x')], aView())).toEqual([
      '1 entry could not be read:',
      '  x: x (128 B)',
    ]);
    const lines = undecodedLines(
      Array.from({ length: 9 }, () => anUndecoded('x')),
      aView(),
    );
    expect(lines).toHaveLength(7);
    expect(lines[6]).toBe('  and 4 more');
  });
});

describe('errors', () => {
  it('say what, why, what next and the code', () => {
    const error = new SdctlError('E_NOT_FOUND', 'no instance "i-7f3b" in checkout', {
      why: '6 instances exist; closest: i-7f3a',
      hint: 'sdctl list checkout',
    });
    expect(errorText(error, { color: true, command: 'list' })).toBe(
      [
        'Error: no instance "i-7f3b" in checkout',
        '  6 instances exist; closest: i-7f3a',
        '  Try: sdctl list checkout',
        '\x1b[2m  (E_NOT_FOUND, sdctl list --debug for details)\x1b[22m',
        '',
      ].join('\n'),
    );
    expect(errorText(new SdctlError('E_FAILED', 'no'), { color: false })).toBe(
      'Error: no\n  (E_FAILED, sdctl --debug for details)\n',
    );
  });

  it('never wrap or cut what is to be pasted', () => {
    const hint = `sdctl list ${'x'.repeat(5_000)}`;
    expect(errorText(new SdctlError('E_FAILED', 'no', { hint }), { color: false })).toContain(
      `  Try: ${hint}\n`,
    );
    const foreign = new SdctlError('E_FAILED', 'no', { hint: 'sdctl list é' });
    expect(errorText(foreign, { color: false })).toContain('Try:');
    expect(errorText(foreign, { color: false, ascii: true })).not.toContain('Try:');
  });

  it('call a defect a defect, once', () => {
    const shown =
      'sdctl hit a defect: boom\n  Please report it with /tmp/x\n  (E_DEFECT, sdctl list --debug for details)\n';
    const options = { color: false, command: 'list', crashFile: '/tmp/x' };
    expect(defectText(new Error('boom'), options)).toBe(shown);
    expect(defectText(new SdctlError('E_DEFECT', 'sdctl hit a defect: boom'), options)).toBe(shown);
    expect(defectText(new TypeError(''), { color: false, crashFile: null })).toMatch(
      /^sdctl hit a defect: TypeError\n {2}\(E_/,
    );
  });
});

describe.each(Object.entries(hostile))('%s in every text', (_name, text) => {
  it.each([false, true])('stays on its line (ascii %s)', (ascii) => {
    const view = aView({ ascii });
    const hostileOrigin = { context: text, backend: text };
    const lines = [
      ...membershipEvents(text).map((event) => eventLine(event, { service: text }, view)),
      ...registrationEvents(text).flatMap((event) =>
        registrationLines(event, { ...hostileOrigin, onLost: 'exit' }, view),
      ),
      ...undecodedLines([anUndecoded(text)], view),
      partialLine(hostileOrigin, view),
      listSummary({ services: 1, instances: 1, revision: text }, hostileOrigin, view),
    ];
    for (const line of lines) {
      // Free text keeps the joiners of scripts and emoji.
      expect(line.replaceAll('\u200d', '')).not.toMatch(LEAK);
      expect(line).not.toMatch(/[\n\t]/);
      if (ascii) expect(line).toMatch(/^[\x20-\x7e]*$/);
    }
    const error = errorText(anError(text), { color: false, ascii, command: text });
    expect(error.replaceAll('\u200d', '')).not.toMatch(LEAK);
    expect(error.split('\n').length).toBeLessThanOrEqual(5);
    expect(defectText(new Error(text), { color: false, ascii, crashFile: text }).split('\n')).toHaveLength(4);
  });

  it('keeps the tabs of tsv', () => {
    for (const event of membershipEvents(text)) {
      const row = eventTsv(event, { service: text });
      expect(row.split('\t')).toHaveLength(eventFields.length);
      expect(row.slice(0, -1)).not.toMatch(/\n/);
      expect(row).not.toMatch(LEAK);
    }
  });
});
