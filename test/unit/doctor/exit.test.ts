import { expect, it } from 'vitest';
import { verdictOf } from '../../../src/lib/doctor/exit.js';
import type { RuleOutcome, Severity } from '../../../src/lib/model/finding.js';
import { aFinding, anOutcome } from '../../support/doctor-report.js';

const terms = { failOn: 'error', allowUnknown: false, isComplete: true } as const;

const passes = (count: number): readonly RuleOutcome[] =>
  Array.from({ length: count }, () => anOutcome('pass'));
const unknowns = (count: number, id = 'SD102'): readonly RuleOutcome[] =>
  Array.from({ length: count }, () => anOutcome('unknown', { id }));

it.each([
  ['error', 'error', 10],
  ['warning', 'error', 0],
  ['warning', 'warning', 10],
  ['info', 'warning', 0],
  ['info', 'info', 10],
  ['error', 'never', 0],
] as const)('a finding of severity %s with --fail-on %s ends with %i', (severity: Severity, failOn, code) => {
  const report = { outcomes: passes(1), findings: [aFinding({ severity })] };
  expect(verdictOf(report, { ...terms, failOn }).code).toBe(code);
});

it('does not count what is suppressed or in the baseline', () => {
  const findings = [
    aFinding({ severity: 'error', suppression: { by: 'config', reason: 'x', until: null } }),
    aFinding({
      severity: 'error',
      suppression: { by: 'baseline', reason: 'x', until: null, firstSeen: '2026-01-01' },
    }),
  ];
  expect(verdictOf({ outcomes: passes(1), findings }, terms).code).toBe(0);
});

it('says why', () => {
  const findings = [aFinding({ severity: 'error' }), aFinding({ severity: 'error' })];
  expect(verdictOf({ outcomes: [], findings }, terms).reason).toBe('2 findings count with --fail-on error');
  expect(verdictOf({ outcomes: [], findings: [] }, terms).reason).toBe(
    'no finding counts with --fail-on error',
  );
});

it.each([
  ['half of the rules', [...passes(2), ...unknowns(2)], 0],
  ['more than half', [...passes(2), ...unknowns(3)], 11],
  ['more than half, rules that do not apply left out', [...passes(1), ...unknowns(2), anOutcome('skip')], 11],
  ['only rules about the servers', [...passes(1), ...unknowns(3, 'SD001')], 0],
  ['nothing but rules about the servers', unknowns(3, 'SD004'), 0],
  ['rules about the servers and one more', [...passes(1), ...unknowns(2, 'SD002'), ...unknowns(1)], 11],
  ['none', passes(1), 0],
  ['none of none', [], 0],
] as const)('%s unknown', (_what, outcomes, code) => {
  expect(verdictOf({ outcomes, findings: [] }, terms).code).toBe(code);
});

it('is not sure of entries that could not be read, unless it is allowed', () => {
  const report = { outcomes: passes(9), findings: [] };
  expect(verdictOf(report, { ...terms, isComplete: false })).toEqual({
    code: 11,
    reason: 'not everything that was asked for could be read',
  });
  const allowed = verdictOf(report, { ...terms, isComplete: false, allowUnknown: true });
  expect(allowed.code).toBe(0);
  expect(allowed.reason).toMatch(/^--allow-unknown was given, although not everything/);
});

it('lets a finding win over everything unknown', () => {
  const report = { outcomes: unknowns(9), findings: [aFinding({ severity: 'error' })] };
  expect(verdictOf(report, { ...terms, isComplete: false }).code).toBe(10);
  expect(verdictOf(report, { ...terms, failOn: 'never' }).code).toBe(11);
});
