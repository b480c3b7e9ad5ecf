import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../lib/command/base-command.js';
import { globalFlags } from '../lib/command/global-flags.js';
import type { FormatChoice } from '../lib/command/choose-view.js';
import { refuseEmptyName } from '../lib/command/names.js';
import { sayOtherRoots } from '../lib/command/other-roots.js';
import { printEndpoints, resolvePlan } from '../lib/command/resolve-answer.js';

const formats: FormatChoice = {
  allowed: ['name', 'table', 'wide', 'tsv', 'json', 'jsonl', 'yaml'],
  terminal: 'name',
  pipe: 'name',
};

export default class Resolve extends BaseCommand {
  static override readonly summary = 'Print endpoints of a service to call, one per line';
  static override readonly description =
    'Only passing instances, and those of unknown health, unless --include says otherwise. One endpoint, or --count, or --all. Exit 3 when none may be called.';
  static override readonly args = { service: Args.string({ required: true, description: 'service' }) };
  static override readonly flags = {
    ...globalFlags,
    all: Flags.boolean({ description: 'every usable endpoint' }),
    count: Flags.string({ description: 'at most this many (1)', helpValue: 'N' }),
    strategy: Flags.string({
      description: 'first, random, round-robin, weighted or nearest',
      helpValue: 'NAME',
    }),
    include: Flags.string({
      description: 'also instances in these states: warning, critical, maintenance, disabled',
      helpValue: 'STATES',
    }),
    protocol: Flags.string({
      description: 'the endpoint of this protocol, where instances have several',
      helpValue: 'NAME',
    }),
    url: Flags.boolean({ description: 'print protocol://host:port whatever the protocol' }),
    zone: Flags.string({ description: 'zone of the caller, for --strategy nearest', helpValue: 'ZONE' }),
    fields: Flags.string({ description: 'fields of json, jsonl, yaml', helpValue: 'a,b' }),
  };
  static override readonly examples = [
    'sdctl resolve order',
    'curl "$(sdctl resolve order)/healthz"',
    'sdctl resolve order --all -o json',
  ];

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Resolve);
    const invocation = await this.open(flags, formats);
    refuseEmptyName(args.service);
    const plan = resolvePlan(flags);
    await using handle = await invocation.openRegistry();
    const snapshot = await handle.registry.list(args.service, invocation.callOptions());
    if (snapshot.instances.length === 0) await sayOtherRoots(invocation, handle);
    await printEndpoints(invocation, snapshot, args.service, plan, flags);
  }
}
