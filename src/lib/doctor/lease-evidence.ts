import { factsOf } from '../layouts/facts-of.js';
import type { Evidence, Subject } from '../model/finding.js';
import { formatLeaseName } from '../model/lease-name.js';
import { formatDuration } from '../time/duration.js';
import { instanceName, instanceSubject } from './instance-evidence.js';
import type { LeaseUse } from './lease-uses.js';
import type { Examination } from './types.js';

/** As many entries of a lease are named; the others are counted. */
const MOST_NAMED = 10;

/** A lease with the first instance on it, as the subject of a finding. */
export function leaseSubject({ lease, first }: LeaseUse): Subject {
  return { ...instanceSubject(first), lease: formatLeaseName(lease) };
}

/** `order/i-7f3a`, or `order/i-7f3a and 2 more` where one lease keeps several. */
export function keptText({ first, instances }: LeaseUse): string {
  const more = instances.length - 1;
  return more === 0 ? instanceName(first) : `${instanceName(first)} and ${more} more`;
}

/** Seconds for people. */
export function secondsText(seconds: number): string {
  return formatDuration(seconds * 1_000);
}

/** What a lease is, what it keeps, and what the framework of its entries asks for by default. */
export function leaseEvidence(use: LeaseUse, { backend }: Pick<Examination, 'backend'>): readonly Evidence[] {
  const { lease, grantedSeconds, first, instances } = use;
  const usual = factsOf(backend, first.layout)?.defaultTtlSeconds ?? 0;
  return [
    { name: 'lease', value: formatLeaseName(lease) },
    { name: 'TTL', value: grantedSeconds === null ? 'not known' : secondsText(grantedSeconds) },
    ...(instances.length === 1 ? [] : [{ name: 'entries', value: namesText(instances.map(instanceName)) }]),
    { name: 'layout', value: first.layout },
    ...(usual === 0 ? [] : [{ name: 'usual TTL there', value: secondsText(usual) }]),
  ];
}

/** Some names, and how many more there are. */
export function namesText(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMED).join(', ');
  return names.length > MOST_NAMED ? `${shown} and ${names.length - MOST_NAMED} more` : shown;
}
