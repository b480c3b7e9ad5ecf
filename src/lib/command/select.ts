import { globMatcher, isGlob, parseHealthList, parseSelector } from '../discovery/selector.js';
import type { Instance, Snapshot } from '../model/instance.js';
import { refuseEmptyName } from './names.js';
import { usageError } from './usage.js';

export interface SelectFlags {
  readonly selector?: string | undefined;
  readonly tag?: readonly string[] | undefined;
  readonly health?: string | undefined;
}

/** What the selecting flags and a pattern leave of a set. */
export interface Selection {
  /** Anything at all narrows the set, so that finding nothing is no failure. */
  readonly narrows: boolean;
  readonly matches: (instance: Instance) => boolean;
  /** Whether an entry nobody could read may belong to what was asked for; null: it does not even name a service. */
  readonly matchesName: (service: string | null) => boolean;
}

/** The selection that leaves all. */
export const everything: Selection = { narrows: false, matches: () => true, matchesName: () => true };

/** @throws {SdctlError} E_USAGE for an empty name, a selector or a state that cannot be read */
export function toSelection(flags: SelectFlags, pattern: string | undefined): Selection {
  refuseEmptyName(pattern);
  const tests: ((instance: Instance) => boolean)[] = [];
  const byName = pattern !== undefined && isGlob(pattern) ? globMatcher(pattern) : null;
  if (byName !== null) tests.push((instance) => byName(instance.service));
  if (flags.selector !== undefined) {
    const parsed = parseSelector(flags.selector);
    if (!parsed.ok)
      throw usageError(
        `-l ${flags.selector} is no selector`,
        parsed.reason,
        "-l 'zone=a,version!=1.2,tier in (a,b),canary,!legacy'",
      );
    tests.push(parsed.matches);
  }
  for (const tag of flags.tag ?? [])
    tests.push((instance) => instance.tags.includes(tag) || instance.consul?.rawTags.includes(tag) === true);
  if (flags.health !== undefined) {
    const parsed = parseHealthList(flags.health);
    if (!parsed.ok)
      throw usageError(
        `--health ${parsed.word} is no state`,
        'valid: passing, warning, critical, maintenance, disabled, unknown',
        '--health warning,critical',
      );
    tests.push((instance) => parsed.states.has(instance.health));
  }
  return {
    narrows: tests.length > 0,
    matches: (instance) => tests.every((test) => test(instance)),
    matchesName: (service) => service === null || byName === null || byName(service),
  };
}

/** What a selection leaves of a snapshot. Entries nobody could read stay: they are never hidden. */
export function narrow(snapshot: Snapshot, selection: Selection): Snapshot {
  if (!selection.narrows) return snapshot;
  return {
    ...snapshot,
    instances: snapshot.instances.filter((instance) => selection.matches(instance)),
    undecoded: snapshot.undecoded.filter(({ service }) => selection.matchesName(service)),
  };
}
