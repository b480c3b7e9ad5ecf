import { BaseCommand } from '../lib/command/base-command.js';
import { globalFlags } from '../lib/command/global-flags.js';

export default class Version extends BaseCommand {
  static override readonly summary = 'Print the version of sdctl';
  static override readonly flags = globalFlags;
  static override readonly examples = ['sdctl version', 'sdctl version -o json'];

  override async run(): Promise<void> {
    const { flags } = await this.parse(Version);
    const { config, deps } = this;
    const format = flags.output ?? (flags.json ? 'json' : 'name');
    if (format === 'name' || format === 'table') {
      deps.stdout.write(`sdctl ${config.version}\n`);
      return;
    }
    const { configWriting } = await import('../lib/command/invocation.js');
    const invocation = await this.open(
      { ...flags, config: undefined },
      { ...configWriting, allowed: ['name', 'json', 'jsonl', 'yaml'] },
    );
    const { versionDocument } = await import('../lib/render/documents.js');
    const { documentText, isDocumentFormat } = await import('../lib/command/print-document.js');
    const document = versionDocument({
      version: config.version,
      node: deps.nodeVersion,
      platform: deps.platform,
      arch: config.arch,
    });
    if (isDocumentFormat(invocation.view.format))
      invocation.print(await documentText(document, invocation.view.format));
  }
}
