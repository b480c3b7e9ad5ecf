import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../lib/command/base-command.js';
import { globalFlags, selectFlags } from '../lib/command/global-flags.js';
import { toSelection } from '../lib/command/select.js';
import { refuseLineFlags, runInteractive, viewFormats } from '../lib/command/view-run.js';
import { followMembership, streamFormats, watchPlan } from '../lib/command/watch-stream.js';

export default class Watch extends BaseCommand {
  static override readonly summary = 'Print membership changes as they happen';
  static override readonly description =
    'First the whole set as one event, then a line per change. An outage is an event too: stale, then synced, then what was missed. It never ends by itself, unless --until or --timeout say so. With -i (or as sdctl top) it takes the whole terminal and shows services, instances, leases, findings and events; ? lists its keys. It only reads.';
  static override readonly args = {
    service: Args.string({ description: "service or 'pattern*'; all without it" }),
  };
  static override readonly flags = {
    ...globalFlags,
    ...selectFlags,
    interactive: Flags.boolean({ char: 'i', description: 'the whole terminal, with keys (as sdctl top)' }),
    clipboard: Flags.boolean({ description: 'with -i: c copies endpoints through the terminal' }),
    until: Flags.string({
      description:
        'end with 0 once this holds: passing>=3, instances==0, gone=ID; 9 when --timeout comes first',
      helpValue: 'EXPR',
    }),
    events: Flags.string({
      description: 'only these: synced, joined, updated, left, stale; comma list',
      helpValue: 'TYPES',
    }),
    'no-initial': Flags.boolean({ description: 'do not print the first synced event' }),
    'retry-start': Flags.string({
      description: 'retry this long, or forever, while nothing has been read yet',
      helpValue: 'DUR',
    }),
  };
  static override readonly examples = [
    'sdctl watch order',
    'sdctl watch',
    'sdctl watch -i',
    'sdctl watch order -o jsonl',
    "sdctl watch order --until 'passing>=3' --timeout 2m",
  ];

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Watch);
    if (flags.interactive) {
      refuseLineFlags(flags);
      const view = await this.open(flags, viewFormats);
      const code = await runInteractive(view, { ...flags, service: args.service }, this.config.root);
      if (code !== null) await this.leave(code);
    }
    const invocation = await this.open(flags, streamFormats);
    const plan = watchPlan(invocation, { ...flags, service: args.service }, toSelection(flags, args.service));
    await using handle = await invocation.openRegistry();
    const end = await followMembership(invocation, handle, plan);
    if (end === 'aborted') await this.leaveBySignal();
  }
}
