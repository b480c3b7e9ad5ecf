import { subjectOf, type Found, type RuleFacts } from '../../model/finding.js';
import type { ConfiguredSuppression } from '../settings.js';
import { suppressionEvidence, suppressionIdentity, suppressionName } from '../suppression-text.js';
import type { RuleText } from '../types.js';

/** What instances of one service ask to be left alone about, to no effect. */
export interface IdleMark {
  readonly service: string;
  /** As it is written there. */
  readonly rule: string;
  /** There is a rule of that name. */
  readonly isKnown: boolean;
  readonly instances: number;
}

/** Decided after all others, because it looks at what hides their findings. */
export const unusedSuppression = {
  id: 'SD902',
  slug: 'unused-suppression',
  group: 'backend',
  title: 'A suppression that hides nothing, or that has no last day',
  severity: 'info',
  mode: 'instant',
  text: {
    detects:
      'A suppression of the config file, or sdctl.ignore in the metadata of instances, that no finding matched; and a suppression of the config file without a last day.',
    why: 'It will hide a finding of tomorrow that nobody has judged.',
    guard:
      'Only suppressions of rules that were decided in this run, and only when all services were looked at.',
    fix: 'Remove it, or give it a last day.',
  },
  foundFor(suppression: ConfiguredSuppression, why: 'unused' | 'endless'): Found {
    const name = suppressionName(suppression);
    return {
      severity: 'info',
      subject: subjectOf({}),
      detail: why === 'unused' ? `${name} hides nothing` : `${name} has no last day`,
      evidence: suppressionEvidence(suppression),
      fix: {
        text: why === 'unused' ? 'remove it from the config file' : 'give it a day: until: 2026-12-31',
        commands: [['sdctl', 'config', 'get', 'doctor.suppressions']],
      },
      identity: [...suppressionIdentity(suppression), why],
    };
  },
  foundForMark({ service, rule, isKnown, instances }: IdleMark): Found {
    const who = instances === 1 ? '1 instance' : `${instances} instances`;
    const what = isKnown ? 'none of them has that finding' : 'no rule is called that';
    return {
      severity: 'info',
      subject: subjectOf({ service }),
      detail: `${who} of ${service} ask to ignore ${rule}: ${what}`,
      evidence: [{ name: 'sdctl.ignore', value: rule }],
      fix: { text: 'take it out of their metadata', commands: [['sdctl', 'doctor', '--list-rules']] },
      identity: [service, rule],
    };
  },
} as const satisfies RuleFacts & {
  readonly text: RuleText;
  readonly foundFor: unknown;
  readonly foundForMark: unknown;
};
