import type { Evidence } from '../model/finding.js';
import type { Check, Instance } from '../model/instance.js';

/** As much of an output as tells what is wrong. */
const MOST_CHARACTERS = 200;
/** What Consul's agent writes before the last output of a check that was not passed in time. */
const EXPIRED = 'TTL expired';
const BEFORE_LAST_OUTPUT = /^TTL expired(?: \(last output before timeout follows\): ?)?/;

/** The TTL check of an instance that nobody passed in time; null: there is none, or it says itself that it is ill. */
export function expiredCheck({ checks }: Instance): Check | null {
  const isExpired = ({ type, health, output }: Check): boolean =>
    // Older servers do not tell the type.
    (type === 'ttl' || type === '') && health === 'critical' && output.startsWith(EXPIRED);
  return checks.find(isExpired) ?? null;
}

/** What a process reported last before its check expired; null: nothing. */
export function lastOutput({ output }: Check): string | null {
  const text = output.replace(BEFORE_LAST_OUTPUT, '').trim();
  return text === '' ? null : shortText(text);
}

/** The checks of an instance and its node that are critical, with what they say. */
export function criticalEvidence({ checks, nodeChecks, healthReason }: Instance): readonly Evidence[] {
  const critical = [...checks, ...nodeChecks].filter(({ health }) => health === 'critical');
  if (critical.length === 0) return healthReason === null ? [] : [{ name: 'reason', value: healthReason }];
  return critical.map(({ id, output, notes }) => ({
    name: `check ${id}`,
    value: shortText(output || notes || 'it says nothing'),
  }));
}

/** The beginning of a text, on one line. */
export function shortText(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  const characters = Array.from(line);
  return characters.length > MOST_CHARACTERS ? `${characters.slice(0, MOST_CHARACTERS).join('')}…` : line;
}
