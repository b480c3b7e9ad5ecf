/**
 * An address on loopback that does not answer, as of a host behind a firewall that drops packets.
 *
 * Linux drops the SYN of a new connection while the accept queue of the listening socket is full. So a worker
 * thread listens with the smallest backlog and then blocks itself, which keeps it from ever accepting, and this
 * module connects until a connection attempt gets no answer. No privileges and no outside address are needed.
 */
import { type Socket, connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import type { Fake } from './fakes.js';

const LISTENER = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;
const NO_ANSWER_MS = 250;
const MOST_FILLERS = 64;

export async function startBlackHole(): Promise<Fake> {
  const worker = new Worker(LISTENER, { eval: true });
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  const fillers: Socket[] = [];
  const stop = async (): Promise<void> => {
    for (const socket of fillers) socket.destroy();
    await worker.terminate();
  };
  for (;;) {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => undefined);
    fillers.push(socket);
    if (!(await connects(socket))) break;
    if (fillers.length > MOST_FILLERS) {
      await stop();
      throw new Error('the accept queue never filled up; this system does not drop connections on loopback');
    }
  }
  return { url: `http://127.0.0.1:${String(port)}`, port, stop };
}

/** False if nothing came back in time. */
async function connects(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      socket.destroy();
      resolve(false);
    }, NO_ANSWER_MS);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
