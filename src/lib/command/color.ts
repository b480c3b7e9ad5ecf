import type { Env } from '../config/env.js';

export interface ColorInput {
  readonly flag: string | undefined;
  readonly env: Env;
  /** From the config file; the weakest wish. */
  readonly setting?: string | undefined;
  readonly isTerminal: boolean;
}

/**
 * Whether one stream gets colour: `--color` > `SDCTL_COLOR` > `NO_COLOR` > `FORCE_COLOR` > `TERM=dumb` > config > terminal.
 * An explicit "no" beats an inherited "yes"; `auto` only takes back a wish that is weaker.
 */
export function decideColor({ flag, env, setting, isTerminal }: ColorInput): boolean {
  const wish = parseWish(flag) ?? parseWish(env['SDCTL_COLOR']);
  if (wish === 'always') return true;
  if (wish === 'never') return false;
  if (env['NO_COLOR']) return false;
  const force = env['FORCE_COLOR'];
  if (force !== undefined) return force !== '0' && force !== 'false';
  if (env['TERM'] === 'dumb') return false;
  if (wish === null && (setting === 'always' || setting === 'never')) return setting === 'always';
  return isTerminal;
}

function parseWish(text: string | undefined): 'auto' | 'always' | 'never' | null {
  return text === 'auto' || text === 'always' || text === 'never' ? text : null;
}

/** `--ascii` > `SDCTL_ASCII` > locale that is not UTF-8 > `TERM=linux` or `dumb` > config. */
export function decideAscii(flag: boolean | undefined, env: Env, setting?: boolean): boolean {
  if (flag === true) return true;
  const own = env['SDCTL_ASCII'];
  if (own !== undefined && own !== '') return !/^(0|false|no|off)$/i.test(own);
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  // An unset locale says nothing about the terminal; C and POSIX do.
  if (locale !== '' && !/utf-?8/i.test(locale)) return true;
  if (env['TERM'] === 'linux' || env['TERM'] === 'dumb') return true;
  return setting === true;
}
