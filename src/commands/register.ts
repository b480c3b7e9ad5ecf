import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../lib/command/base-command.js';
import { globalFlags } from '../lib/command/global-flags.js';
import type { FormatChoice } from '../lib/command/choose-view.js';
import { keepAnnounced, registerPlan } from '../lib/command/register-run.js';

/** `table` prints nothing on stdout: the answer of this command is its life. */
const formats: FormatChoice = { allowed: ['table', 'name', 'jsonl'], terminal: 'table', pipe: 'table' };

export default class Register extends BaseCommand {
  static override readonly summary = 'Announce an instance and keep it alive until stopped';
  static override readonly description =
    'Renews every third of the TTL, survives outages, announces again what was lost. Ctrl-C or SIGTERM deregisters and ends with 0.';
  static override readonly args = { service: Args.string({ required: true, description: 'service' }) };
  static override readonly flags = {
    ...globalFlags,
    endpoint: Flags.string({
      required: true,
      multiple: true,
      multipleNonGreedy: true,
      description: 'where it serves: http://10.0.4.17:8080, repeatable',
      helpValue: 'URL',
    }),
    id: Flags.string({ description: 'id within the service (default: the first endpoint)', helpValue: 'ID' }),
    ttl: Flags.string({
      description:
        "how long it lives without a renewal, at least 2s (default: the layout's own, 30s for sdctl)",
      helpValue: 'DUR',
    }),
    tag: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      description: 'tag, repeatable',
      helpValue: 'TAG',
    }),
    meta: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      description: 'metadata, repeatable; version and zone also fill these columns',
      helpValue: 'K=V',
    }),
    zone: Flags.string({ description: 'zone', helpValue: 'ZONE' }),
    weight: Flags.string({ description: 'weight, a whole number', helpValue: 'N' }),
    'on-lost': Flags.string({
      description: 'when the registry confirms the loss: restore it, or exit with 7',
      helpValue: 'restore|exit',
      default: 'restore',
    }),
    takeover: Flags.boolean({ description: 'replace an entry of another run at once' }),
    'deregister-after': Flags.string({
      description: 'Consul: remove it after this long without renewals, at least 1m',
      helpValue: 'DUR',
      default: '10m',
    }),
    'retry-start': Flags.string({
      description: 'retry this long, or forever, while it was never registered',
      helpValue: 'DUR',
    }),
  };
  static override readonly examples = [
    'sdctl register order --endpoint http://10.0.4.17:8080',
    'sdctl register order --endpoint http://10.0.4.17:8080 --meta version=1.8.2 --zone eu-west-1a --ttl 15s',
    'sdctl register order --endpoint grpc://10.0.4.17:9090 -o jsonl',
    'sdctl register order --layout kratos --endpoint grpc://10.0.4.17:9000',
  ];

  #cleanup: (() => string) | null = null;

  protected override cleanupText(): string | null {
    return this.#cleanup?.() ?? null;
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Register);
    const invocation = await this.open(flags, formats);
    invocation.refuseReadOnly('register');
    const plan = registerPlan(invocation, args.service, flags);
    const handle = await invocation.openRegistry();
    try {
      await keepAnnounced(invocation, handle, plan, (text) => {
        this.#cleanup = text;
      });
    } finally {
      await handle[Symbol.asyncDispose]();
    }
    await this.leave(0);
  }
}
