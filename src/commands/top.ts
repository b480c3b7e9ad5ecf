import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../lib/command/base-command.js';
import { globalFlags, selectFlags } from '../lib/command/global-flags.js';
import { toSelection } from '../lib/command/select.js';
import { refuseLineFlags, runInteractive, viewFormats } from '../lib/command/view-run.js';
import { followMembership, streamFormats, watchPlan } from '../lib/command/watch-stream.js';

export default class Top extends BaseCommand {
  static override readonly summary = 'The interactive view: watch -i';
  static override readonly description =
    'Services, instances, leases, findings and events on the whole terminal, live; ? lists the keys. It only reads.';
  static override readonly args = {
    service: Args.string({ description: "service or 'pattern*'; all without it" }),
  };
  static override readonly flags = {
    ...globalFlags,
    selector: selectFlags.selector,
    clipboard: Flags.boolean({ description: 'c copies endpoints through the terminal' }),
  };
  static override readonly examples = ['sdctl top', 'sdctl top order', "sdctl top 'pay*' -c prod-eu"];

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Top);
    refuseLineFlags(flags);
    const view = await this.open(flags, viewFormats);
    const code = await runInteractive(view, { ...flags, service: args.service }, this.config.root);
    if (code !== null) await this.leave(code);
    const invocation = await this.open(flags, streamFormats);
    const plan = watchPlan(invocation, { service: args.service }, toSelection(flags, args.service));
    await using handle = await invocation.openRegistry();
    if ((await followMembership(invocation, handle, plan)) === 'aborted') await this.leaveBySignal();
  }
}
