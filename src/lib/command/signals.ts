import { constants } from 'node:os';

/** Numbers of the signals, for exit codes 128+n. */
export const signalNumbers: Readonly<Record<NodeJS.Signals, number>> = constants.signals;
