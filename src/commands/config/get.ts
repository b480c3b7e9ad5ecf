import { Args } from '@oclif/core';
import { BaseCommand } from '../../lib/command/base-command.js';
import { printConfigValue } from '../../lib/command/config-value.js';
import { globalFlags } from '../../lib/command/global-flags.js';
import type { FormatChoice } from '../../lib/command/choose-view.js';

const formats: FormatChoice = { allowed: ['name', 'json', 'jsonl', 'yaml'], terminal: 'name', pipe: 'name' };

export default class ConfigGet extends BaseCommand {
  static override readonly summary = 'Print one value of the config file';
  static override readonly args = {
    key: Args.string({ required: true, description: 'dotted path: defaults.timeout, contexts.prod.servers' }),
  };
  static override readonly flags = globalFlags;
  static override readonly examples = [
    'sdctl config get currentContext',
    'sdctl config get contexts.prod.servers',
  ];

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigGet);
    await printConfigValue(await this.open(flags, formats), args.key);
  }
}
