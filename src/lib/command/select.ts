import { globMatcher, isGlob, parseHealthList, parseSelector } from '../discovery/selector.js';
import type { Instance } from '../model/instance.js';
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
}

/** @throws {SdctlError} E_USAGE for a selector or state that cannot be read */
export function toSelection(flags: SelectFlags, pattern: string | undefined): Selection {
  const tests: ((instance: Instance) => boolean)[] = [];
  if (pattern !== undefined && isGlob(pattern)) {
    const matches = globMatcher(pattern);
    tests.push((instance) => matches(instance.service));
  }
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
  for (const tag of flags.tag ?? []) tests.push((instance) => instance.tags.includes(tag));
  if (flags.health !== undefined) {
    const parsed = parseHealthList(flags.health);
    if (!parsed.ok)
      throw usageError(
        `--health ${parsed.word} is no state`,
        'valid: passing, warning, critical, maintenance, unknown',
        '--health warning,critical',
      );
    tests.push((instance) => parsed.states.has(instance.health));
  }
  return { narrows: tests.length > 0, matches: (instance) => tests.every((test) => test(instance)) };
}
