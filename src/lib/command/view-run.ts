import { isGlob } from '../discovery/selector.js';
import { SdctlError } from '../errors.js';
import type { EndingSignal } from '../tui/terminal/endings.js';
import type { ViewEnd } from '../tui/run-view.js';
import { shellQuote } from '../render/safe-text.js';
import type { FormatChoice } from './choose-view.js';
import type { Invocation } from './invocation.js';
import { toSelection } from './select.js';
import { signalNumbers } from './signals.js';
import { usageError } from './usage.js';

/** The view prints nothing; a terminal is all that it writes to. */
export const viewFormats: FormatChoice = { allowed: ['table'], terminal: 'table', pipe: 'table' };

const DEFAULT_EVENTS = 2_000;

export interface ViewFlags {
  readonly service?: string | undefined;
  readonly clipboard?: boolean | undefined;
  readonly selector?: string | undefined;
}

/**
 * Shows the interactive view until it is left, unless it is to be lines: where nothing may be painted twice.
 *
 * @param root folder of the program
 * @returns the exit code; null: go on as lines
 * @throws {SdctlError} E_USAGE when stdin or stdout is no terminal that could be painted on
 */
export async function runInteractive(
  invocation: Invocation,
  flags: ViewFlags,
  root: string,
): Promise<number | null> {
  if (invocation.view.plain) {
    invocation.diagnostics.say('Nothing is painted over here: the view continues as lines.');
    return null;
  }
  requireTerminal(invocation, flags.service);
  return showView(invocation, flags, root);
}

/** @throws {SdctlError} E_USAGE when stdin or stdout is no terminal that could be painted on */
function requireTerminal({ deps }: Invocation, service: string | undefined): void {
  const stdin = deps.stdinIsTerminal;
  const stdout = deps.stdout.isTerminal;
  const isDumb = deps.env['TERM'] === 'dumb';
  if (stdin && stdout && !isDumb) return;
  const why = !stdout
    ? 'stdout is no terminal'
    : !stdin
      ? 'stdin is no terminal'
      : 'TERM=dumb says that nothing can be painted on it';
  throw usageError(
    'the interactive view needs a terminal',
    why,
    service === undefined ? 'sdctl watch' : `sdctl watch ${shellQuote(service)}`,
  );
}

/**
 * Shows the interactive view until it is left.
 *
 * @param root folder of the program
 * @returns the exit code
 */
async function showView(invocation: Invocation, flags: ViewFlags, root: string): Promise<number> {
  const { deps, config, view } = invocation;
  const { service } = flags;
  const isPattern = service !== undefined && isGlob(service);
  // In the view a selector that cannot be read would hide nothing.
  toSelection({ selector: flags.selector }, service);
  // Said before the screen is taken: what is set but not in force, and that certificates are not checked.
  const { connection } = invocation;
  if (connection.tls.insecureSkipVerify)
    invocation.diagnostics.notify({
      level: 'warning',
      text: 'server certificates are not checked (insecure-skip-verify)',
    });
  const { openViewHost } = await import('./view-host.js');
  const { runView } = await import('../tui/run-view.js');
  const host = await openViewHost(invocation, {
    service: service === undefined || isPattern ? null : service,
    root,
  });
  const { tui = {} } = config;
  const end = await runView({
    host,
    settings: {
      keepEvents: tui.keepEvents ?? DEFAULT_EVENTS,
      start: tui.start ?? 'services',
      sort: tui.sort ?? null,
      hidden: new Set(tui.hide ?? []),
    },
    target: { context: null, layout: null },
    device: deps.openTerminal(),
    color: view.color,
    ascii: view.ascii,
    clipboard: flags.clipboard === true,
    filter: filterOf(flags, isPattern),
    signal: invocation.signal,
    onCrash: (listener) => deps.onCrash(listener),
    onOverdue: (name) => deps.exit(128 + signalNumbers[name]),
  });
  return exitCodeOf(end);
}

/** What the command line asked for, as somebody could have typed it. */
function filterOf({ service, selector }: ViewFlags, isPattern: boolean): string {
  const pattern = isPattern && service !== undefined ? patternOf(service) : '';
  return [pattern, selector === undefined ? '' : `-l ${selector}`].filter((part) => part !== '').join(' ');
}

/** The view's own pattern for names; one without a `*` would be a text there. */
function patternOf(service: string): string {
  if (service.includes('*')) return service;
  const pattern = service.replace(
    /\[(!?)([^\]]+)\]|[\\^$.|+()[\]{}/?]/g,
    (token, not: string | undefined, set: string | undefined) => {
      if (set !== undefined) return `[${not === '!' ? '^' : ''}${set.replace(/[\\^]/g, String.raw`\$&`)}]`;
      return token === '?' ? '.' : `\\${token}`;
    },
  );
  return `/^${pattern}$/`;
}

function exitCodeOf(end: ViewEnd): number {
  if (end === 'left') return 0;
  // A terminal that went away without a signal ends it as the signal would.
  const name: EndingSignal = end === 'lost' ? 'SIGHUP' : end;
  return 128 + signalNumbers[name];
}

/** @throws {SdctlError} E_USAGE for flags of the lines, which the view has no use for */
export function refuseLineFlags(flags: Readonly<Record<string, unknown>>): void {
  for (const name of ['until', 'events', 'no-initial', 'retry-start', 'output', 'json', 'tag', 'health'])
    if (flags[name] !== undefined && flags[name] !== false)
      throw new SdctlError(
        'E_USAGE',
        `--${name} belongs to the lines of watch, not to the interactive view`,
        {
          hint: 'sdctl watch',
        },
      );
}
