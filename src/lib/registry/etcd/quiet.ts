import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';

let done = false;

/**
 * Keeps the driver's own lines off stderr: grpc's log, and Node's warning DEP0123 that grpc causes by using an IP address
 * as the TLS server name. Every other warning passes.
 */
export function silenceDriver(): void {
  if (done) return;
  done = true;
  setLogVerbosity(logVerbosity.NONE);
  const emitWarning = globalThis.process.emitWarning.bind(globalThis.process);
  const filtered = (...args: Parameters<typeof emitWarning>): void => {
    if ((args as readonly unknown[])[2] !== 'DEP0123') Reflect.apply(emitWarning, undefined, args);
  };
  globalThis.process.emitWarning = filtered as typeof emitWarning;
}
