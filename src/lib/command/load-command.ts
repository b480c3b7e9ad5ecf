import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Interfaces } from '@oclif/core';

/** What a command reads of oclif's configuration when no help is asked for. */
export interface Facts {
  readonly root: string;
  readonly bin: string;
  readonly version: string;
  readonly arch: string;
  /** oclif looks into all commands for the one typed where this is a blank; ours is known. */
  readonly topicSeparator: ':';
  readonly runHook: () => Promise<{ readonly successes: readonly []; readonly failures: readonly [] }>;
  readonly scopedEnvVarKeys: () => readonly string[];
}

/** A command as oclif makes and runs it. */
export interface CommandClass {
  id: string;
  readonly args: Interfaces.ArgInput;
  new (argv: readonly string[], facts: Facts): { _run(): Promise<unknown> };
}

/**
 * The command of that name. The build puts another module in place of this one, which has all commands inside and
 * evaluates the one asked for.
 *
 * @param words `list`, or `context` and `add`; letters and dashes only
 * @param root the package's folder
 * @returns null when there is none
 */
export async function loadCommand(words: readonly string[], root: string): Promise<CommandClass | null> {
  const file = `${join(root, 'dist', 'commands', ...words)}.js`;
  if (!existsSync(file)) return null;
  const { default: Command } = (await import(pathToFileURL(file).href)) as { default: CommandClass };
  return Command;
}
