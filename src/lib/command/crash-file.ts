import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Env } from '../config/env.js';
import { maskUserInfo } from '../config/mask.js';
import type { Deps } from './deps.js';
import { makePrivateFolder } from '../files/private-folder.js';

/**
 * Writes down a defect: versions, stack and the command. No registry data, and no secret: flags hold none, and what
 * stands before an `@` is masked.
 *
 * @returns where; null when it could not be written
 */
export function writeCrashFile(thrown: unknown, deps: Deps, argv: readonly string[]): string | null {
  const directory = stateDirectory(deps.env);
  const file = join(directory, `crash-${randomBytes(4).toString('hex')}.txt`);
  const lines = [
    `sdctl ${argv.map(maskUserInfo).join(' ')}`,
    `node ${deps.nodeVersion} ${deps.platform}`,
    describeCauses(thrown),
    '',
  ];
  try {
    makePrivateFolder(directory);
    writeFileSync(file, lines.join('\n'), { mode: 0o600 });
    return file;
  } catch {
    return null;
  }
}

/** Stacks of the error and what caused it. Errors of drivers are never causes here: they may carry credentials. */
export function describeCauses(thrown: unknown): string {
  const parts: string[] = [];
  for (let error = thrown; error instanceof Error && parts.length < 5; error = error.cause) {
    parts.push(error.stack ?? `${error.name}: ${error.message}`);
  }
  return parts.join('\ncaused by ');
}

function stateDirectory(env: Env): string {
  if (env['SDCTL_STATE_DIR']) return env['SDCTL_STATE_DIR'];
  if (env['XDG_STATE_HOME']) return join(env['XDG_STATE_HOME'], 'sdctl');
  return env['HOME'] ? join(env['HOME'], '.local', 'state', 'sdctl') : join(tmpdir(), 'sdctl');
}
