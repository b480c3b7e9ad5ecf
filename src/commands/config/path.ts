import { BaseCommand } from '../../lib/command/base-command.js';
import { printConfigPath } from '../../lib/command/config-answer.js';
import { globalFlags } from '../../lib/command/global-flags.js';
import { configWriting } from '../../lib/command/invocation.js';

export default class ConfigPath extends BaseCommand {
  static override readonly summary = 'Print where the config file is';
  static override readonly flags = globalFlags;
  static override readonly examples = ['sdctl config path'];

  override async run(): Promise<void> {
    const { flags } = await this.parse(ConfigPath);
    printConfigPath(await this.open(flags, configWriting));
  }
}
