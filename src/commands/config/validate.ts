import { BaseCommand } from '../../lib/command/base-command.js';
import { printValidation } from '../../lib/command/config-value.js';
import { globalFlags } from '../../lib/command/global-flags.js';
import { configWriting } from '../../lib/command/choose-view.js';

export default class ConfigValidate extends BaseCommand {
  static override readonly summary = 'Check the config file';
  static override readonly flags = globalFlags;
  static override readonly examples = ['sdctl config validate'];

  override async run(): Promise<void> {
    const { flags } = await this.parse(ConfigValidate);
    await printValidation(await this.open(flags, configWriting));
  }
}
