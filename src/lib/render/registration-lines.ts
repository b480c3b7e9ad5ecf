import { formatEndpoint } from '../model/endpoint.js';
import type { RegistrationEvent } from '../model/registration.js';
import { formatDuration } from '../time/duration.js';
import { renewalIntervalMs } from '../time/renewal.js';
import { errorSentence } from './error-sentence.js';
import { instanceText } from './event-lines.js';
import { secondsText } from './instance-facts.js';
import { clockText } from './local-time.js';
import { safeName, safeText } from './safe-text.js';
import { originText, type Origin } from './summary-lines.js';
import { paint, type View } from './view.js';

export interface RegistrationLineOptions extends Origin {
  /** What follows a confirmed loss. */
  readonly onLost: 'restore' | 'exit';
}

/**
 * A step of a registration for people, without newlines at the ends; none for a renewal as expected.
 * Steps after the first begin with the local time, because they may come hours later.
 */
export function registrationLines(
  event: RegistrationEvent,
  options: RegistrationLineOptions,
  view: View,
): string[] {
  const ascii = { ascii: view.ascii };
  const name = instanceText(event.instance, view);
  const timed = (text: string): string[] => [`${clockText(event.at)}  ${text}`];
  switch (event.type) {
    case 'registered':
      return registeredLines(event, options, view);
    case 'renewed':
      return event.afterLate ? timed(`${paint('renewed', 'passing', view)}; membership was not lost`) : [];
    case 'late':
      return timed(
        `${paint('late', 'warning', view)}: ${errorSentence(event.cause, view)}; ${leftText(event.leftSeconds)}`,
      );
    case 'lost': {
      const next = options.onLost === 'restore' ? '; registering again' : '';
      return timed(`${paint('lost', 'critical', view)}: ${safeText(event.why, ascii)}${next}`);
    }
    case 'restored': {
      const lease = safeName(event.leaseId, ascii);
      // A registry that names a claim after its run or check gives the same one again.
      const was =
        event.previousLeaseId === event.leaseId ? '' : ` (was ${safeName(event.previousLeaseId, ascii)})`;
      const before = event.previous === null ? '' : ` in place of ${instanceText(event.previous, view)}`;
      return timed(
        `${paint('restored', 'passing', view)}: ${name} is registered again${before}, lease ${lease}${was}, TTL ${secondsText(event.ttlSeconds)}`,
      );
    }
    case 'deregistered':
      return [deregisteredText(event.outcome, name, view)];
  }
}

function registeredLines(
  event: Extract<RegistrationEvent, { type: 'registered' }>,
  options: RegistrationLineOptions,
  view: View,
): string[] {
  const { instance, ttlSeconds } = event;
  const ascii = { ascii: view.ascii };
  const endpoints = instance.endpoints
    .map((endpoint) => safeName(formatEndpoint(endpoint), ascii))
    .join(', ');
  const where = originText(options, view).replace(/\)$/, `, layout ${safeName(instance.layout, ascii)})`);
  const interval =
    ttlSeconds >= 1 ? `, renewed every ${formatDuration(renewalIntervalMs(ttlSeconds * 1_000))}` : '';
  const lines = [
    `Registered ${instanceText(instance, view)}${endpoints === '' ? '' : ` (${endpoints})`} in ${where}.`,
    `Lease ${safeName(event.leaseId, ascii)}, TTL ${secondsText(ttlSeconds)}${interval}. Press Ctrl-C to deregister and stop.`,
  ];
  if (event.deregisterAfterSeconds !== null) {
    const after = formatDuration(event.deregisterAfterSeconds * 1_000);
    lines.push(
      `Without renewals it turns critical after ${secondsText(ttlSeconds)} and is removed ${after} later.`,
    );
  }
  return lines;
}

function leftText(leftSeconds: number): string {
  return leftSeconds <= 0 ? 'the TTL has passed, it may be gone' : `${secondsText(leftSeconds)} left`;
}

function deregisteredText(outcome: string, name: string, view: View): string {
  switch (outcome) {
    case 'removed':
      return `Deregistered ${name}.`;
    case 'absent':
      return `${name} was already gone.`;
    case 'changed':
      return `${name} was changed by somebody else and left alone.`;
    case 'not-owner':
      return `${name} belongs to another agent and was left alone.`;
    default:
      return `Deregistered ${name}: ${safeText(outcome, { ascii: view.ascii })}.`;
  }
}
