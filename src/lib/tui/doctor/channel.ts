import type { Worker } from 'node:worker_threads';
import type { Answer, MirrorSetup, Order } from './protocol.js';

/** The way to a mirror. */
export interface Channel {
  send(order: Order): void;
  close(): Promise<void>;
}

export interface ChannelEvents {
  readonly onAnswer: (answer: Answer) => void;
  /** It has ended by itself; called once or more. */
  readonly onEnd: (why: unknown) => void;
}

export type OpenChannel = (setup: MirrorSetup, events: ChannelEvents) => Promise<Channel>;

/**
 * Opens mirrors on threads of their own.
 *
 * @param file the compiled `worker.js`: its whole path
 */
export function threadOpener(file: string): OpenChannel {
  return async (setup, { onAnswer, onEnd }) => {
    const { Worker } = await import('node:worker_threads');
    const worker = new Worker(file, {
      workerData: setup,
      // Nothing of the thread may reach the screen, and it needs nothing of ours.
      stdout: true,
      stderr: true,
      env: {},
      execArgv: [],
    });
    worker.on('message', onAnswer);
    worker.on('error', onEnd);
    worker.on('messageerror', onEnd);
    worker.on('exit', (code) => onEnd(new Error(`its thread ended with ${code}`)));
    // The screen keeps the program alive, not its doctor.
    worker.unref();
    return toChannel(worker);
  };
}

function toChannel(worker: Worker): Channel {
  return {
    send: (order) => worker.postMessage(order),
    close: async () => {
      await worker.terminate();
    },
  };
}
