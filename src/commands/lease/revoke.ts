import { Args } from '@oclif/core';
import { BaseCommand } from '../../lib/command/base-command.js';
import type { FormatChoice } from '../../lib/command/choose-view.js';
import { confirmFlags, globalFlags } from '../../lib/command/global-flags.js';
import { requireLeaseNames } from '../../lib/command/lease-lookup.js';
import { revokeOne } from '../../lib/command/lease-revoke.js';

const formats: FormatChoice = { allowed: ['name', 'json', 'jsonl', 'yaml'], terminal: 'name', pipe: 'name' };

export default class LeaseRevoke extends BaseCommand {
  static override readonly summary = 'End a lease, and with it everything that hangs on it';
  static override readonly description =
    'Reads the lease, says what falls with it, asks, and ends it only if nothing else hangs on it by then. Several keys need the id of the lease typed, or --yes --confirm ID. A process that keeps renewing it will notice, and most register again: stop it first.';
  static override readonly args = {
    id: Args.string({ required: true, description: 'the lease, as lease list prints it' }),
  };
  static override readonly flags = { ...globalFlags, ...confirmFlags };
  static override readonly examples = [
    'sdctl lease revoke 694d8c1f2a3b4c2d --dry-run',
    'sdctl lease revoke 694d8c1f2a3b4c2d',
    'sdctl lease revoke 694d8c1f2a3b4c2d --yes --confirm 694d8c1f2a3b4c2d',
  ];

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(LeaseRevoke);
    const invocation = await this.open(flags, formats);
    invocation.refuseReadOnly('lease revoke');
    const names = requireLeaseNames(invocation, args.id);
    await using handle = await invocation.openRegistry();
    await revokeOne(invocation, handle, names, flags);
  }
}
