/** sdctl as a library: open a registry, list, watch, register and deregister. */
export { SdctlError, exitCodes, type ErrorCode } from './errors.js';
export type { Endpoint } from './model/endpoint.js';
export type { Health, Instance, Owner, Revision, Snapshot } from './model/instance.js';
export type { MembershipEvent } from './model/membership.js';
export type { RegistrationEvent } from './model/registration.js';
export {
  defaultTimeouts,
  type BackendName,
  type Connection,
  type RegistryDeps,
} from './registry/connection.js';
export type { Secret, TlsSettings } from './registry/connection.js';
export type { ProcessProbe } from './registry/claim.js';
export { createMemoryRegistry } from './registry/local/open-local.js';
export { openRegistry } from './registry/open.js';
export type {
  CallOptions,
  Capabilities,
  DeregisterOptions,
  DeregisterOutcome,
  DeregisterTarget,
  Lease,
  Notice,
  RegisterOptions,
  Registration,
  RegistrationSpec,
  Registry,
  RegistryHandle,
  RegistryOperations,
  ServerStatus,
  WatchOptions,
} from './registry/types.js';
export { systemClock, type Clock } from './time/clock.js';
export { formatDuration, parseDuration, type DurationResult } from './time/duration.js';
