import { BaseCommand } from '../../lib/command/base-command.js';
import { printContexts } from '../../lib/command/context-answer.js';
import { globalFlags, listFlags } from '../../lib/command/global-flags.js';
import { listFormats } from '../../lib/command/choose-view.js';

export default class ContextList extends BaseCommand {
  static override readonly summary = 'List the contexts of the config file';
  static override readonly aliases = ['context:ls', 'ctx:list', 'ctx:ls'];
  static override readonly flags = { ...globalFlags, ...listFlags };
  static override readonly examples = ['sdctl context list', 'sdctl context list -o json'];

  override async run(): Promise<void> {
    const { flags } = await this.parse(ContextList);
    await printContexts(await this.open(flags, listFormats), flags);
  }
}
