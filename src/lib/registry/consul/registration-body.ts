import { SdctlError } from '../../errors.js';
import type { RegistrationSpec } from '../types.js';
import { checkIdOf } from './health.js';
import { metaOf } from './meta.js';

const MIN_DEREGISTER_AFTER_MS = 60_000;

/** A new check is critical by default: the instance would be out of discovery until the first renewal. */
const CHECK = { Name: 'kept alive by sdctl', Status: 'passing' };

/** How long Consul keeps an entry that nobody renews any more, when the caller does not say. */
export const DEFAULT_DEREGISTER_AFTER_MS = 600_000;

export interface BodyLimits {
  readonly ttlMs: number;
  readonly deregisterAfterMs: number;
}

/**
 * What is sent to `agent/service/register`.
 *
 * @throws {SdctlError} E_USAGE for what Consul would refuse, or change without a word
 */
export function registrationBody(
  spec: RegistrationSpec,
  limits: BodyLimits,
): Readonly<Record<string, unknown>> {
  if (limits.deregisterAfterMs < MIN_DEREGISTER_AFTER_MS) {
    throw new SdctlError('E_USAGE', 'deregister-after is shorter than one minute', {
      why: 'Consul would raise it to one minute without saying so',
      hint: '--deregister-after 1m, or more',
    });
  }
  if (spec.id.startsWith('_nomad-')) {
    throw new SdctlError('E_USAGE', `the id ${spec.id} cannot be registered on Consul`, {
      why: 'Nomad removes every id of that form that it does not know',
      hint: '--id with another beginning',
    });
  }
  const weight = spec.weight ?? 1;
  if (!Number.isInteger(weight) || weight < 1 || weight > 65_535) {
    throw new SdctlError('E_USAGE', `the weight ${weight} cannot be registered on Consul`, {
      why: 'Consul takes whole numbers from 1 to 65535',
      hint: '--weight 1',
    });
  }
  const first = spec.endpoints[0];
  return {
    ID: spec.id,
    Name: spec.service,
    Tags: spec.tags,
    Address: first?.address ?? '',
    Port: first?.port ?? 0,
    Meta: metaOf(spec, limits.ttlMs),
    Weights: { Passing: weight, Warning: 1 },
    Check: {
      ...CHECK,
      CheckID: checkIdOf(spec.id),
      TTL: `${limits.ttlMs}ms`,
      DeregisterCriticalServiceAfter: `${limits.deregisterAfterMs}ms`,
    },
  };
}

/** The check of that body as the agent that took it tells it. */
export function sentCheck(id: string): Readonly<Record<string, unknown>> {
  return { ...CHECK, CheckID: checkIdOf(id), Type: 'ttl', ServiceID: id };
}
