import { CommandHelp, Help } from '@oclif/core/help';

/** Help of one command: how it is used first, then everything else. */
class CommandPage extends CommandHelp {
  protected override sections(): ReturnType<CommandHelp['sections']> {
    const order = ['USAGE', 'EXAMPLES', 'DESCRIPTION'];
    const rank = ({ header }: { header: string }): number =>
      order.includes(header) ? order.indexOf(header) : order.length;
    return super.sections().sort((a, b) => rank(a) - rank(b));
  }

  /** Flags follow in sections of their own; all of them in one line would hide the arguments. */
  protected override defaultUsage(): string {
    this.opts.docopts = false;
    return `${super.defaultUsage()} [FLAGS]`;
  }

  /** As they are typed; the inherited form wraps long ones, which breaks them for pasting. */
  protected override examples(examples: Parameters<CommandHelp['examples']>[0]): string | undefined {
    const lines = (typeof examples === 'string' ? [examples] : (examples ?? [])).map((example) =>
      typeof example === 'string' ? example : example.command,
    );
    return lines.length === 0 ? undefined : lines.map((line) => `$ ${line}`).join('\n');
  }

  protected override aliases(aliases: string[] | undefined): string | undefined {
    return super.aliases(aliases?.map((alias) => alias.replaceAll(':', ' ')));
  }
}

/** The help of sdctl. */
export class SdctlHelp extends Help {
  protected override CommandHelpClass = CommandPage;
}
