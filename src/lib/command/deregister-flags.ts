import { Flags } from '@oclif/core';
import { removalWishes, type RemovalWish } from '../model/removal.js';
import { confirmFlags, selectFlags } from './global-flags.js';
import type { SelectFlags } from './select.js';
import { requireDuration, requireInteger, usageError } from './usage.js';
import type { DeregisterOptions } from './deregister-run.js';
import type { ConfirmFlags } from './confirm.js';

/** The flags of `deregister` beside the global ones. */
export const deregisterFlags = {
  ...selectFlags,
  ...confirmFlags,
  id: Flags.string({
    description: 'the id, when it holds a / itself; the argument is then the service',
    helpValue: 'ID',
  }),
  how: Flags.string({
    description: 'auto, delete, revoke (etcd: the whole lease) or catalog (Consul)',
    helpValue: 'WAY',
  }),
  'catalog-only': Flags.boolean({ description: 'same as --how catalog' }),
  stale: Flags.boolean({ description: 'only entries that are certainly of nobody any more; looks twice' }),
  probe: Flags.string({
    description: 'with --stale: tcp connects to entries that lost their lease',
    helpValue: 'HOW',
  }),
  max: Flags.string({ description: 'refuse to remove more than this at once (10)', helpValue: 'N' }),
  'min-healthy': Flags.string({
    description: 'refuse to leave fewer passing instances of a service than this (1)',
    helpValue: 'N',
  }),
  force: Flags.boolean({ description: 'lift --min-healthy, and remove what Nomad keeps; still asks' }),
  verify: Flags.string({
    description: 'how long to look whether it comes back, 0 for not at all (as its layout asks for)',
    helpValue: 'DUR',
  }),
  'owner-port': Flags.string({
    description: "Consul: HTTP port of the owning agent, where it is another one than the server's",
    helpValue: 'PORT',
  }),
  'undo-file': Flags.string({
    description: 'save what is removed in this file first',
    helpValue: 'FILE',
  }),
  undo: Flags.string({
    description: 'put back what --undo-file saved, where nothing stands now',
    helpValue: 'FILE',
  }),
};

/** Those flags as oclif parses them. */
export interface DeregisterFlags extends SelectFlags, ConfirmFlags {
  readonly id?: string | undefined;
  readonly how?: string | undefined;
  readonly 'catalog-only'?: boolean | undefined;
  readonly stale?: boolean | undefined;
  readonly probe?: string | undefined;
  readonly max?: string | undefined;
  readonly 'min-healthy'?: string | undefined;
  readonly force?: boolean | undefined;
  readonly verify?: string | undefined;
  readonly 'owner-port'?: string | undefined;
  readonly 'undo-file'?: string | undefined;
  readonly undo?: string | undefined;
  readonly 'dry-run'?: boolean | undefined;
}

const MOST_TARGETS = 10;
const LEAST_HEALTHY = 1;

/**
 * @param readsStdin names come from there, so that nothing can be asked
 * @throws {SdctlError} E_USAGE for a flag that cannot be read, or that contradicts another one
 */
export function toDeregisterOptions(flags: DeregisterFlags, readsStdin: boolean): DeregisterOptions {
  const { max, verify } = flags;
  const minHealthy = flags['min-healthy'];
  const how = wishOf(flags);
  const ownerPort = ownerPortOf(flags);
  return {
    flags: readsStdin ? { ...flags, 'no-input': true } : flags,
    isDryRun: flags['dry-run'] === true,
    isChosen: isChosen(flags),
    probesTcp: probesTcp(flags),
    undoFile: fileOf(flags, 'undo-file'),
    max: max === undefined ? MOST_TARGETS : requireInteger('--max', max, 1),
    minHealthy: minHealthy === undefined ? LEAST_HEALTHY : requireInteger('--min-healthy', minHealthy, 0),
    force: flags.force === true,
    verifyMs: verify === undefined ? null : verify === '0' ? 0 : requireDuration('--verify', verify),
    ...(how === undefined ? {} : { how }),
    ...(ownerPort === undefined ? {} : { ownerPort }),
  };
}

/** @throws {SdctlError} E_USAGE */
export function ownerPortOf(flags: DeregisterFlags): number | undefined {
  const port = flags['owner-port'];
  return port === undefined ? undefined : requireInteger('--owner-port', port, 1, 65_535);
}

/** Whether targets are chosen by what they are. */
export function isChosen({ selector, tag, health, stale }: DeregisterFlags): boolean {
  return selector !== undefined || (tag ?? []).length > 0 || health !== undefined || stale === true;
}

function wishOf(flags: DeregisterFlags): RemovalWish | undefined {
  const { how } = flags;
  const known = removalWishes.find((wish) => wish === how);
  if (how !== undefined && known === undefined)
    throw usageError(`--how ${how} is not valid`, `valid: ${removalWishes.join(', ')}`, '--how auto');
  if (flags['catalog-only'] !== true) return known;
  if (known !== undefined && known !== 'catalog')
    throw usageError(`--how ${known} and --catalog-only contradict each other`, undefined, '--how catalog');
  return 'catalog';
}

/** Flags that say what to remove, or how. */
const OF_REMOVAL = [
  'selector',
  'tag',
  'health',
  'id',
  'how',
  'catalog-only',
  'stale',
  'probe',
  'max',
  'min-healthy',
  'verify',
  'undo-file',
] as const;

/**
 * The file to put back from; null: this is a removal.
 *
 * @throws {SdctlError} E_USAGE for names or flags that mean nothing beside it
 */
export function undoFileOf(names: readonly string[], flags: DeregisterFlags): string | null {
  const file = fileOf(flags, 'undo');
  if (file === null) return null;
  const beside = OF_REMOVAL.filter((name) => flags[name] !== undefined && flags[name] !== false);
  if (names.length === 0 && beside.length === 0) return file;
  throw usageError(
    '--undo puts back all that its file holds',
    beside.length === 0 ? 'it takes no names' : `beside it --${beside.join(', --')} means nothing`,
    '--undo FILE alone',
  );
}

/** A file that is named by a flag. An empty name is mostly a variable of a script that is not set. */
function fileOf(flags: DeregisterFlags, name: 'undo' | 'undo-file'): string | null {
  const file = flags[name];
  if (file === '') throw usageError(`--${name} is empty`, 'the flag is there, but names no file');
  return file ?? null;
}

/** Whether to connect to what has no lease. @throws {SdctlError} E_USAGE */
function probesTcp({ probe, stale }: DeregisterFlags): boolean {
  if (probe === undefined) return false;
  if (probe !== 'tcp') throw usageError(`--probe ${probe} is not valid`, 'valid: tcp', '--probe tcp');
  if (stale !== true) throw usageError('--probe belongs to --stale', undefined, '--stale --probe tcp');
  return true;
}
