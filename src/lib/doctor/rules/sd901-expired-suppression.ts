import { subjectOf, type Found, type RuleFacts } from '../../model/finding.js';
import type { ConfiguredSuppression } from '../settings.js';
import { suppressionEvidence, suppressionIdentity, suppressionName } from '../suppression-text.js';
import type { RuleText } from '../types.js';

/** Decided after all others, because it looks at what hides their findings. */
export const expiredSuppression = {
  id: 'SD901',
  slug: 'expired-suppression',
  group: 'backend',
  title: 'A suppression whose day is over',
  severity: 'warning',
  mode: 'instant',
  text: {
    detects: 'A suppression of the config file whose last day has passed, in UTC.',
    why: 'It hides nothing any more, so that its findings count again.',
    guard: 'The last day itself still counts.',
    fix: 'Mend what it was written for and remove it, or give it another day.',
  },
  /** @param hidden how many findings it would hide if its day were not over */
  foundFor(suppression: ConfiguredSuppression, until: string, hidden: number): Found {
    const count = hidden === 1 ? '1 finding counts again' : `${hidden} findings count again`;
    return {
      severity: 'warning',
      subject: subjectOf({}),
      detail: `${suppressionName(suppression)} ended with ${until}; ${hidden === 0 ? 'nothing needs it now' : count}`,
      evidence: suppressionEvidence(suppression),
      fix: {
        text: 'remove it from the config file, or give it another day',
        commands: [['sdctl', 'config', 'get', 'doctor.suppressions']],
      },
      identity: [...suppressionIdentity(suppression), until],
    };
  },
} as const satisfies RuleFacts & { readonly text: RuleText; readonly foundFor: unknown };
