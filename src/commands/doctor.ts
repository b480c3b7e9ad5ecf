import { Args } from '@oclif/core';
import { BaseCommand } from '../lib/command/base-command.js';
import { doctorFlags } from '../lib/command/doctor-flags.js';
import { globalFlags } from '../lib/command/global-flags.js';

export default class Doctor extends BaseCommand {
  static override readonly summary = 'Find stale leases, unhealthy entries and what breaks readers';
  static override readonly description =
    'Reads everything once, runs every rule on it, prints what is wrong and what to do, and ends with 10 where a finding counts (--fail-on). A rule that cannot be decided is unknown, never a pass; 11 is too much of that. Nothing in the registry is changed.';
  static override readonly args = {
    service: Args.string({ description: "only this service, or 'pattern*'" }),
  };
  static override readonly flags = { ...globalFlags, ...doctorFlags };
  static override readonly examples = [
    'sdctl doctor',
    'sdctl doctor order --observe 30s --probe tcp',
    'sdctl doctor --fail-on warning -o github --report junit=doctor.xml --report sarif=doctor.sarif',
    'sdctl doctor --baseline doctor.baseline --update-baseline',
    'sdctl doctor --explain SD101',
  ];

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Doctor);
    const { runDoctor } = await import('../lib/command/doctor-command.js');
    const { version } = this.config;
    const code = await runDoctor(args.service, flags, {
      version,
      deps: this.deps,
      signal: this.signal,
      open: async (formats, viewFlags) => this.open({ ...flags, ...viewFlags }, formats),
    });
    if (code !== 0) await this.leave(code);
  }
}
