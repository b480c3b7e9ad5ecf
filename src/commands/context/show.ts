import { Args } from '@oclif/core';
import { BaseCommand } from '../../lib/command/base-command.js';
import { printContext } from '../../lib/command/context-answer.js';
import { globalFlags } from '../../lib/command/global-flags.js';
import type { FormatChoice } from '../../lib/command/choose-view.js';

const formats: FormatChoice = {
  allowed: ['table', 'tsv', 'name', 'json', 'jsonl', 'yaml'],
  terminal: 'table',
  pipe: 'tsv',
};

export default class ContextShow extends BaseCommand {
  static override readonly summary = 'Show one context, the current one without a name';
  static override readonly aliases = ['ctx:show'];
  static override readonly args = { name: Args.string({ description: 'name of the context' }) };
  static override readonly flags = globalFlags;
  static override readonly examples = ['sdctl context show', 'sdctl context show prod -o yaml'];

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(ContextShow);
    await printContext(await this.open(flags, formats), args.name);
  }
}
