import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../lib/command/base-command.js';
import { globalFlags, listFlags, selectFlags } from '../lib/command/global-flags.js';
import { listFormats } from '../lib/command/invocation.js';
import { listInstances, listServices, readSnapshot } from '../lib/command/list-answer.js';
import { toSelection } from '../lib/command/select.js';

export default class List extends BaseCommand {
  static override readonly summary = 'List services, or the instances of one';
  static override readonly description =
    'Without an argument: every service with its counts. With a name: its instances. A pattern or a selector that matches nothing is no failure; a name without entries is (3).';
  static override readonly aliases = ['ls'];
  static override readonly args = {
    service: Args.string({ description: "service, 'pattern*' or SERVICE/INSTANCE" }),
  };
  static override readonly flags = {
    ...globalFlags,
    ...listFlags,
    ...selectFlags,
    ttl: Flags.boolean({ description: 'read remaining TTLs, also of more than 200 leases' }),
    'fail-empty': Flags.boolean({ description: 'exit 3 when the list is empty' }),
  };
  static override readonly examples = [
    'sdctl list',
    'sdctl list order',
    "sdctl list 'pay*' -l zone=eu-west-1a",
    'sdctl list order --health warning,critical -o wide',
    'sdctl list order -o json',
  ];

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(List);
    const invocation = await this.open(flags, listFormats);
    const selection = toSelection(flags, args.service);
    await using handle = await invocation.openRegistry();
    const answer = await readSnapshot(invocation, handle, { name: args.service, selection, ttl: flags.ttl });
    const print = answer.service === null ? listServices : listInstances;
    await print(invocation, handle, answer, flags);
    if (flags['fail-empty'] && answer.snapshot.instances.length === 0) await this.leave(3);
  }
}
