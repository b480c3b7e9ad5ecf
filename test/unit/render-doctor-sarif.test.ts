import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { subjectOf } from '../../src/lib/model/finding.js';
import type { ReportPlace } from '../../src/lib/render/doctor-place.js';
import { doctorSarif, type SarifOptions } from '../../src/lib/render/doctor-sarif.js';
import {
  aFinding,
  aFindingOf,
  anOutcome,
  aReport,
  aReportOf,
  suppressionsOf,
} from '../support/doctor-report.js';
import { hostile, LEAK } from './render-samples.js';

const schema = JSON.parse(
  readFileSync(new URL('../support/sarif/sarif-schema-2.1.0.json', import.meta.url), 'utf8'),
) as object;
// One pattern of the standard is none in the stricter syntax.
const ajv = new Ajv({ allErrors: true, strict: false, unicodeRegExp: false });
addFormats.default(ajv);
const validate = ajv.compile(schema);

interface Log {
  readonly runs: readonly [Run];
}
interface Run {
  readonly tool: { readonly driver: { readonly rules: readonly Record<string, unknown>[] } };
  readonly automationDetails: { readonly id: string };
  readonly invocations: readonly [Record<string, unknown>];
  readonly results: readonly Result[];
}
interface Result {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly level: string;
  readonly message: { readonly text: string };
  readonly locations: readonly Record<string, unknown>[];
  readonly partialFingerprints: Readonly<Record<string, string>>;
  readonly suppressions: readonly Record<string, unknown>[];
}

const place: ReportPlace = {
  path: 'deploy/a b/services.yaml',
  regionOf: (service) => (service === 'order' ? { line: 3, column: 3, endColumn: 8 } : null),
};

/** The only run of a log that is as the standard says. */
function runOf(text: string): Run {
  const log = JSON.parse(text) as Log;
  expect(validate(log), ajv.errorsText(validate.errors)).toBe(true);
  return log.runs[0];
}

function sarif(report = aReport(), options: Partial<SarifOptions> = {}): Run {
  return runOf(doctorSarif(report, { version: '0.1.0', place, ...options }));
}

describe('SARIF', () => {
  it('is refused by the schema of the standard when it is wrong', () => {
    const log = JSON.parse(
      doctorSarif(aReport({ findings: [aFinding()] }), { version: '0.1.0', place }),
    ) as Log;
    const [run] = log.runs;
    for (const broken of [
      { ...log, version: '2.0.0' },
      { ...log, runs: [{ ...run, tool: {} }] },
      { ...log, runs: [{ ...run, results: [{ ...run.results[0], level: 'info' }] }] },
      { ...log, runs: [{ ...run, results: [{ ...run.results[0], message: {} }] }] },
    ])
      expect(validate(broken)).toBe(false);
  });

  it('has everything that GitHub asks for', () => {
    const run = sarif(aReport({ findings: [aFinding()] }));
    expect(run.automationDetails.id).toBe('sdctl-doctor/prod-eu/');
    expect(run.tool.driver.rules).toEqual([
      {
        id: 'SD101',
        name: 'KeyWithoutLease',
        shortDescription: { text: 'A registration that never ends by itself' },
        fullDescription: { text: 'Detects. Why.' },
        help: {
          text: 'Detects.\n\nWhy: Why.\n\nGuard: Guard.\n\nFix: Fix.',
          markdown: 'Detects.\n\n**Why:** Why.\n\n**Guard:** Guard.\n\n**Fix:** Fix.',
        },
        defaultConfiguration: { level: 'error' },
        properties: { tags: ['service-registry', 'leases', 'instant'], 'problem.severity': 'error' },
      },
    ]);
    expect(run.results).toMatchObject([
      {
        ruleId: 'SD101',
        ruleIndex: 0,
        level: 'warning',
        message: { text: 'order/i-1 has no lease\nFix: remove it\nsdctl deregister order/i-1' },
        partialFingerprints: { primaryLocationLineHash: '0123456789abcdef:1' },
        suppressions: [],
        locations: [
          {
            physicalLocation: {
              artifactLocation: { uri: 'deploy/a%20b/services.yaml', uriBaseId: '%SRCROOT%' },
              region: { startLine: 3, startColumn: 3, endLine: 3, endColumn: 8 },
            },
            logicalLocations: [{ name: 'i-1', fullyQualifiedName: 'order/i-1', kind: 'resource' }],
          },
        ],
      },
    ]);
  });

  it('shows what is declared nowhere in the first line, and nothing without a file', () => {
    const findings = [
      aFinding({ subject: subjectOf({ service: 'cart' }) }),
      aFinding({ subject: subjectOf({}) }),
    ];
    for (const { locations } of sarif(aReport({ findings })).results)
      expect(locations[0]).toMatchObject({ physicalLocation: { region: { startLine: 1, startColumn: 1 } } });
    for (const { locations } of sarif(aReport({ findings }), { place: null }).results)
      expect(Object.keys(locations[0] ?? {})).toEqual(['logicalLocations']);
  });

  it('names the levels of the standard', () => {
    const findings = (['error', 'warning', 'info'] as const).map((severity) => aFinding({ severity }));
    expect(sarif(aReport({ findings })).results.map(({ level }) => level)).toEqual([
      'error',
      'warning',
      'note',
    ]);
  });

  it('gives the same fingerprints in the next run', () => {
    const prints = (takenAtMs: number, detail: string): unknown =>
      sarif(aReport({ takenAtMs, findings: [aFinding({ detail })] })).results.map(
        ({ partialFingerprints }) => partialFingerprints,
      );
    expect(prints(1, '5s left')).toEqual(prints(2, '4s left'));
  });

  it('marks what is suppressed, with the reason', () => {
    const findings = suppressionsOf('a batch job').map((suppression) => aFinding({ suppression }));
    for (const { suppressions } of sarif(aReport({ findings })).results)
      expect(suppressions).toEqual([
        {
          kind: 'external',
          status: 'accepted',
          justification: expect.stringContaining('a batch job') as string,
        },
      ]);
  });

  it('says how the run ended and what it could not decide', () => {
    const outcomes = [
      anOutcome('pass'),
      anOutcome('unknown', { id: 'SD102', slug: 'lease-without-keys' }, 'not allowed'),
    ];
    const verdict = { code: 11, reason: 'too much is unknown' } as const;
    expect(sarif(aReport({ outcomes, verdict })).invocations[0]).toEqual({
      executionSuccessful: false,
      exitCode: 11,
      exitCodeDescription: 'too much is unknown',
      startTimeUtc: '2026-03-02T10:38:10.551Z',
      endTimeUtc: '2026-03-02T10:38:11.191Z',
      toolExecutionNotifications: [
        {
          level: 'warning',
          message: { text: 'SD102 lease-without-keys is unknown: not allowed' },
          associatedRule: { id: 'SD102', index: 1 },
        },
      ],
    });
  });

  it('makes no link of what an entry says', () => {
    const detail = '[click](http://evil) http://[::1]:80 and [a] (b)';
    const [result] = sarif(aReport({ findings: [aFinding({ detail })] })).results;
    expect(result?.message.text).toContain(String.raw`\[click\](http://evil) http://[::1]:80 and [a] (b)`);
  });

  it('holds no more results than GitHub takes, the worst of them', () => {
    const findings = Array.from({ length: 25_003 }, (_, index) =>
      aFinding({ fingerprint: index.toString(16).padStart(16, '0') }),
    );
    const run = JSON.parse(doctorSarif(aReport({ findings }), { version: '0.1.0', place })) as Log;
    expect(run.runs[0].results).toHaveLength(25_000);
    expect(JSON.stringify(run.runs[0].invocations)).toContain('3 more findings are left out');
  });

  it.each(Object.entries(hostile))('holds %s harmlessly', (_name, text) => {
    const written = doctorSarif(aReportOf(text), { version: '0.1.0', place });
    expect(written).not.toMatch(LEAK);
    const run = runOf(written);
    expect(run.results).toHaveLength(8);
    for (const { ruleIndex, ruleId } of run.results)
      expect(run.tool.driver.rules[ruleIndex]).toMatchObject({ id: ruleId });
    // What a program reads is what was registered, not what is shown of it.
    expect(aFindingOf(text).evidence[0]?.value).toBe(text);
    expect(run.results[0]).toMatchObject({ properties: { evidence: [{ name: text, value: text }] } });
  });
});
