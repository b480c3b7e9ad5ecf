// A bare timer of 10 ms: how late each one was, a line each. It shows what the machine does to everybody.
const EVERY_MS = 10;

let dueMs = performance.now() + EVERY_MS;
const tick = () => {
  const nowMs = performance.now();
  process.stdout.write(`${(nowMs - dueMs).toFixed(3)}\n`);
  dueMs = nowMs + EVERY_MS;
  setTimeout(tick, EVERY_MS);
};
setTimeout(tick, EVERY_MS);
