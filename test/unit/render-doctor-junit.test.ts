import { parse, type TestCase, type TestSuite, type TestSuites } from 'junit2json';
import { describe, expect, it } from 'vitest';
import { subjectOf } from '../../src/lib/model/finding.js';
import { doctorJunit } from '../../src/lib/render/doctor-junit.js';
import { safeName } from '../../src/lib/render/safe-text.js';
import { aFinding, anOutcome, aReport, aReportOf, aRule, suppressionsOf } from '../support/doctor-report.js';
import { hostile, LEAK } from './render-samples.js';

/** What XML 1.0 can hold. */
const XML_CHARACTERS = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;

async function read(xml: string): Promise<{ suites: readonly TestSuite[]; root: TestSuites }> {
  const root = (await parse(xml)) as TestSuites;
  return { root, suites: root.testsuite ?? [] };
}

function casesOf(suites: readonly TestSuite[]): readonly TestCase[] {
  return suites.flatMap(({ testcase }) => testcase ?? []);
}

async function only(xml: string): Promise<TestCase> {
  const [first, ...more] = casesOf((await read(xml)).suites);
  if (first === undefined || more.length > 0) throw new Error('not one case');
  return first;
}

const failed = { outcomes: [anOutcome('fail')] };

describe('JUnit', () => {
  it('has a suite for each group and a case for each rule and finding', async () => {
    const report = aReport({
      failOn: 'warning',
      outcomes: [
        anOutcome('pass', { id: 'SD001', slug: 'no-leader', group: 'backend', title: 'No leader' }),
        anOutcome('fail'),
        anOutcome('skip', { id: 'SD102', slug: 'lease-without-keys', title: 'A lease' }, 'needs --observe'),
        anOutcome('unknown', { id: 'SD103', slug: 'ttl-too-long', title: 'A TTL' }, 'not allowed'),
        anOutcome(
          'skip',
          { id: 'SD901', slug: 'expired-suppression', group: 'backend', title: 'Old' },
          'none',
        ),
      ],
      findings: [
        aFinding({ severity: 'error', fingerprint: '1'.repeat(16) }),
        aFinding({ subject: subjectOf({ service: 'order' }), fingerprint: '2'.repeat(16) }),
        aFinding({ severity: 'info', fingerprint: '3'.repeat(16) }),
        aFinding({ rule: aRule({ id: 'SD999', slug: 'broken-rule' }), fingerprint: '4'.repeat(16) }),
      ],
    });
    const { root, suites } = await read(doctorJunit(report));
    expect(root).toMatchObject({
      name: 'sdctl doctor prod-eu',
      tests: 8,
      failures: 3,
      errors: 0,
      time: 0.64,
    });
    expect(suites.map(({ name, tests, failures, skipped }) => [name, tests, failures, skipped])).toEqual([
      ['Connection', 1, 0, 0],
      ['Leases', 5, 2, 3],
      ['Doctor', 1, 0, 1],
      ['Broken rules', 1, 1, 0],
    ]);
    expect(casesOf(suites).map(({ classname, name }) => `${classname ?? ''} / ${name ?? ''}`)).toEqual([
      'sdctl.doctor.SD001 no-leader / No leader',
      `sdctl.doctor.SD101 key-without-lease / order/i-1 [${'1'.repeat(16)}]`,
      `sdctl.doctor.SD101 key-without-lease / order [${'2'.repeat(16)}]`,
      `sdctl.doctor.SD101 key-without-lease / order/i-1 [${'3'.repeat(16)}]`,
      'sdctl.doctor.SD102 lease-without-keys / A lease',
      'sdctl.doctor.SD103 ttl-too-long / A TTL',
      'sdctl.doctor.SD901 expired-suppression / Old',
      `sdctl.doctor.SD999 broken-rule / order/i-1 [${'4'.repeat(16)}]`,
    ]);
    const skips = casesOf(suites).flatMap(({ skipped = [] }) => skipped.map(({ message }) => message));
    expect(skips).toEqual([
      'info, below --fail-on warning: order/i-1 has no lease',
      'left out: needs --observe',
      'unknown: not allowed',
      'left out: none',
    ]);
  });

  it('puts everything that tells what to do into a failure', async () => {
    const finding = aFinding({ severity: 'error', knownSince: '2026-03-01T09:00:00.000Z' });
    const { failure } = await only(doctorJunit(aReport({ ...failed, findings: [finding] })));
    expect(failure).toEqual([
      {
        message: 'order/i-1 has no lease',
        type: 'SD101',
        inner: [
          'error SD101 key-without-lease: order/i-1 has no lease',
          'since at least 2026-03-01T09:00:00.000Z',
          'endpoint: http://10.0.4.11:8080',
          'fix: remove it',
          'sdctl deregister order/i-1',
        ].join('\n'),
      },
    ]);
  });

  it.each([
    ['error', 'failure'],
    ['warning', 'failure'],
    ['info', 'failure'],
    ['never', 'skipped'],
  ] as const)('maps an error with --fail-on %s to %s', async (failOn, expected) => {
    const finding = aFinding({ severity: 'error' });
    const found = await only(doctorJunit(aReport({ ...failed, failOn, findings: [finding] })));
    expect(Object.keys(found)).toContain(expected);
  });

  it.each([
    ['error', 'skipped'],
    ['warning', 'failure'],
  ] as const)('maps a warning with --fail-on %s to %s', async (failOn, expected) => {
    const found = await only(doctorJunit(aReport({ ...failed, failOn, findings: [aFinding()] })));
    expect(Object.keys(found)).toContain(expected);
  });

  it('skips what is suppressed, with the reason and all the rest', async () => {
    for (const suppression of suppressionsOf('a batch job')) {
      const findings = [aFinding({ severity: 'error', suppression })];
      const found = await only(doctorJunit(aReport({ ...failed, findings })));
      expect(found.skipped?.[0]?.message).toContain('a batch job');
      expect(found['system-out']?.[0]).toContain('fix: remove it');
      expect(found.failure).toBeUndefined();
    }
  });

  it('is no success where too much is unknown', async () => {
    const verdict = { code: 11, reason: '3 of 4 rules could not be decided' } as const;
    const { root, suites } = await read(doctorJunit(aReport({ verdict })));
    expect(root.errors).toBe(1);
    expect(casesOf(suites).at(-1)?.error?.[0]?.message).toBe(verdict.reason);
  });

  it.each(Object.entries(hostile))('holds %s harmlessly, and reads back whole', async (_name, text) => {
    const xml = doctorJunit(aReportOf(text));
    expect(xml).not.toMatch(LEAK);
    expect(xml).toMatch(XML_CHARACTERS);
    const { root, suites } = await read(xml);
    // As many as were written: nothing that an entry says becomes an element.
    expect(root.tests).toBe(casesOf(suites).length);
    expect(casesOf(suites)).toHaveLength(11);
    const failures = casesOf(suites).flatMap(({ failure = [] }) => failure);
    expect(failures.map(({ message }) => message)).toEqual([safeName(text, { max: 1_000 })]);
  });

  it.each(['</failure><x a="', `"'&<>]]>`, '<![CDATA[', '&#0;', '<!--'])(
    'takes %j for text',
    async (text) => {
      const findings = [aFinding({ severity: 'error', detail: text, subject: subjectOf({ service: text }) })];
      const found = await only(doctorJunit(aReport({ ...failed, findings })));
      expect(found.failure?.[0]?.message).toBe(text);
      expect(found.name).toBe(`${text} [0123456789abcdef]`);
      expect(found.failure?.[0]?.inner).toContain(text);
    },
  );
});
