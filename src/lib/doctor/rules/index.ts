import type { Rule } from '../types.js';
import { noLeader } from './sd001-no-leader.js';
import { clusterAlarm } from './sd002-cluster-alarm.js';
import { dbNearQuota } from './sd003-db-near-quota.js';
import { partialView } from './sd004-partial-view.js';
import { keyWithoutLease } from './sd101-key-without-lease.js';
import { leaseWithoutKeys } from './sd102-lease-without-keys.js';
import { ttlTooLong } from './sd103-ttl-too-long.js';
import { ttlTooShort } from './sd104-ttl-too-short.js';
import { keepaliveLate } from './sd105-keepalive-late.js';
import { expiredNotRevoked } from './sd106-expired-not-revoked.js';
import { unparsableValue } from './sd201-unparsable-value.js';
import { keyValueMismatch } from './sd202-key-value-mismatch.js';
import { unroutableAddress } from './sd203-unroutable-address.js';
import { duplicateEndpoint } from './sd204-duplicate-endpoint.js';
import { duplicateInstanceId } from './sd206-duplicate-instance-id.js';
import { mixedLayouts } from './sd207-mixed-layouts.js';
import { orphanMarker } from './sd212-orphan-marker.js';
import { noHealthyInstance } from './sd301-no-healthy-instance.js';
import { unreachable } from './sd302-unreachable.js';
import { criticalTooLong } from './sd303-critical-too-long.js';
import { ttlCheckExpired } from './sd304-ttl-check-expired.js';
import { noHealthCheck } from './sd305-no-health-check.js';
import { maintenanceForgotten } from './sd307-maintenance-forgotten.js';
import { outsideDeclaredRange } from './sd309-outside-declared-range.js';
import { viewDrift } from './sd401-view-drift.js';
import { orphanNode } from './sd403-orphan-node.js';
import { singlePointOfFailure } from './sd501-single-point-of-failure.js';

/** In the order in which they are listed. A new rule is one file and one line here. */
export const rules: readonly Rule[] = [
  noLeader,
  clusterAlarm,
  dbNearQuota,
  partialView,
  keyWithoutLease,
  leaseWithoutKeys,
  ttlTooLong,
  ttlTooShort,
  keepaliveLate,
  expiredNotRevoked,
  unparsableValue,
  keyValueMismatch,
  unroutableAddress,
  duplicateEndpoint,
  duplicateInstanceId,
  mixedLayouts,
  orphanMarker,
  noHealthyInstance,
  unreachable,
  criticalTooLong,
  ttlCheckExpired,
  noHealthCheck,
  maintenanceForgotten,
  outsideDeclaredRange,
  viewDrift,
  orphanNode,
  singlePointOfFailure,
];
