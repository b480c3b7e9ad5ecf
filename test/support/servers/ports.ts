/**
 * Loopback ports for test servers.
 *
 * A port that was free when asked for can be taken before the server binds it: by the kernel for an outgoing
 * connection, or by a test process that asked at the same moment. So ports come from below the ephemeral range,
 * and each is claimed by a file that other test processes respect while its owner lives.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';

const FIRST = 12_000;
const LAST = 31_999;
const claimFolder = path.join(tmpdir(), `sdctl-test-ports-${String(userInfo().uid)}`);
const claimed = new Set<string>();
let next = FIRST + Math.floor(Math.random() * (LAST - FIRST));

/** A port on which nothing listens at `host`, reserved for this process until it ends. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  mkdirSync(claimFolder, { recursive: true });
  for (let attempt = 0; attempt < 2000; attempt += 1) {
    const port = next;
    next = next >= LAST ? FIRST : next + 1;
    const claim = path.join(claimFolder, String(port));
    if (!takeClaim(claim)) continue;
    if (await canBind(port, host)) return port;
    releaseClaim(claim);
  }
  throw new Error('no free loopback port found');
}

/** Several distinct free ports. */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await freePort(host));
  return ports;
}

function takeClaim(claim: string): boolean {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      writeFileSync(claim, String(process.pid), { flag: 'wx' });
      claimed.add(claim);
      return true;
    } catch {
      if (!isAbandoned(claim)) return false;
      rmSync(claim, { force: true });
    }
  }
  return false;
}

function isAbandoned(claim: string): boolean {
  try {
    const pid = Number(readFileSync(claim, 'utf8'));
    if (!Number.isInteger(pid) || pid <= 0) return false;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function releaseClaim(claim: string): void {
  claimed.delete(claim);
  rmSync(claim, { force: true });
}

async function canBind(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

process.once('exit', () => {
  for (const claim of claimed) rmSync(claim, { force: true });
});
