import type { Instance } from '../../model/instance.js';
import type { LeftReason } from '../../model/membership.js';
import { hasExpired } from './health.js';

/** Why an instance is gone, as far as its last state tells: Consul removes without a word about the reason. */
export function reasonOfDeparture(last: Instance): LeftReason {
  return last.checks.some((check) => check.id === last.lease?.id && hasExpired(check))
    ? 'expired'
    : 'unknown';
}
