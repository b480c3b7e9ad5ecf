/** Entries as registries hold them, for the tests of the rules about data and health. */
import { decodeEntry } from '../../../src/lib/layouts/index.js';
import type { Examination, History, ProbeAnswer } from '../../../src/lib/doctor/types.js';
import { subjectOf, type Found, type Subject } from '../../../src/lib/model/finding.js';
import {
  instanceKey,
  type Check,
  type Instance,
  type SkippedEntry,
  type UndecodedEntry,
} from '../../../src/lib/model/instance.js';
import { anInstance } from '../../support/builders.js';
import { anExamination } from './premises.js';

/** A key of etcd, its value, and its lease: 16 hex digits, null for none. */
export type RawPair = readonly [key: string, value: string, lease?: string | null];

const LEASE = '694d000000000001';

/** An examination of an etcd that holds these keys, read as sdctl reads them. */
export function etcdWith(pairs: readonly RawPair[], change: Partial<Examination> = {}): Examination {
  const instances: Instance[] = [];
  const undecoded: UndecodedEntry[] = [];
  const skipped: SkippedEntry[] = [];
  pairs.forEach(([key, value, lease = LEASE], at) => {
    const bytes = { key: Buffer.from(key), value: Buffer.from(value) };
    const entry = decodeEntry({ ...bytes, leaseId: lease, revision: String(at + 1) }, { prefix: '' });
    if (entry.state === 'instance') instances.push(entry.instance);
    else if (entry.state === 'undecoded') undecoded.push(entry.entry);
    else if (entry.state === 'skipped') skipped.push(entry.entry);
  });
  const plain = anExamination(instances);
  return { ...plain, snapshot: { ...plain.snapshot, undecoded, skipped }, ...change };
}

/** A value of kratos. */
export function kratos(name: string, id: string, ...endpoints: readonly string[]): string {
  return JSON.stringify({ id, name, version: '', metadata: null, endpoints });
}

/** A check that passes. */
export function aCheck(change: Partial<Check> = {}): Check {
  const id = change.id ?? 'service:order-1';
  return { id, name: id, type: 'tcp', health: 'passing', output: '', notes: '', ...change };
}

/** A TTL check that nobody passed in time. */
export function expired(id: string): Check {
  const output = 'TTL expired (last output before timeout follows): all is well';
  return aCheck({ id, type: 'ttl', health: 'critical', output });
}

/** An instance of Consul, passing, with a check of its own; on node-1 unless told otherwise. */
export function onConsul(change: Partial<Instance> = {}): Instance {
  const id = change.id ?? 'order-1';
  return anInstance({
    id,
    node: 'node-1',
    key: null,
    lease: null,
    layout: 'consul-generic',
    checks: [aCheck({ id: `service:${id}` })],
    nodeChecks: [aCheck({ id: 'serfHealth', type: '' })],
    consul: { kind: null, external: false, managedBy: null, monitoredBy: null, alloc: null, rawTags: [] },
    ...change,
  });
}

/** The same, given up by its process. */
export function expiredOnConsul(change: Partial<Instance> = {}): Instance {
  const id = change.id ?? 'order-1';
  const check = expired(`service:${id}`);
  const lease = { id: check.id, ttlSeconds: 30, leftSeconds: null };
  return onConsul({ health: 'critical', healthReason: check.output, checks: [check], lease, ...change });
}

/** An examination of a Consul. */
export function consulWith(instances: readonly Instance[], change: Partial<Examination> = {}): Examination {
  return anExamination(instances, { backend: 'consul', ...change });
}

/** The address of an instance. */
export function at(
  address: string,
  port: number | null = 8_080,
  protocol: string | null = null,
): Pick<Instance, 'endpoints'> {
  return { endpoints: [{ protocol, address, port }] };
}

/** What an earlier rule has found about something. */
export function found(subject: Partial<Subject>, severity: Found['severity'] = 'error'): Found {
  return { severity, subject: subjectOf(subject), detail: '', evidence: [], fix: { text: '', commands: [] } };
}

/** The same about an instance. */
export function foundAbout({ service, id, node, key }: Instance, severity?: Found['severity']): Found {
  return found({ service, instance: id, node, key }, severity);
}

/** What earlier rules have found. */
export function earlier(findings: Readonly<Record<string, readonly Found[]>>): Pick<Examination, 'earlier'> {
  return { earlier: new Map(Object.entries(findings)) };
}

/** What earlier runs have seen: hours before the examination, by `instanceKey` or `nodeHistoryKey`. */
export function historyOf(
  kind: Parameters<History['since']>[0],
  hoursByKey: Readonly<Record<string, number>>,
): Pick<Examination, 'history'> {
  const { takenAtMs } = anExamination();
  const since: History['since'] = (asked, key) => {
    const hours = hoursByKey[key];
    return asked !== kind || hours === undefined
      ? null
      : new Date(takenAtMs - hours * 3_600_000).toISOString();
  };
  return { history: { since, firstRun: '2026-01-01T00:00:00Z' } };
}

/** What probing an instance has told, one answer unless told otherwise. */
export function probed(
  answers: readonly (readonly [Instance, ...ProbeAnswer['outcome'][]])[],
): Pick<Examination, 'probes'> {
  const probes = answers.map(([instance, ...outcomes]) => {
    const own = outcomes.map((outcome, index): ProbeAnswer => {
      const { address = '', port = null } = instance.endpoints[index] ?? {};
      return { kind: 'tcp', endpoint: `${address}:${port ?? ''}`, outcome, detail: outcome, tookMs: 1.4 };
    });
    return [instanceKey(instance), own] as const;
  });
  return { probes: new Map(probes) };
}
