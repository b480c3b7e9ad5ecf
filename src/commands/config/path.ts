import { BaseCommand } from '../../lib/command/base-command.js';
import { printConfigPath } from '../../lib/command/config-value.js';
import { globalFlags } from '../../lib/command/global-flags.js';
import { configWriting, type FormatChoice } from '../../lib/command/choose-view.js';

/** The way to a file that is wrong has to be found. */
const formats: FormatChoice = { ...configWriting, config: 'ignored' };

export default class ConfigPath extends BaseCommand {
  static override readonly summary = 'Print where the config file is';
  static override readonly flags = globalFlags;
  static override readonly examples = ['sdctl config path'];

  override async run(): Promise<void> {
    const { flags } = await this.parse(ConfigPath);
    await printConfigPath(await this.open(flags, formats));
  }
}
