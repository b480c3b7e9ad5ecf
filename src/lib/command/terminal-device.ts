import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import type { Stop, TerminalDevice, TerminalSignal } from '../tui/terminal/device.js';

/** The terminal of a process: keys from its stdin, pictures to its stdout. */
export function openTerminalDevice(host: NodeJS.Process): TerminalDevice {
  const { stdin, stdout } = host;
  const output = openOutput(host.platform);
  let isSettingMode = false;
  // An error that comes late, when nobody listens any more, would end the process.
  stdin.on('error', () => undefined);
  // In the background, nobody told the job of a new size.
  const askSize = (): void => {
    tryTo(() => host.kill(host.pid, 'SIGWINCH'));
  };
  host.on('SIGCONT', askSize);

  return {
    size: () => ({ columns: stdout.columns, rows: stdout.rows }),
    setRaw(on) {
      isSettingMode = true;
      tryTo(() => stdin.setRawMode(on));
      isSettingMode = false;
    },
    onInput(listener) {
      const decoder = new StringDecoder('utf8');
      const read = (chunk: Buffer): void => {
        const text = decoder.write(chunk);
        if (text !== '') listener(text);
      };
      stdin.on('data', read);
      return () => {
        stdin.off('data', read);
        if (stdin.listenerCount('data') === 0) stdin.pause();
      };
    },
    onInputEnd(listener) {
      const end = (): void => {
        if (!isSettingMode) listener();
      };
      const events = ['end', 'close', 'error'] as const;
      for (const event of events) stdin.on(event, end);
      return () => {
        for (const event of events) stdin.off(event, end);
      };
    },
    onResize(listener) {
      // Node tells of sizes that differ; a terminal that went to another size and back has lost what it showed.
      host.on('SIGWINCH', listener);
      return () => host.off('SIGWINCH', listener);
    },
    onSignal: (names, listener) => onSignal(host, names, listener),
    stopSelf() {
      const listeners = host.listeners('SIGTSTP');
      for (const listener of listeners) host.off('SIGTSTP', listener);
      // The whole job, as the terminal does it: a script that waits for us has to stop as well.
      tryTo(() => host.kill(0, 'SIGTSTP'));
      for (const listener of listeners) host.on('SIGTSTP', listener);
    },
    onExit(listener) {
      host.on('exit', listener);
      return () => host.off('exit', listener);
    },
    later(ms, run) {
      const timer = setTimeout(run, ms);
      return () => {
        clearTimeout(timer);
      };
    },
    pause(ms) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    },
    write(bytes) {
      try {
        return writeSync(output.descriptor, bytes);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EAGAIN' || code === 'EINTR') return 0;
        throw error;
      }
    },
    close() {
      host.off('SIGCONT', askSize);
      output.close();
    },
  };
}

function onSignal(
  host: NodeJS.Process,
  names: readonly TerminalSignal[],
  listener: (name: TerminalSignal) => void,
): Stop {
  const hear = (name: NodeJS.Signals): void => {
    listener(name as TerminalSignal);
  };
  for (const name of names) host.on(name, hear);
  return () => {
    for (const name of names) host.off(name, hear);
  };
}

interface OwnDescriptor {
  readonly descriptor: number;
  close(): void;
}

/**
 * The same terminal once more. Node waits for a terminal that takes nothing; a descriptor of our own can be told not
 * to, without changing the one that other programs share.
 */
function openOutput(platform: string): OwnDescriptor {
  // Elsewhere `/dev/fd/1` is the descriptor itself, with the settings it has.
  const names = platform === 'linux' ? ['/proc/self/fd/1'] : ['/dev/tty', '/dev/fd/1'];
  const flags = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
  for (const name of names) {
    try {
      const descriptor = openSync(name, flags);
      return {
        descriptor,
        close: () => {
          tryTo(() => closeSync(descriptor));
        },
      };
    } catch {
      // Another user's terminal, or a system without such names.
    }
  }
  return { descriptor: 1, close: () => undefined };
}

function tryTo(run: () => unknown): void {
  try {
    run();
  } catch {
    // The terminal or the signal is not there; nothing depends on it.
  }
}
