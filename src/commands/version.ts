import { BaseCommand } from '../lib/command/base-command.js';
import type { FormatChoice } from '../lib/command/choose-view.js';
import { globalFlags } from '../lib/command/global-flags.js';

/** A config file that is wrong must not hide which sdctl reads it. */
const formats: FormatChoice = {
  allowed: ['name', 'table', 'wide', 'tsv', 'json', 'jsonl', 'yaml'],
  terminal: 'name',
  pipe: 'name',
  config: 'ignored',
};

export default class Version extends BaseCommand {
  static override readonly summary = 'Print the version of sdctl';
  static override readonly flags = globalFlags;
  static override readonly examples = ['sdctl version', 'sdctl version -o json'];

  override async run(): Promise<void> {
    const { flags } = await this.parse(Version);
    const invocation = await this.open(flags, formats);
    const { version, arch } = this.config;
    const { documentText, isDocumentFormat } = await import('../lib/command/print-document.js');
    const { format } = invocation.view;
    if (!isDocumentFormat(format)) {
      invocation.print(`sdctl ${version}\n`);
      return;
    }
    const { versionDocument } = await import('../lib/render/documents.js');
    const { nodeVersion: node, platform } = this.deps;
    invocation.print(await documentText(versionDocument({ version, node, platform, arch }), format));
  }
}
