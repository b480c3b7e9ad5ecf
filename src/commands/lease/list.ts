import { Flags } from '@oclif/core';
import { BaseCommand } from '../../lib/command/base-command.js';
import { listFormats } from '../../lib/command/choose-view.js';
import { globalFlags, listFlags } from '../../lib/command/global-flags.js';
import { leaseQuestion, listLeases, refuseUnreadableTtl } from '../../lib/command/lease-answer.js';
import { watchLeases } from '../../lib/command/lease-watch.js';
import { usageError } from '../../lib/command/usage.js';
import { streamFormats } from '../../lib/command/watch-stream.js';

export default class LeaseList extends BaseCommand {
  static override readonly summary = 'List leases, with what hangs on each';
  static override readonly description =
    'Leases on etcd and the embedded registry; TTL checks and sessions on Consul, which does not tell how much time is left. Those nearest their end come first.';
  static override readonly aliases = ['lease:ls'];
  static override readonly flags = {
    ...globalFlags,
    ...listFlags,
    service: Flags.string({
      description: "only leases of this service or 'pattern*'",
      helpValue: 'SERVICE',
    }),
    expiring: Flags.string({
      description: 'only leases with at most this much time left, or overdue',
      helpValue: 'DUR',
    }),
    orphans: Flags.boolean({ description: 'only leases on which nothing hangs' }),
    observe: Flags.string({
      description: 'list, wait this long, list again, and say which are renewed',
      helpValue: 'DUR',
    }),
    watch: Flags.boolean({
      char: 'w',
      description: 'list, then a line for each change; the 200 nearest their end, or --limit',
    }),
  };
  static override readonly examples = [
    'sdctl lease list',
    'sdctl lease list --service payment',
    'sdctl lease list --expiring 10s -w',
    'sdctl lease list --orphans --observe 30s',
    'sdctl lease list -o json',
  ];

  override async run(): Promise<void> {
    const { flags } = await this.parse(LeaseList);
    const invocation = await this.open(flags, flags.watch ? streamFormats : listFormats);
    const question = leaseQuestion(flags);
    if (flags.watch && question.observeMs !== null)
      throw usageError(
        '--watch and --observe contradict each other',
        'a watch tells renewals as they come',
        'sdctl lease list -w',
      );
    if (flags.watch && flags.fields !== undefined)
      throw usageError(
        '--watch and --fields contradict each other',
        'the lines of a watch have fields of their own',
        'sdctl lease list -w -o jsonl',
      );
    await using handle = await invocation.openRegistry();
    refuseUnreadableTtl(invocation, handle, question);
    if (flags.watch) {
      const end = await watchLeases(invocation, handle, question, flags);
      if (end === 'aborted') await this.leaveBySignal();
    } else await listLeases(invocation, handle, question, flags);
  }
}
