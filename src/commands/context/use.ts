import { Args } from '@oclif/core';
import { BaseCommand } from '../../lib/command/base-command.js';
import { useContext } from '../../lib/command/context-edit.js';
import { globalFlags } from '../../lib/command/global-flags.js';
import { configWriting } from '../../lib/command/choose-view.js';

export default class ContextUse extends BaseCommand {
  static override readonly summary = 'Make a context the current one';
  static override readonly aliases = ['ctx:use'];
  static override readonly args = {
    name: Args.string({ required: true, description: 'name of the context' }),
  };
  static override readonly flags = globalFlags;
  static override readonly examples = ['sdctl context use stage'];

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(ContextUse);
    await useContext(await this.open(flags, configWriting), args.name);
  }
}
