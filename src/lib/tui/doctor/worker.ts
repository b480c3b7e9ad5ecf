/** The thread of the view's doctor: what it is loaded as, and by nothing else. */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../time/clock.js';
import type { MirrorSetup, Order } from './protocol.js';
import { serveMirror } from './serve.js';

const port = parentPort;
if (port === null) throw new Error('this file is for a thread of its own');
const serve = serveMirror(
  workerData as MirrorSetup,
  (answer) => port.postMessage(answer),
  () => systemClock.monotonicMs(),
);
port.on('message', (order: Order) => serve(order));
