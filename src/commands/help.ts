import { Args } from '@oclif/core';
import { loadHelpClass } from '@oclif/core/help';
import { BaseCommand } from '../lib/command/base-command.js';
import { globalFlags } from '../lib/command/global-flags.js';
import { unknownCommand } from '../lib/command/unknown-command.js';

export default class Help extends BaseCommand {
  static override readonly summary = 'Show help for sdctl or one of its commands';
  static override readonly strict = false;
  static override readonly args = { command: Args.string({ description: 'command' }) };
  static override readonly flags = globalFlags;
  static override readonly examples = ['sdctl help', 'sdctl help context add'];

  override async run(): Promise<void> {
    const { argv } = await this.parse(Help);
    const words = argv.map(String);
    const id = words.join(':');
    const { config } = this;
    if (id !== '' && config.findCommand(id) === undefined && config.findTopic(id) === undefined) {
      throw unknownCommand(
        words.join(' '),
        config.commandIDs.map((known) => known.replaceAll(':', ' ')),
      );
    }
    const HelpClass = await loadHelpClass(config);
    await new HelpClass(config, config.pjson.oclif.helpOptions).showHelp(id === '' ? [] : [id]);
  }
}
