import { SdctlError } from '../../src/lib/errors.js';
import {
  toService,
  type Instance,
  type Snapshot,
  type UndecodedEntry,
} from '../../src/lib/model/instance.js';
import type { MembershipEvent } from '../../src/lib/model/membership.js';
import type { RegistrationEvent } from '../../src/lib/model/registration.js';
import type { View } from '../../src/lib/render/view.js';

/** What anybody who may register can put into any text. */
export const hostile: Readonly<Record<string, string>> = {
  clipboard: 'a\x1b]52;c;cm0=\x07b',
  title: '\x1b]0;x\x1b\\',
  c1: '\u009b2J',
  carriageReturn: 'ok\rEVIL',
  backspace: 'abc\b\b',
  nul: 'a\0b',
  shiftOut: 'a\x0eb',
  del: 'a\x7fb',
  override: '\u202egnp.exe',
  isolate: 'a\u2066b',
  zeroWidth: 'pay\u200bments',
  bom: '\ufeffpay',
  tag: 'a\u{e0041}b',
  variation: '⚠\ufe0f',
  tower: 'e\u0301\u0302\u0303\u0304',
  surrogate: 'a\ud800b',
  privateUse: 'a\ue000b',
  lineSeparator: 'a\u2028b',
  long: 'x'.repeat(300),
  wide: '日本語',
  family: '👨\u200d👩\u200d👧',
  hebrew: 'שלום',
  newline: 'a\nError: forged',
  tab: 'a\tb',
  backslash: 'a\\nb',
};

/** Characters that must never reach a terminal or a pipe; tab and newline are layout. */
export const LEAK =
  /(?![\t\n])\p{Cc}|\p{Cs}|[\u00ad\u200b\u200d-\u200f\u2028-\u202e\u2060-\u206f\ufe0f\ufeff\ue000-\uf8ff]|[\u{e0000}-\u{e0fff}]/u;

export const at = '2026-03-02T10:38:10.551Z';
export const nowMs = Date.parse(at);

export function aView(change: Partial<View> = {}): View {
  return {
    format: 'table',
    width: 200,
    color: false,
    ascii: false,
    plain: false,
    headers: null,
    nowMs,
    ...change,
  };
}

export function anInstance(change: Partial<Instance> = {}): Instance {
  return {
    service: 'checkout',
    id: 'i-7f3a',
    endpoints: [{ protocol: 'http', address: '10.0.4.17', port: 8080 }],
    health: 'passing',
    healthReason: null,
    metadata: { team: 'pay' },
    tags: ['canary'],
    version: '1.8.2',
    weight: 10,
    zone: 'eu-west-1b',
    node: null,
    lease: { id: '694d8c1f2a3b4c0c', ttlSeconds: 30, leftSeconds: 11 },
    owner: { host: 'web-1', pid: 4711, started: '2026-03-02T10:00:00Z', run: 'r1' },
    registeredAt: '2026-03-02T10:36:00.000Z',
    key: '/services/checkout/i-7f3a',
    layout: 'sdctl',
    revision: '48102',
    checks: [],
    effectiveWeight: null,
    namespace: null,
    root: null,
    nodeChecks: [],
    warnings: [],
    readOnly: false,
    consul: null,
    ...change,
  };
}

/** An instance with one text in every field that holds text. */
export function anInstanceOf(text: string, change: Partial<Instance> = {}): Instance {
  return anInstance({
    service: text,
    id: text,
    endpoints: [
      { protocol: 'http', address: text, port: 8080 },
      { protocol: text, address: text, port: null },
    ],
    health: 'critical',
    healthReason: text,
    metadata: { [text]: text },
    tags: [text, text],
    version: text,
    zone: text,
    node: text,
    lease: { id: text, ttlSeconds: 30, leftSeconds: 3 },
    owner: { host: text, pid: 1, started: text, run: text },
    registeredAt: text,
    key: `/services/${text}`,
    layout: text,
    checks: [{ id: text, name: text, type: text, health: 'critical', output: text, notes: text }],
    ...change,
  });
}

export function anUndecoded(text: string): UndecodedEntry {
  return {
    key: text,
    isBinaryKey: false,
    service: text,
    reason: text,
    sizeBytes: 128,
    sha256: 'ab12cd34ef',
    leaseId: '694d8c1f2a3b4c0c',
  };
}

export function aSnapshot(instances: readonly Instance[], change: Partial<Snapshot> = {}): Snapshot {
  return {
    service: 'checkout',
    instances,
    undecoded: [],
    skipped: [],
    revision: '48102',
    takenAtMs: nowMs,
    partial: false,
    ...change,
  };
}

export function anError(text: string): SdctlError {
  return new SdctlError('E_UNREACHABLE', text, { why: text, hint: text, details: { text } });
}

/** One event of every type, with one text everywhere. */
export function membershipEvents(text: string): readonly MembershipEvent[] {
  const base = { at, revision: '48102' };
  const instance = anInstanceOf(text);
  const previous = anInstance({
    service: text,
    id: text,
    node: null,
    version: `${text}0`,
    metadata: { [`${text}1`]: text },
  });
  return [
    {
      ...base,
      type: 'synced',
      snapshot: aSnapshot([instance], { service: text, undecoded: [anUndecoded(text)] }),
    },
    { ...base, type: 'joined', instance, resync: true },
    { ...base, type: 'updated', instance, previous, resync: false },
    { ...base, type: 'left', instance, reason: 'deleted', resync: false },
    { ...base, type: 'stale', cause: anError(text), attempt: 2, retryInMs: 1_800 },
  ];
}

/** One step of every type, with one text everywhere. */
export function registrationEvents(text: string): readonly RegistrationEvent[] {
  const base = { at, instance: anInstanceOf(text), leaseId: text };
  return [
    { ...base, type: 'registered', ttlSeconds: 30, deregisterAfterSeconds: 600 },
    { ...base, type: 'renewed', ttlSeconds: 30, afterLate: true },
    { ...base, type: 'late', leftSeconds: 21, cause: anError(text) },
    { ...base, type: 'lost', why: text },
    { ...base, type: 'restored', ttlSeconds: 30, previousLeaseId: text, previous: anInstanceOf(text) },
    { ...base, type: 'deregistered', outcome: text },
  ];
}

export function servicesOf(instances: readonly Instance[]) {
  return [toService(instances[0]?.service ?? 'none', instances)];
}
