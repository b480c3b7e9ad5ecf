import { Flags } from '@oclif/core';
import { BaseCommand } from '../../lib/command/base-command.js';
import { printSettings } from '../../lib/command/config-answer.js';
import { globalFlags, listFlags } from '../../lib/command/global-flags.js';
import { listFormats } from '../../lib/command/choose-view.js';

export default class ConfigView extends BaseCommand {
  static override readonly summary = 'Show the settings in force';
  static override readonly flags = {
    ...globalFlags,
    ...listFlags,
    sources: Flags.boolean({ description: 'also where each comes from' }),
  };
  static override readonly examples = ['sdctl config view --sources'];

  override async run(): Promise<void> {
    const { flags } = await this.parse(ConfigView);
    await printSettings(await this.open(flags, listFormats), flags.sources, flags);
  }
}
