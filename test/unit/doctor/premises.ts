/** An examination for the test of one rule: nothing is wrong in it but what the test puts there. */
import { defaultSettings } from '../../../src/lib/doctor/settings.js';
import type { Examination, Rule } from '../../../src/lib/doctor/types.js';
import { nothingKnown } from '../../../src/lib/model/backend-facts.js';
import type { Found } from '../../../src/lib/model/finding.js';
import type { Instance } from '../../../src/lib/model/instance.js';

/** @param instances of the snapshot */
export function anExamination(
  instances: readonly Instance[] = [],
  overrides: Partial<Examination> = {},
): Examination {
  const takenAtMs = Date.parse('2026-03-02T10:00:00Z');
  return {
    backend: 'etcd',
    context: 'prod-eu',
    service: null,
    takenAtMs,
    snapshot: {
      service: null,
      instances,
      undecoded: [],
      skipped: [],
      revision: '100',
      takenAtMs,
      partial: false,
    },
    leases: { leases: [], revision: '100', takenAtMs, hidden: [] },
    facts: nothingKnown,
    samples: [],
    probes: null,
    history: null,
    settings: defaultSettings,
    earlier: new Map(),
    ...overrides,
  };
}

/** What a rule finds; `unknown` or `skip` where it does not decide. */
export function run(rule: Rule, examination: Examination): readonly Found[] | 'skip' | 'unknown' {
  const verdict = rule.applies?.(examination) ?? null;
  return verdict === null ? [...rule.check(examination)] : verdict.status;
}
