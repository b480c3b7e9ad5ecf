/** A run of doctor as reports take it. */
import type { ServerFacts } from '../../src/lib/model/backend-facts.js';
import type { DoctorReport } from '../../src/lib/model/doctor-report.js';
import {
  subjectOf,
  type Finding,
  type RuleFacts,
  type RuleOutcome,
  type Suppression,
} from '../../src/lib/model/finding.js';

/** A rule of leases, unless told otherwise. */
export function aRule(change: Partial<RuleFacts> = {}): RuleFacts {
  return {
    id: 'SD101',
    slug: 'key-without-lease',
    group: 'leases',
    title: 'A registration that never ends by itself',
    severity: 'error',
    mode: 'instant',
    ...change,
  };
}

/** A warning about `order/i-1` with one of everything. */
export function aFinding(change: Partial<Finding> = {}): Finding {
  return {
    rule: aRule(),
    severity: 'warning',
    subject: subjectOf({ service: 'order', instance: 'i-1', key: '/services/order/i-1' }),
    detail: 'order/i-1 has no lease',
    evidence: [{ name: 'endpoint', value: 'http://10.0.4.11:8080' }],
    fix: { text: 'remove it', commands: [['sdctl', 'deregister', 'order/i-1']] },
    fingerprint: '0123456789abcdef',
    suppression: null,
    knownSince: null,
    ...change,
  };
}

/** A finding with one text in every place that holds text, and a fingerprint of its own. */
export function aFindingOf(text: string, index = 0, change: Partial<Finding> = {}): Finding {
  return aFinding({
    subject: {
      service: text,
      instance: text,
      node: text,
      key: text,
      server: text,
      lease: text,
      address: text,
    },
    detail: text,
    evidence: [{ name: text, value: text }],
    fix: { text, commands: [['sdctl', 'deregister', text]] },
    fingerprint: index.toString(16).padStart(16, '0'),
    ...change,
  });
}

/** Every way not to count, with one text in it. */
export function suppressionsOf(text: string): readonly Suppression[] {
  return [
    { by: 'config', reason: text, until: '2026-12-31' },
    { by: 'config', reason: text, until: null },
    { by: 'instance', reason: text, until: null },
    { by: 'baseline', reason: text, until: null, firstSeen: '2026-01-02' },
  ];
}

/** What became of a rule. */
export function anOutcome(
  status: RuleOutcome['status'],
  rule: Partial<RuleFacts> = {},
  reason: string | null = null,
): RuleOutcome {
  return { rule: aRule(rule), status, reason };
}

/** A server that answers. */
export function aServer(change: Partial<ServerFacts> = {}): ServerFacts {
  return {
    server: 'http://10.0.0.5:2379',
    problem: null,
    version: '3.5.1',
    roundTripMs: 8,
    clusterId: null,
    memberId: null,
    leader: null,
    term: null,
    isLearner: null,
    dbSizeBytes: null,
    dbInUseBytes: null,
    quotaBytes: null,
    errors: [],
    canReadFromLeader: null,
    ...change,
  };
}

/** A run that has found nothing. */
export function aReport(change: Partial<DoctorReport> = {}): DoctorReport {
  return {
    context: 'prod-eu',
    backend: 'etcd',
    service: null,
    revision: '48211',
    takenAtMs: Date.parse('2026-03-02T10:38:10.551Z'),
    tookMs: 640,
    servers: [aServer()],
    failOn: 'error',
    verdict: { code: 0, reason: 'no finding counts with --fail-on error' },
    outcomes: [anOutcome('pass')],
    findings: [],
    gone: [],
    guides: new Map([['SD101', { detects: 'Detects.', why: 'Why.', guard: 'Guard.', fix: 'Fix.' }]]),
    ...change,
  };
}

/** A run with findings of every kind, one text being in every place that holds text. */
export function aReportOf(text: string): DoctorReport {
  const broken = aRule({ id: 'SD999', slug: 'broken-rule', group: 'backend', mode: 'instant' });
  const findings = [
    aFindingOf(text, 1, { severity: 'error', knownSince: '2026-03-01T09:00:00.000Z' }),
    aFindingOf(text, 2),
    aFindingOf(text, 3, { severity: 'info', subject: subjectOf({ service: text }) }),
    aFindingOf(text, 4, { rule: broken, subject: subjectOf({}) }),
    ...suppressionsOf(text).map((suppression, index) => aFindingOf(text, 10 + index, { suppression })),
  ];
  return aReport({
    context: text,
    service: text,
    revision: text,
    servers: [aServer({ server: text }), aServer({ server: text, problem: text })],
    verdict: { code: 10, reason: '1 finding counts with --fail-on error' },
    outcomes: [
      anOutcome('fail'),
      anOutcome('pass', { id: 'SD103', slug: 'ttl-too-long' }),
      anOutcome('skip', { id: 'SD102', slug: 'lease-without-keys', mode: 'observe' }, text),
      anOutcome('unknown', { id: 'SD002', slug: 'cluster-alarm', group: 'backend' }, text),
    ],
    findings,
    gone: [{ fingerprint: 'fedcba9876543210', rule: 'SD101', firstSeen: '2026-01-02', subject: text }],
  });
}
