import { SdctlError, type ErrorCode } from '../../errors.js';
import { openScope } from '../scope.js';
import type { Call } from './call.js';
import { noLeader } from './map-error.js';
import { isServersFault, type Ask, type ConsulServer, type JsonAnswer } from './server.js';

/** An answer and who gave it. */
export interface Served extends JsonAnswer {
  readonly server: ConsulServer;
}

/** A read that takes longer than this is looked into: Consul itself says "no leader" only after seven seconds. */
const SLOW_MS = 600;

/** The servers of a connection. Reads move on to the next one when one is away; the one that works is kept. */
export class Servers {
  readonly all: readonly ConsulServer[];
  #preferred = 0;

  constructor(all: readonly ConsulServer[]) {
    this.all = all;
  }

  /** All servers, the one that worked last first. */
  inOrder(): readonly ConsulServer[] {
    return [...this.all.slice(this.#preferred), ...this.all.slice(0, this.#preferred)];
  }

  /** A server failed: the next call begins with another one. */
  avoid(server: ConsulServer): void {
    if (this.all[this.#preferred] === server) this.#prefer((this.#preferred + 1) % this.all.length);
  }

  /** Reads from the first server that can answer. @throws {SdctlError} when none can, or one refuses */
  async read(ask: Ask, call: Call): Promise<Served> {
    return this.withFirst(call, (server, timeoutMs, isLast) =>
      readWatched(server, ask, { call, timeoutMs, isLast }),
    );
  }

  /**
   * Tries `work` on one server after the other until one does not fail for reasons of its own. The time left is
   * shared out, so that a server that hangs leaves some for the others.
   */
  async withFirst<T>(
    call: Call,
    work: (server: ConsulServer, timeoutMs: number, isLast: boolean) => Promise<T>,
  ): Promise<T> {
    const failures: { readonly server: ConsulServer; readonly error: SdctlError }[] = [];
    const order = this.inOrder();
    for (const [index, server] of order.entries()) {
      const left = order.length - index;
      try {
        const result = await work(server, call.remainingMs() / left, left === 1);
        this.#prefer(this.all.indexOf(server));
        return result;
      } catch (error) {
        if (!isServersFault(error)) throw error;
        failures.push({ server, error });
      }
    }
    throw combine(failures);
  }

  destroy(): void {
    for (const server of this.all) server.destroy();
  }

  #prefer(index: number): void {
    if (index === this.#preferred) return;
    // Idle connections to the old one would count against the limit of eight.
    this.all[this.#preferred]?.closeIdle();
    this.#preferred = index;
  }
}

interface ReadLimits {
  readonly call: Call;
  readonly timeoutMs: number;
  readonly isLast: boolean;
}

/** Reads; asks for the leader beside it when the answer takes long, so that the true cause is known in time. */
async function readWatched(server: ConsulServer, ask: Ask, limits: ReadLimits): Promise<Served> {
  const scope = openScope(limits.call.signal);
  const verdict: { error?: SdctlError } = {};
  const judge = (error: SdctlError): void => {
    verdict.error ??= error;
    scope.end();
  };
  const probe = (): void => {
    server.leader({ signal: scope.signal, timeoutMs: limits.timeoutMs }).then(
      (leader) => {
        if (leader === '') judge(noLeader(server.url));
      },
      (error: unknown) => {
        if (!limits.isLast && isServersFault(error)) judge(error);
      },
    );
  };
  const timer = setTimeout(probe, SLOW_MS);
  try {
    const answer = await server.ask(ask, { signal: scope.signal, timeoutMs: limits.timeoutMs });
    return { ...answer, server };
  } catch (error) {
    throw verdict.error ?? error;
  } finally {
    clearTimeout(timer);
    scope.end();
  }
}

/** Most telling first: what explains a failure of several servers best. */
const TELLING: readonly ErrorCode[] = [
  'E_NO_QUORUM',
  'E_TLS',
  'E_SCHEME',
  'E_NOT_A_REGISTRY',
  'E_TIMEOUT',
  'E_UNREACHABLE',
  'E_DNS',
];

function combine(
  failures: readonly { readonly server: ConsulServer; readonly error: SdctlError }[],
): SdctlError {
  const [first, ...others] = [...failures].sort(
    (a, b) => TELLING.indexOf(a.error.code) - TELLING.indexOf(b.error.code),
  );
  if (first === undefined) return new SdctlError('E_DEFECT', 'no server was asked');
  if (others.length === 0) return first.error;
  const { hint } = first.error;
  const message =
    first.error.code === 'E_NO_QUORUM'
      ? 'Consul has no leader'
      : `cannot reach Consul at ${failures.map(({ server }) => server.url).join(', ')}`;
  return new SdctlError(first.error.code, message, {
    why: failures.map(({ server, error }) => `${server.url}: ${error.why ?? error.message}`).join('; '),
    ...(hint === undefined ? {} : { hint }),
  });
}
