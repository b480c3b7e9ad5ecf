import { Args } from '@oclif/core';
import { BaseCommand } from '../lib/command/base-command.js';
import type { FormatChoice } from '../lib/command/choose-view.js';
import {
  deregisterFlags,
  ownerPortOf,
  toDeregisterOptions,
  undoFileOf,
  type DeregisterFlags,
} from '../lib/command/deregister-flags.js';
import { deregister } from '../lib/command/deregister-run.js';
import { chooseTargets } from '../lib/command/deregister-targets.js';
import { globalFlags } from '../lib/command/global-flags.js';
import type { Invocation } from '../lib/command/invocation.js';
import { namesToRemove, readsStdin } from '../lib/command/names-to-remove.js';
import { undoRemoval } from '../lib/command/undo-run.js';

const formats: FormatChoice = { allowed: ['name', 'json', 'jsonl', 'yaml'], terminal: 'name', pipe: 'name' };

export default class Deregister extends BaseCommand {
  static override readonly summary = 'Remove instances by force, and look whether they stay gone';
  static override readonly description =
    'Reads the entries, says how each would be removed, asks, and removes only what was shown. Then it looks whether a process that still runs puts them back (6). With a selector or --stale the arguments are services; without any, all.';
  static override readonly aliases = ['unregister'];
  static override readonly args = {
    instances: Args.string({
      multiple: true,
      description: 'SERVICE/INSTANCE each, on Consul also SERVICE/INSTANCE@NODE; - reads names from stdin',
    }),
  };
  static override readonly flags = { ...globalFlags, ...deregisterFlags };
  static override readonly examples = [
    'sdctl deregister order/i-7f3a',
    'sdctl deregister order/i-7f3a order/i-91c2 --yes --confirm order',
    'sdctl deregister order/i-7f3a@node-2 --dry-run',
    'sdctl deregister order -l version=1.7.0 --max 3 --undo-file order.json',
    'sdctl deregister --stale --dry-run',
    'sdctl deregister --undo order.json',
  ];

  readonly #stop = new AbortController();
  #stopListening: () => void = () => undefined;

  /** Not aborted when the reader of stdout goes away: what was confirmed is removed all the same. */
  protected override get signal(): AbortSignal {
    return this.#stop.signal;
  }

  protected override async init(): Promise<void> {
    await super.init();
    this.#stopListening = this.deps.onSignal(() => {
      this.#stop.abort();
    });
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Deregister);
    const invocation = await this.open(flags, formats);
    invocation.refuseReadOnly('deregister');
    const given = args.instances ?? [];
    const undoFile = undoFileOf(given, flags);
    if (undoFile !== null) return this.#undo(invocation, undoFile, flags);
    const options = toDeregisterOptions(flags, readsStdin(given));
    const names = await namesToRemove(invocation, given, flags);
    await using handle = await invocation.openRegistry();
    const targets = await chooseTargets(invocation, handle, names, flags, options);
    await deregister(invocation, handle, targets, options);
  }

  async #undo(invocation: Invocation, file: string, flags: DeregisterFlags): Promise<void> {
    const ownerPort = ownerPortOf(flags);
    await using handle = await invocation.openRegistry();
    await undoRemoval(invocation, handle, {
      file,
      isDryRun: flags['dry-run'] === true,
      force: flags.force === true,
      ...(ownerPort === undefined ? {} : { ownerPort }),
    });
  }

  protected override async finally(): Promise<void> {
    this.#stopListening();
    await super.finally();
  }
}
