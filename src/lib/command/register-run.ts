import { randomUUID } from 'node:crypto';
import { isNewName } from '../discovery/new-name.js';
import { maskUserInfo } from '../config/mask.js';
import { SdctlError } from '../errors.js';
import {
  formatEndpoint,
  isLoopback,
  isUnspecified,
  parseEndpoint,
  type Endpoint,
} from '../model/endpoint.js';
import { formatInstanceName } from '../model/instance-name.js';
import type { RegistrationEvent } from '../model/registration.js';
import type { LayoutWriter } from '../layouts/types.js';
import type { Registration, RegistrationSpec, RegistryHandle } from '../registry/types.js';
import { registrationEventDocument } from '../render/event-documents.js';
import { renderNames } from '../render/fields.js';
import { registrationLines } from '../render/registration-lines.js';
import { toJson } from '../render/safe-text.js';
import { toRfc3339 } from '../time/clock.js';
import { formatDuration } from '../time/duration.js';
import { lastArgument } from './hint-argument.js';
import type { Invocation } from './invocation.js';
import { originOf } from './list-answer.js';
import { requireNewName } from './names.js';
import { requireDuration, requireInteger, usageError } from './usage.js';
import { parseRetryStart } from './watch-stream.js';

/** How long a stop may take before it leaves the entry to its TTL. */
const STOP_MS = 2_500;
const MIN_TTL_MS = 2_000;
const DEFAULT_TTL_MS = 30_000;
const MAX_TTL_MS = 30 * 86_400_000;

export interface RegisterFlags {
  readonly endpoint: readonly string[];
  readonly id?: string | undefined;
  readonly ttl?: string | undefined;
  readonly tag?: readonly string[] | undefined;
  readonly meta?: readonly string[] | undefined;
  readonly zone?: string | undefined;
  readonly weight?: string | undefined;
  readonly 'on-lost': string;
  readonly takeover?: boolean | undefined;
  readonly 'deregister-after': string;
  readonly 'retry-start'?: string | undefined;
}

export interface RegisterPlan {
  readonly spec: Omit<RegistrationSpec, 'id'> & { readonly id: string | null };
  /** null: the layout's own. */
  readonly ttlMs: number | null;
  readonly deregisterAfterMs: number;
  readonly onLost: 'restore' | 'exit';
  readonly takeover: boolean;
  readonly retryStartMs: number;
}

/** @throws {SdctlError} E_USAGE for a flag that cannot be used */
export function registerPlan(invocation: Invocation, service: string, flags: RegisterFlags): RegisterPlan {
  const { clock, processes } = invocation.deps;
  if (flags.id !== undefined) requireNewName('id', flags.id);
  const metadata = parseMetadata(flags.meta ?? []);
  const onLost = flags['on-lost'];
  if (onLost !== 'restore' && onLost !== 'exit')
    throw usageError(`--on-lost ${onLost} is not valid`, 'valid: restore, exit', '--on-lost exit');
  const started = toRfc3339(clock.nowMs());
  return {
    spec: {
      service,
      id: flags.id ?? null,
      endpoints: flags.endpoint.map(requireEndpoint),
      tags: flags.tag ?? [],
      metadata,
      version: metadata['version'] ?? null,
      weight: flags.weight === undefined ? null : requireInteger('--weight', flags.weight, 0, 65_535),
      zone: flags.zone ?? metadata['zone'] ?? null,
      owner: { host: processes.host, pid: processes.pid, started, run: randomUUID() },
      registeredAt: started,
    },
    ttlMs:
      flags.ttl === undefined
        ? null
        : requireDuration('--ttl', flags.ttl, { minMs: MIN_TTL_MS, maxMs: MAX_TTL_MS }),
    deregisterAfterMs: requireDuration('--deregister-after', flags['deregister-after'], {
      minMs: 60_000,
      maxMs: MAX_TTL_MS,
    }),
    onLost,
    takeover: flags.takeover === true,
    retryStartMs: parseRetryStart(flags['retry-start']),
  };
}

function requireEndpoint(text: string): Endpoint {
  const endpoint = parseEndpoint(text);
  if (endpoint === null)
    throw usageError(
      `--endpoint ${maskUserInfo(text)} is no endpoint`,
      'a scheme, a host and a port; no user, no path',
      '--endpoint http://10.0.4.17:8080',
    );
  if (isUnspecified(endpoint))
    throw usageError(
      `--endpoint ${text} cannot be called`,
      'that address means any of this machine, callers need one of them',
      '--endpoint http://10.0.4.17:8080',
    );
  const port = endpoint.port ?? { http: 80, https: 443 }[endpoint.protocol ?? ''];
  if (port === undefined)
    throw usageError(`--endpoint ${text} has no port`, undefined, `--endpoint ${text}:8080`);
  return { ...endpoint, port };
}

function parseMetadata(pairs: readonly string[]): Record<string, string> {
  const metadata: Record<string, string> = {};
  for (const pair of pairs) {
    const cut = pair.indexOf('=');
    if (cut <= 0)
      throw usageError(`--meta ${pair} is no pair`, 'metadata is written key=value', '--meta version=1.8.2');
    Object.defineProperty(metadata, pair.slice(0, cut), {
      value: pair.slice(cut + 1),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return metadata;
}

/**
 * Registers, keeps, and on a signal deregisters. Returns after a clean stop.
 *
 * @param onCleanup told what a first signal leads to, to be said before it is done
 * @throws {SdctlError} what ended the membership, or E_UNREACHABLE when the removal could not be confirmed
 */
export async function keepAnnounced(
  invocation: Invocation,
  handle: RegistryHandle,
  plan: RegisterPlan,
  onCleanup: (text: () => string) => void,
): Promise<void> {
  const writer = await writerOf(invocation);
  requireServiceName(plan.spec.service, writer);
  const ttlMs = plan.ttlMs ?? (writer === null ? DEFAULT_TTL_MS : writer.ttlSeconds * 1_000);
  warn(invocation, handle, plan, ttlMs);
  const id = idFor(plan, writer, handle.capabilities.nodes);
  const registration = await handle.registry.register(
    { ...plan.spec, id },
    {
      ...invocation.callOptions(),
      ttlMs,
      onLost: plan.onLost,
      takeover: plan.takeover,
      retryStartMs: plan.retryStartMs,
      ...(handle.capabilities.nodes ? { deregisterAfterMs: plan.deregisterAfterMs } : {}),
      // A signal stops the renewals only through deregister, which removes the entry as well.
      onEvent: (event) => {
        print(invocation, plan, event);
      },
    },
  );
  invocation.diagnostics.clear();
  onCleanup(
    () =>
      `Deregistering ${nameOf(registration)}; a second Ctrl-C leaves it until its lease ends in ${formatDuration(registration.remainingMs() ?? 0)}.`,
  );
  const stopped = new Promise<'stopped'>((resolve) => {
    const stop = (): void => {
      resolve('stopped');
    };
    if (invocation.signal.aborted) stop();
    else invocation.signal.addEventListener('abort', stop, { once: true });
  });
  const end = await Promise.race([stopped, registration.ended]);
  if (end !== 'stopped' && end !== null) throw end;
  if (end === 'stopped') await stop(invocation, registration, nameOf(registration));
}

/** It changes with the lease where the lease stands in the key. */
function nameOf({ instance }: Registration): string {
  return formatInstanceName({ ...instance, node: null }, instance.node !== null);
}

/** How the chosen layout is written; null for sdctl's own. */
async function writerOf({ connection }: Invocation): Promise<LayoutWriter | null> {
  const { backend, layout } = connection;
  if (backend !== 'etcd' || layout === 'auto' || layout === 'sdctl') return null;
  const { etcdLayout } = await import('../layouts/index.js');
  // One that has no writer is refused by the registry, which knows why.
  return etcdLayout(layout)?.writer ?? null;
}

/** @throws {SdctlError} E_USAGE for a name that sdctl does not give to new services */
function requireServiceName(service: string, writer: LayoutWriter | null): void {
  const parts = writer?.slashes === true ? service.split('/') : [service];
  if (parts.every(isNewName)) return;
  requireNewName('service', service);
}

/** The id: as it was given, else that of the layout, else the first endpoint. @throws {SdctlError} E_USAGE */
function idFor({ spec }: RegisterPlan, writer: LayoutWriter | null, isShared: boolean): string {
  const own = writer?.idOf?.({ ...spec, id: '' }) ?? null;
  if (writer?.hasFixedId === true && spec.id !== null && spec.id !== own)
    throw usageError(
      `--id ${spec.id} cannot be registered in this layout`,
      own === null ? 'the id follows from the lease' : `the id is the address: ${own}`,
      'leave out --id',
    );
  const id = spec.id ?? own ?? defaultId(spec.service, spec.endpoints, isShared);
  if (own === null || id !== own) requireNewName('id', id);
  return id;
}

function warn(invocation: Invocation, handle: RegistryHandle, plan: RegisterPlan, ttlMs: number): void {
  const { capabilities } = handle;
  const warning = (text: string): void => {
    invocation.diagnostics.notify({ level: 'warning', text });
  };
  if (capabilities.adviseMinTtlMs !== null && ttlMs < capabilities.adviseMinTtlMs) {
    warning(
      `--ttl ${formatDuration(ttlMs)} is short for ${handle.backend}: below ${formatDuration(capabilities.adviseMinTtlMs)} a brief pause makes it critical`,
    );
  }
  const loopback = plan.spec.endpoints.find(isLoopback);
  if (capabilities.remote && loopback !== undefined) {
    warning(
      `${formatEndpoint(loopback)} can be called from this machine only, but the registry is elsewhere`,
    );
  }
}

/** The first endpoint; on registries whose ids are shared by all services of a node, with the service in front. */
function defaultId(service: string, endpoints: readonly Endpoint[], shared: boolean): string {
  const first = endpoints[0];
  const place =
    first === undefined ? '' : `${first.address}:${first.port ?? ''}`.replace(/[^A-Za-z0-9._:-]/g, '-');
  return shared ? `${service}-${place}` : place;
}

async function stop(invocation: Invocation, registration: Registration, name: string): Promise<void> {
  const leftMs = registration.remainingMs();
  const giveUp = AbortSignal.timeout(STOP_MS);
  let outcome: string;
  try {
    outcome = await registration.deregister({ signal: giveUp, timeoutMs: STOP_MS });
  } catch (error) {
    const code = error instanceof SdctlError && error.exitCode === 5 ? error.code : 'E_UNREACHABLE';
    throw new SdctlError(code, `${name} could not be removed`, {
      why: `${error instanceof SdctlError && error.code !== 'E_ABORTED' ? error.message : 'no answer in time'}; ${endText(invocation, leftMs)}`,
      hint: `sdctl deregister --yes${invocation.rootFlags} ${lastArgument(name)}`,
      ...(error instanceof SdctlError ? { cause: error } : {}),
    });
  }
  if (outcome !== 'changed' && outcome !== 'not-owner') return;
  throw new SdctlError('E_TAKEN_OVER', `${name} belongs to another run now and was left alone`, {
    hint: `sdctl list${invocation.rootFlags} ${lastArgument(name)}`,
  });
}

/** When the entry goes away by itself. */
function endText(invocation: Invocation, leftMs: number | null): string {
  if (leftMs === null) return 'it stays until it is removed';
  if (leftMs === 0) return 'its TTL has passed';
  const at = toRfc3339(invocation.deps.clock.nowMs() + leftMs);
  const then = invocation.connection.backend === 'consul' ? 'it turns critical' : 'it ends by itself';
  return `${then} in ${formatDuration(leftMs)}, at ${at}`;
}

function print(invocation: Invocation, plan: RegisterPlan, event: RegistrationEvent): void {
  const { view, stderrView, diagnostics, connection, flags } = invocation;
  if (view.format === 'jsonl')
    invocation.print(`${toJson(registrationEventDocument(event, connection.backend))}\n`);
  if (view.format === 'name' && event.type === 'registered')
    invocation.print(
      renderNames([formatInstanceName({ ...event.instance, node: null }, event.instance.node !== null)]),
    );
  if (flags.quiet === true) return;
  for (const line of registrationLines(event, { ...originOf(invocation), onLost: plan.onLost }, stderrView))
    diagnostics.line(line);
}
