import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../lib/command/base-command.js';
import { addContext } from '../../lib/command/context-edit.js';
import { globalFlags } from '../../lib/command/global-flags.js';
import { configWriting } from '../../lib/command/choose-view.js';

export default class ContextAdd extends BaseCommand {
  static override readonly summary = 'Keep a named registry in the config file';
  static override readonly description =
    'Takes the flags that name a registry, tests the connection, writes the context. The first one becomes the current one.';
  static override readonly aliases = ['ctx:add'];
  static override readonly args = {
    name: Args.string({ required: true, description: 'name of the context' }),
  };
  static override readonly flags = {
    ...globalFlags,
    protected: Flags.boolean({ description: 'removing needs the name of the context typed' }),
    'read-only': Flags.boolean({ description: 'refuse every write' }),
    'no-check': Flags.boolean({ description: 'do not test the connection' }),
    force: Flags.boolean({ description: 'replace a context of that name' }),
  };
  static override readonly examples = [
    'sdctl context add prod --backend etcd --server https://10.0.0.5:2379,https://10.0.0.6:2379 --ca-file /etc/sdctl/ca.pem --protected',
    'sdctl context add stage --backend consul --server http://127.0.0.1:8500 --no-check',
  ];

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(ContextAdd);
    const invocation = await this.open(flags, configWriting);
    await addContext(invocation, args.name, flags);
  }
}
