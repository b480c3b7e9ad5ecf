import { subjectOf, type Found, type RuleFacts } from '../../model/finding.js';

/** A defect in a rule: it is reported, and the other rules go on. */
export const brokenRule = {
  id: 'SD999',
  slug: 'broken-rule',
  group: 'backend',
  title: 'A rule of sdctl broke',
  severity: 'warning',
  mode: 'instant',
  text: {
    detects: 'A rule that ended with an error of its own in place of an answer.',
    why: 'What it looks for is not known, which is no pass.',
    guard: 'None is needed: it is a defect in sdctl.',
    fix: 'Report it, and leave the rule out with --skip until it is mended.',
  },
  foundFor(rule: RuleFacts, reason: string): Found {
    return {
      severity: 'warning',
      subject: subjectOf({}),
      detail: `${rule.id} ${rule.slug} broke: ${reason}`,
      evidence: [{ name: 'error', value: reason }],
      fix: {
        text: 'report it, and go on without that rule',
        commands: [['sdctl', 'doctor', '--skip', rule.id]],
      },
      identity: [rule.id],
    };
  },
} as const satisfies RuleFacts & {
  readonly text: object;
  readonly foundFor: (rule: RuleFacts, reason: string) => Found;
};
