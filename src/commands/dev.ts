import { Flags } from '@oclif/core';
import { BaseCommand } from '../lib/command/base-command.js';
import { devPlan, runDev } from '../lib/command/dev-run.js';
import { globalFlags } from '../lib/command/global-flags.js';
import type { FormatChoice } from '../lib/command/choose-view.js';

const formats: FormatChoice = { allowed: ['table', 'wide', 'jsonl'], terminal: 'table', pipe: 'table' };

export default class Dev extends BaseCommand {
  static override readonly summary = 'Run a local registry with a simulated fleet';
  static override readonly description =
    'An embedded registry with services that come, go, miss renewals and fall ill: for a first look, demos and tests. It writes the context dev, so that every other command finds it from another terminal.';
  static override readonly flags = {
    ...globalFlags,
    for: Flags.string({ description: 'stop by itself after this long', helpValue: 'DUR' }),
    services: Flags.string({ description: 'number of services', helpValue: 'N', default: '5' }),
    instances: Flags.string({ description: 'number of instances', helpValue: 'N', default: '20' }),
    churn: Flags.string({ description: 'changes a minute', helpValue: 'N', default: '6' }),
    seed: Flags.string({
      description: 'names, addresses and the order of changes follow from it',
      helpValue: 'TEXT',
      default: '1',
    }),
    'no-context': Flags.boolean({ description: 'do not write the context dev' }),
  };
  static override readonly examples = [
    'sdctl dev',
    'sdctl dev --for 10s --seed demo',
    'sdctl dev --services 3 --instances 8 --churn 60',
  ];

  override async run(): Promise<void> {
    const { flags } = await this.parse(Dev);
    const plan = devPlan(flags, this.deps.env);
    const invocation = await this.open(
      { ...flags, context: undefined, backend: 'local', dir: plan.directory },
      formats,
    );
    await runDev(invocation, plan);
    await this.leave(0);
  }
}
