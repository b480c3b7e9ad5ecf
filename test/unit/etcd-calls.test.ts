import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { Login } from '../../src/lib/registry/etcd/auth.js';
import { Calls } from '../../src/lib/registry/etcd/calls.js';
import type { Server } from '../../src/lib/registry/etcd/server.js';
import { plainSetup } from '../../src/lib/registry/etcd/tls.js';
import { FakeClock } from '../support/fake-clock.js';

const signal = new AbortController().signal;

describe('a call without an answer', () => {
  it.each([
    { brief: false, forgotten: 1, does: 'drops the channel' },
    { brief: true, forgotten: 0, does: 'leaves the channel, and the streams on it, when its time was brief' },
  ])('$does', async ({ brief, forgotten }) => {
    const clock = new FakeClock();
    let count = 0;
    const server = {
      url: 'http://a:1',
      address: { secure: false },
      attempt: () => ({}),
      forget: () => (count += 1),
    } as unknown as Server;
    const calls = new Calls([server], new Login(null, null), clock, { clock, tls: plainSetup().options });
    const late = Object.assign(new Error('late'), { code: status.DEADLINE_EXCEEDED, details: 'late' });
    // Sent once and with no time left to find out more.
    const pending = calls.run({ signal, timeoutMs: 20, brief }, () => Promise.reject(late), 'once');
    await expect(pending).rejects.toMatchObject({ code: 'E_TIMEOUT' });
    expect(count).toBe(forgotten);
  });
});
