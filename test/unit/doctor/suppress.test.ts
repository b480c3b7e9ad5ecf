import { describe, expect, it } from 'vitest';
import { globMatcher } from '../../../src/lib/discovery/selector.js';
import { allRules } from '../../../src/lib/doctor/rule-names.js';
import { expiredSuppression } from '../../../src/lib/doctor/rules/sd901-expired-suppression.js';
import { unusedSuppression } from '../../../src/lib/doctor/rules/sd902-unused-suppression.js';
import type { ConfiguredSuppression } from '../../../src/lib/doctor/settings.js';
import { suppress, type SuppressionTerms } from '../../../src/lib/doctor/suppress.js';
import { subjectOf, type ExaminationReport, type Finding } from '../../../src/lib/model/finding.js';
import type { Instance } from '../../../src/lib/model/instance.js';
import { anInstance } from '../../support/builders.js';
import { aFinding, anOutcome, aRule } from '../../support/doctor-report.js';

const ttl = aRule({ id: 'SD103', slug: 'ttl-too-long' });
const rules = [aRule(), ttl, expiredSuppression, unusedSuppression];

function terms(change: Partial<SuppressionTerms> = {}): SuppressionTerms {
  return {
    suppressions: [],
    severities: {},
    rules,
    instances: [],
    baseline: null,
    takenAtMs: Date.parse('2026-03-02T23:59:59Z'),
    service: null,
    choice: { only: null, skip: new Set() },
    identity: 'test',
    history: null,
    matcher: globMatcher,
    ...change,
  };
}

function aSuppression(change: Partial<ConfiguredSuppression> = {}): ConfiguredSuppression {
  return {
    rule: 'SD101',
    service: null,
    instance: null,
    node: null,
    key: null,
    reason: 'a batch job',
    until: '2026-12-31',
    ...change,
  };
}

function aReport(findings: readonly Finding[] = [aFinding()]): ExaminationReport {
  return { outcomes: [anOutcome('fail'), anOutcome('pass', ttl)], findings };
}

/** What hides the first finding. */
function hiding(change: Partial<SuppressionTerms>, finding = aFinding()): Finding['suppression'] {
  const { findings } = suppress(aReport([finding]), terms(change));
  return findings.find(({ fingerprint }) => fingerprint === finding.fingerprint)?.suppression ?? null;
}

/** What is said of the suppressions themselves. */
function own(
  change: Partial<SuppressionTerms>,
  report = aReport(),
): readonly { readonly rule: string; readonly detail: string }[] {
  return suppress(report, terms(change))
    .findings.filter(({ rule }) => rule.id.startsWith('SD9'))
    .map(({ rule, detail }) => ({ rule: rule.id, detail }));
}

describe('a suppression of the config file', () => {
  it.each<[string, Partial<ConfiguredSuppression>, boolean]>([
    ['its id', {}, true],
    ['its name', { rule: 'key-without-lease' }, true],
    ['another rule', { rule: 'SD103' }, false],
    ['its service', { service: 'order' }, true],
    ['a pattern of its service', { service: 'ord*' }, true],
    ['another service', { service: 'or' }, false],
    ['its instance and key', { instance: 'i-?', key: '/services/*' }, true],
    ['its service and another instance', { service: 'order', instance: 'i-2' }, false],
    ['a node, which it has not', { node: '*' }, false],
  ])('for %s', (_what, change, hides) => {
    expect(hiding({ suppressions: [aSuppression(change)] }) !== null).toBe(hides);
  });

  it('takes a name that looks like a pattern for itself too', () => {
    const finding = aFinding({ subject: subjectOf({ service: 'order', instance: '[::1]:80' }) });
    expect(hiding({ suppressions: [aSuppression({ instance: '[::1]:80' })] }, finding)).not.toBeNull();
  });

  it('says its reason and its last day', () => {
    expect(hiding({ suppressions: [aSuppression()] })).toEqual({
      by: 'config',
      reason: 'a batch job',
      until: '2026-12-31',
    });
  });

  it('works on its last day, and not on the next', () => {
    expect(hiding({ suppressions: [aSuppression({ until: '2026-03-02' })] })).not.toBeNull();
    expect(hiding({ suppressions: [aSuppression({ until: '2026-03-01' })] })).toBeNull();
  });

  it('that is over is a warning, which says what counts again', () => {
    expect(own({ suppressions: [aSuppression({ until: '2026-03-01', service: 'ord*' })] })).toEqual([
      {
        rule: 'SD901',
        detail: 'the suppression of SD101 for service ord* ended with 2026-03-01; 1 finding counts again',
      },
    ]);
    expect(own({ suppressions: [aSuppression({ until: '2026-03-01', service: 'x' })] })).toMatchObject([
      { detail: expect.stringMatching(/nothing needs it now$/) as string },
    ]);
  });

  it('that hides nothing is an info, if its rule was decided on all services', () => {
    const idle = [aSuppression({ rule: 'SD103' })];
    expect(own({ suppressions: idle })).toEqual([
      { rule: 'SD902', detail: 'the suppression of SD103 hides nothing' },
    ]);
    expect(own({ suppressions: idle, service: 'order' })).toEqual([]);
    const report = { outcomes: [anOutcome('fail'), anOutcome('unknown', ttl)], findings: [aFinding()] };
    expect(own({ suppressions: idle }, report)).toEqual([]);
  });

  it('without a last day is an info', () => {
    expect(own({ suppressions: [aSuppression({ until: null })] })).toEqual([
      { rule: 'SD902', detail: 'the suppression of SD101 has no last day' },
    ]);
  });

  it('that works is nothing to speak of, even behind another one that hides the same', () => {
    expect(own({ suppressions: [aSuppression(), aSuppression({ service: 'order' })] })).toEqual([]);
  });

  it('can be about suppressions', () => {
    const about = aSuppression({ rule: 'SD902' });
    const found = suppress(aReport(), terms({ suppressions: [aSuppression({ rule: 'SD103' }), about] }));
    expect(found.findings.find(({ rule }) => rule.id === 'SD902')?.suppression).toMatchObject({
      by: 'config',
    });
  });

  it('twice is one finding', () => {
    const over = aSuppression({ until: '2026-03-01' });
    expect(own({ suppressions: [over, over] })).toHaveLength(1);
  });
});

describe('the metadata of an instance', () => {
  const order = (ignore: string, change: Partial<Instance> = {}): Instance =>
    anInstance({
      service: 'order',
      id: 'i-1',
      key: '/services/order/i-1',
      metadata: { 'sdctl.ignore': ignore },
      ...change,
    });

  it.each([
    ['SD101', 'the instance asks for it'],
    ['sd101', 'the instance asks for it'],
    ['SD103, key-without-lease: a batch job: nightly', 'a batch job: nightly'],
  ])('that says %j', (ignore, reason) => {
    expect(hiding({ instances: [order(ignore)] })).toEqual({ by: 'instance', reason, until: null });
  });

  it.each(['sdctl-ignore', 'sdctl_ignore'])('may call it %s, for Consul takes no dots', (key) => {
    expect(hiding({ instances: [order('', { metadata: { [key]: 'SD101' } })] })).not.toBeNull();
  });

  it.each<[string, Instance]>([
    ['of another rule', order('SD103')],
    ['of nothing', order('')],
    ['of everything', order('*')],
    ['of another instance', order('SD101', { id: 'i-2', key: '/services/order/i-2' })],
    ['of another service', order('SD101', { service: 'cart' })],
    ['of the same name on another node', order('SD101', { node: 'node-2' })],
    ['of the same name under another key', order('SD101', { key: '/other/order/i-1' })],
    [
      'in the prototype of its metadata',
      order('', { metadata: Object.create({ 'sdctl.ignore': 'SD101' }) as never }),
    ],
  ])('%s hides nothing', (_what, instance) => {
    expect(hiding({ instances: [instance] })).toBeNull();
  });

  it('hides nothing that is about its whole service', () => {
    const finding = aFinding({ subject: subjectOf({ service: 'order' }) });
    expect(hiding({ instances: [order('SD101')] }, finding)).toBeNull();
  });

  it('that names no rule is an info, once for its service', () => {
    const instances = [order('SD1O1'), order('SD1O1', { id: 'i-2' }), order('SD1O1', { service: 'cart' })];
    expect(own({ instances })).toEqual([
      { rule: 'SD902', detail: '1 instance of cart ask to ignore SD1O1: no rule is called that' },
      { rule: 'SD902', detail: '2 instances of order ask to ignore SD1O1: no rule is called that' },
    ]);
  });

  it('that is of no use to any instance of its service is an info', () => {
    const instances = [order('SD103'), order('SD103', { id: 'i-2' })];
    expect(own({ instances })).toMatchObject([
      { detail: '2 instances of order ask to ignore SD103: none of them has that finding' },
    ]);
    expect(own({ instances, service: 'order' })).toEqual([]);
  });

  it('that is of use to one of them is nothing to speak of', () => {
    expect(own({ instances: [order('SD101'), order('SD101', { id: 'i-2', key: '/k' })] })).toEqual([]);
  });
});

describe('a baseline', () => {
  const entry = { fingerprint: aFinding().fingerprint, rule: 'SD101', firstSeen: '2026-01-02', subject: 'x' };
  const baseline = new Map([[entry.fingerprint, entry]]);

  it('hides what it names, and says since when', () => {
    expect(hiding({ baseline })).toEqual({
      by: 'baseline',
      reason: 'in the baseline since 2026-01-02',
      until: null,
      firstSeen: '2026-01-02',
    });
    expect(hiding({ baseline }, aFinding({ fingerprint: 'f'.repeat(16) }))).toBeNull();
  });

  it('comes after the config file and the instance', () => {
    expect(hiding({ baseline, suppressions: [aSuppression()] })?.by).toBe('config');
  });

  it('can hold what is said of suppressions', () => {
    const idle = { suppressions: [aSuppression({ rule: 'SD103' })] };
    const found = suppress(aReport(), terms(idle)).findings.find(({ rule }) => rule.id === 'SD902');
    if (found === undefined) throw new Error('nothing was found');
    const accepted = new Map([[found.fingerprint, { ...entry, fingerprint: found.fingerprint }]]);
    const again = suppress(aReport(), terms({ ...idle, baseline: accepted })).findings;
    expect(again.find(({ rule }) => rule.id === 'SD902')?.suppression).toMatchObject({ by: 'baseline' });
  });
});

describe('the rules about suppressions', () => {
  const outcomesOf = (change: Partial<SuppressionTerms>): readonly (readonly [string, string])[] =>
    suppress(aReport(), terms(change))
      .outcomes.slice(2)
      .map(({ rule, status }) => [rule.id, status]);

  it('do not apply where nothing is suppressed', () => {
    expect(outcomesOf({})).toEqual([
      ['SD901', 'skip'],
      ['SD902', 'skip'],
    ]);
  });

  it('pass, and fail', () => {
    expect(outcomesOf({ suppressions: [aSuppression()] })).toEqual([
      ['SD901', 'pass'],
      ['SD902', 'pass'],
    ]);
    expect(outcomesOf({ suppressions: [aSuppression({ until: '2026-01-01' })] })).toEqual([
      ['SD901', 'fail'],
      ['SD902', 'pass'],
    ]);
  });

  it('can be left out, and have another severity', () => {
    const over = { suppressions: [aSuppression({ until: '2026-01-01' })] };
    expect(outcomesOf({ ...over, choice: { only: null, skip: new Set(['SD901']) } })).toEqual([
      ['SD902', 'pass'],
    ]);
    expect(own({ ...over, choice: { only: new Set(['SD101']), skip: new Set() } })).toEqual([]);
    const strict = suppress(aReport(), terms({ ...over, severities: { SD901: 'error' } })).findings;
    expect(strict[0]).toMatchObject({ rule: { id: 'SD901' }, severity: 'error' });
  });

  it('give the same fingerprint on another day, and another one for another pattern', () => {
    const print = (change: Partial<ConfiguredSuppression>, day: string): string | undefined =>
      suppress(
        aReport(),
        terms({ suppressions: [aSuppression(change)], takenAtMs: Date.parse(day) }),
      ).findings.find(({ rule }) => rule.id === 'SD901')?.fingerprint;
    const until = '2026-03-01';
    expect(print({ until }, '2026-03-05')).toBe(print({ until, reason: 'reworded' }, '2026-04-05'));
    expect(print({ until, service: 'a' }, '2026-03-05')).not.toBe(
      print({ until, instance: 'a' }, '2026-03-05'),
    );
  });

  it('stand among all rules', () => {
    expect(allRules.map(({ id }) => id)).toEqual(expect.arrayContaining(['SD901', 'SD902', 'SD999']));
  });
});

it('keeps the order of a report: the worst first', () => {
  const report = suppress(
    aReport([aFinding({ severity: 'info' })]),
    terms({ suppressions: [aSuppression({ until: '2026-01-01' })] }),
  );
  expect(report.findings.map(({ rule, severity }) => [rule.id, severity])).toEqual([
    ['SD901', 'warning'],
    ['SD101', 'info'],
  ]);
});
