import { Args } from '@oclif/core';
import { loadHelpClass } from '@oclif/core/help';
import { BaseCommand } from '../lib/command/base-command.js';
import { globalFlags } from '../lib/command/global-flags.js';

export default class Help extends BaseCommand {
  static override readonly summary = 'Show help for sdctl or one of its commands';
  static override readonly strict = false;
  static override readonly args = { command: Args.string({ description: 'command' }) };
  static override readonly flags = globalFlags;
  static override readonly examples = ['sdctl help', 'sdctl help context add'];

  override async run(): Promise<void> {
    const { argv } = await this.parse(Help);
    const HelpClass = await loadHelpClass(this.config);
    const words = argv.map(String);
    const joined = words.join(':');
    const known =
      words.length === 0 ||
      this.config.findCommand(joined) !== undefined ||
      this.config.findTopic(joined) !== undefined;
    // An unknown name fails like an unknown command.
    if (!known) throw new Error(`command ${joined} not found`);
    await new HelpClass(this.config, this.config.pjson.oclif.helpOptions).showHelp(
      [joined].filter((word) => word !== ''),
    );
  }
}
