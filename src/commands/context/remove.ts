import { Args } from '@oclif/core';
import { BaseCommand } from '../../lib/command/base-command.js';
import { removeContext } from '../../lib/command/context-edit.js';
import { globalFlags } from '../../lib/command/global-flags.js';
import { configWriting } from '../../lib/command/choose-view.js';

export default class ContextRemove extends BaseCommand {
  static override readonly summary = 'Remove a context from the config file';
  static override readonly aliases = ['ctx:remove'];
  static override readonly args = {
    name: Args.string({ required: true, description: 'name of the context' }),
  };
  static override readonly flags = globalFlags;
  static override readonly examples = ['sdctl context remove stage'];

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(ContextRemove);
    await removeContext(await this.open(flags, configWriting), args.name);
  }
}
