// Loaded into a measured process by --import, with --expose-gc: whoever connects to $SDCTL_BENCH_SOCKET is told the
// bytes of the heap in use after a collection.
import { createServer } from 'node:net';
import process from 'node:process';

createServer((socket) => {
  globalThis.gc();
  globalThis.gc();
  socket.on('error', () => undefined).end(String(process.memoryUsage().heapUsed));
})
  .listen(process.env.SDCTL_BENCH_SOCKET)
  .unref();
delete process.env.SDCTL_BENCH_SOCKET;
