import type { Stop, TerminalDevice } from './device.js';
import type { Screen } from './screen.js';

const ending = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const;
export type EndingSignal = (typeof ending)[number];

export interface Endings {
  /** Tells of what was thrown where nothing catches it, before anything is printed about it. */
  onCrash(listener: (thrown: unknown) => void): Stop;
  /** The first signal. The screen is left already; the process has to end, with 128 + the signal's number. */
  onSignal(name: EndingSignal): void;
  /** A second signal, or the end has not come in time: end at once. */
  onOverdue(name: EndingSignal): void;
}

/** How long an orderly end may take after a signal. */
const ORDERLY_MS = 1_500;

/**
 * However the program ends, the terminal is given back first.
 *
 * @returns how to stop that, when the screen is left for good
 */
export function installEndings(device: TerminalDevice, screen: Screen, endings: Endings): Stop {
  let signalled = false;
  let stopWaiting: Stop = () => undefined;
  const leave = (): void => {
    screen.leave();
  };
  const stops = [
    device.onSignal(ending, (name) => {
      leave();
      if (!isEnding(name)) return;
      if (signalled) {
        endings.onOverdue(name);
        return;
      }
      signalled = true;
      stopWaiting = device.later(ORDERLY_MS, () => {
        endings.onOverdue(name);
      });
      endings.onSignal(name);
    }),
    device.onExit(leave),
    endings.onCrash(leave),
  ];
  return () => {
    stopWaiting();
    for (const stop of stops.splice(0)) stop();
  };
}

function isEnding(name: string): name is EndingSignal {
  return (ending as readonly string[]).includes(name);
}
