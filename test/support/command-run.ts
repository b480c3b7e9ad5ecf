/** An invocation of a command without a process: output is kept, prompts are answered, time is a fake clock. */
import { listFormats, type FormatChoice } from '../../src/lib/command/choose-view.js';
import type { Deps } from '../../src/lib/command/deps.js';
import { Invocation, type InvocationFlags } from '../../src/lib/command/invocation.js';
import { Output } from '../../src/lib/command/output.js';
import { aProbe } from './builders.js';
import { FakeClock } from './fake-clock.js';

export interface CommandRunOptions {
  /** Default: those of lists. */
  readonly formats?: FormatChoice;
  /** stdin, stdout and stderr are terminals. Default false. */
  readonly isTerminal?: boolean;
  /** What somebody types at a prompt. Default: Enter alone. */
  readonly types?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface CommandRun {
  readonly clock: FakeClock;
  /** What Ctrl-C does. */
  readonly abort: AbortController;
  readonly invocation: Invocation;
  /** Prompts that were shown. */
  readonly prompts: readonly string[];
  stdout(): string;
  stderr(): string;
}

/** Opens one; without other flags it goes to an etcd that is never asked. */
export async function commandRun(
  flags: InvocationFlags,
  options: CommandRunOptions = {},
): Promise<CommandRun> {
  const { formats = listFormats, isTerminal = false, types = '', env = {} } = options;
  const clock = new FakeClock();
  const abort = new AbortController();
  const prompts: string[] = [];
  let stdout = '';
  let stderr = '';
  const deps: Partial<Deps> = {
    env: { LANG: 'C.UTF-8', ...env },
    platform: 'linux',
    argv: [],
    stdout: output((text) => (stdout += text), isTerminal),
    stderr: output((text) => (stderr += text), isTerminal),
    stdinIsTerminal: isTerminal,
    clock,
    random: () => 0,
    processes: aProbe(),
    userName: () => 'ops',
    ask: async (prompt) => {
      prompts.push(prompt);
      return Promise.resolve(types);
    },
  };
  const invocation = await Invocation.open(
    deps as Deps,
    { backend: 'etcd', server: ['http://127.0.0.1:1'], ...flags },
    formats,
    abort.signal,
  );
  return { clock, abort, invocation, prompts, stdout: () => stdout, stderr: () => stderr };
}

function output(add: (text: string) => void, isTTY: boolean): Output {
  return new Output({
    isTTY,
    write: (text, done) => {
      add(text);
      done();
      return true;
    },
    on: () => undefined,
  });
}
