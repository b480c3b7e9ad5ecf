import { Args } from '@oclif/core';
import { BaseCommand } from '../../lib/command/base-command.js';
import { setConfigValue } from '../../lib/command/config-value.js';
import { globalFlags } from '../../lib/command/global-flags.js';
import { configWriting } from '../../lib/command/choose-view.js';

export default class ConfigSet extends BaseCommand {
  static override readonly summary = 'Set one value of the config file';
  static override readonly args = {
    key: Args.string({ required: true, description: 'dotted path: defaults.timeout' }),
    value: Args.string({ required: true, description: 'the value, read as YAML' }),
  };
  static override readonly flags = globalFlags;
  static override readonly examples = [
    'sdctl config set defaults.timeout 10s',
    'sdctl config set contexts.prod.protected true',
  ];

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigSet);
    await setConfigValue(await this.open(flags, configWriting), args.key, args.value);
  }
}
