import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../lib/command/base-command.js';
import { listFormats } from '../lib/command/choose-view.js';
import { globalFlags, listFlags, selectFlags } from '../lib/command/global-flags.js';
import type { Invocation } from '../lib/command/invocation.js';
import { printLayouts } from '../lib/command/layouts-answer.js';
import { printAnswer, readSnapshot, refuseEmpty, type ListQuestion } from '../lib/command/list-answer.js';
import { listThenWatch } from '../lib/command/list-watch.js';
import type { ListFlags } from '../lib/command/print-list.js';
import { toSelection } from '../lib/command/select.js';
import { usageError } from '../lib/command/usage.js';
import { streamFormats } from '../lib/command/watch-stream.js';

export default class List extends BaseCommand {
  static override readonly summary = 'List services, or the instances of one';
  static override readonly description =
    'Without an argument: every service with its counts. With a name: its instances. A pattern or a selector that matches nothing is no failure; a name without entries is (3).';
  static override readonly aliases = ['ls'];
  static override readonly args = {
    service: Args.string({ description: "service, 'pattern*' or SERVICE/INSTANCE" }),
  };
  static override readonly flags = {
    ...globalFlags,
    ...listFlags,
    ...selectFlags,
    ttl: Flags.boolean({ description: 'read remaining TTLs, also of more than 200 leases' }),
    watch: Flags.boolean({ char: 'w', description: 'list, then go on as watch' }),
    id: Flags.string({
      description: "the instance's id: SERVICE is the whole argument then; '' for all of the service",
      helpValue: 'ID',
    }),
    layouts: Flags.boolean({ description: 'which layouts stand where, with how many services' }),
    'fail-empty': Flags.boolean({ description: 'exit 3 when the list is empty' }),
  };
  static override readonly examples = [
    'sdctl list',
    'sdctl list order',
    "sdctl list 'pay*' -l zone=eu-west-1a",
    'sdctl list order --health warning,critical -o wide',
    'sdctl list order -o json',
    "sdctl list --prefix ''",
    'sdctl list --layouts',
  ];

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(List);
    const invocation = await this.open(flags, flags.watch ? streamFormats : listFormats);
    const selection = toSelection(flags, args.service);
    const question = { name: args.service, selection, ttl: flags.ttl, id: flags.id };
    if (flags.layouts) return this.#layouts(invocation, args.service, flags);
    if (flags.id !== undefined && (args.service === undefined || flags.watch))
      throw usageError('--id needs one SERVICE to list', undefined, 'sdctl list order --id i-7f3a');
    if (flags.watch) return this.#watch(invocation, question, flags);
    await using handle = await invocation.openRegistry();
    const answer = await readSnapshot(invocation, handle, question);
    if (flags['fail-empty']) refuseEmpty(invocation, answer);
    await printAnswer(invocation, handle, answer, flags);
  }

  async #layouts(invocation: Invocation, service: string | undefined, flags: ListFlags): Promise<void> {
    if (service !== undefined)
      throw usageError('--layouts is about all services', `"${service}" names one`, 'sdctl list --layouts');
    await using handle = await invocation.openRegistry();
    await printLayouts(invocation, handle, flags);
  }

  async #watch(
    invocation: Invocation,
    question: ListQuestion,
    flags: ListFlags & { readonly 'fail-empty': boolean },
  ): Promise<void> {
    if (flags['fail-empty'])
      throw usageError('--watch and --fail-empty contradict each other', 'a watch waits', '--watch');
    await using handle = await invocation.openRegistry();
    const end = await listThenWatch(invocation, handle, question, flags);
    if (end === 'aborted') await this.leaveBySignal();
  }
}
