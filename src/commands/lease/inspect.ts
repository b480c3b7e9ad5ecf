import { Args } from '@oclif/core';
import { BaseCommand } from '../../lib/command/base-command.js';
import { listFormats } from '../../lib/command/choose-view.js';
import { globalFlags } from '../../lib/command/global-flags.js';
import { inspectLease } from '../../lib/command/lease-inspect.js';
import { requireLeaseNames } from '../../lib/command/lease-lookup.js';

export default class LeaseInspect extends BaseCommand {
  static override readonly summary = 'Show one lease and everything that hangs on it';
  static override readonly description =
    'Ids on etcd: hex digits as etcdctl prints them, 0x and hex digits, dec: and a decimal number. On Consul: CHECK@NODE, CHECK, or the id of a session. One that the registry does not know is (3).';
  static override readonly aliases = ['lease:show'];
  static override readonly args = {
    id: Args.string({ required: true, description: 'the lease, as lease list prints it' }),
  };
  static override readonly flags = globalFlags;
  static override readonly examples = [
    'sdctl lease inspect 694d8c1f2a3b4c2d',
    'sdctl lease inspect dec:7587875012669557805 -o json',
    'sdctl lease inspect service:order-1@node-2',
  ];

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(LeaseInspect);
    const invocation = await this.open(flags, listFormats);
    const names = requireLeaseNames(invocation, args.id);
    await using handle = await invocation.openRegistry();
    await inspectLease(invocation, handle, names);
  }
}
