import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../lib/command/base-command.js';
import { deregisterOne } from '../lib/command/deregister-run.js';
import { confirmFlags, globalFlags } from '../lib/command/global-flags.js';
import type { FormatChoice } from '../lib/command/choose-view.js';

const formats: FormatChoice = { allowed: ['name', 'json', 'jsonl', 'yaml'], terminal: 'name', pipe: 'name' };

export default class Deregister extends BaseCommand {
  static override readonly summary = 'Remove one instance by force';
  static override readonly description =
    'Reads the entry, asks, and removes it only if it is still the one that was shown. A process that keeps announcing it will put it back: stop that first.';
  static override readonly aliases = ['unregister'];
  static override readonly args = {
    instance: Args.string({
      required: true,
      description: 'SERVICE/INSTANCE, on Consul also SERVICE/INSTANCE@NODE',
    }),
  };
  static override readonly flags = {
    ...globalFlags,
    ...confirmFlags,
    id: Flags.string({
      description: 'the id, when it holds a / itself; the argument is then the service',
      helpValue: 'ID',
    }),
  };
  static override readonly examples = [
    'sdctl deregister order/i-7f3a',
    'sdctl deregister order/i-7f3a --yes',
    'sdctl deregister order/i-7f3a@node-2 --dry-run',
  ];

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Deregister);
    const invocation = await this.open(flags, formats);
    invocation.refuseReadOnly('deregister');
    await using handle = await invocation.openRegistry();
    await deregisterOne(invocation, handle, args.instance, flags);
  }
}
