import { SdctlError } from '../../errors.js';
import { parseServer } from '../server-url.js';
import type { AgentService } from './agent.js';
import { askAgent, type AgentAnswer, type WantedOwner } from './ask-agent.js';
import type { Call } from './call.js';
import { partOf } from './call-limits.js';
import type { CatalogRecord } from './find-instance.js';
import { textOf } from './json.js';
import { memberDoubt, type NodePlace } from './members.js';
import { ownerAddress } from './owner-address.js';
import type { RemovalDeps } from './removal-deps.js';
import { isServersFault, type ConsulServer } from './server.js';

/** The agent that owns an entry, as long as it is needed. */
export interface Owner extends Disposable {
  readonly server: ConsulServer;
  /** What it has under that id; null: nothing, so it will not bring anything back. */
  readonly present: AgentService | null;
}

/** One address that might have been the owner's, and why it did not do. */
export interface OwnerTry {
  readonly url: string;
  readonly problem: string;
}

/** How the search for an owner ended. */
export type OwnerSearch =
  | { readonly owner: Owner }
  | {
      readonly owner: null;
      readonly tried: readonly OwnerTry[];
      /** Why one of the servers of the connection did not answer: it may be the owner. */
      readonly failure: SdctlError | null;
    };

/** What its agent is looked for by. */
export function wantedOwner({ instance, node, service }: CatalogRecord): WantedOwner & NodePlace {
  return { node: instance.node ?? '', nodeAddress: textOf(node['Address']), id: instance.id, service };
}

type Deps = Pick<RemovalDeps, 'servers' | 'clock' | 'datacenter'>;

/** The most that one address may take of a call: two seconds of the usual five. */
const SHARE = 0.4;
/** An address that was made from another one always names its port. */
const DEFAULT_PORT = 8_500;

/**
 * Looks for the agent that owns an entry: among the servers of the connection, then at the address of its node, if
 * that is the address of a live member.
 *
 * @throws {SdctlError} when a server of the connection refuses
 */
export async function findOwner(
  deps: Deps,
  wanted: WantedOwner & NodePlace,
  ownerPort: number | undefined,
  call: Call,
): Promise<OwnerSearch> {
  const tried: OwnerTry[] = [];
  let failure: SdctlError | null = null;
  const order = deps.servers.inOrder();
  for (const [index, server] of order.entries()) {
    const part = share(deps, call, order.length - index + 1);
    const answer = await tryAgent(deps, server, wanted, part, isServersFault);
    if (answer instanceof SdctlError) failure ??= answer;
    else if (answer.isOwner) return { owner: ownerOf(server, answer.present, () => undefined) };
    tried.push({ url: server.url, problem: problemOf(answer) });
  }
  const found = await findAtAddress(deps, wanted, ownerPort, call);
  if (found !== null && 'server' in found) return { owner: found };
  return { owner: null, tried: found === null ? tried : [...tried, found], failure };
}

/** @returns null when that address is the one of a server of the connection, which was asked already */
async function findAtAddress(
  deps: Deps,
  wanted: WantedOwner & NodePlace,
  ownerPort: number | undefined,
  call: Call,
): Promise<Owner | OwnerTry | null> {
  const order = deps.servers.inOrder();
  const like = order.find(({ address }) => address.kind === 'tcp') ?? order[0];
  const place = ownerAddress(wanted.nodeAddress, like?.address, ownerPort);
  if ('problem' in place) return { url: wanted.nodeAddress, problem: place.problem };
  const { url } = place;
  if (like === undefined || order.some((server) => server.url === url)) return null;
  const doubt = await memberDoubt(deps.servers, wanted, deps.datacenter, share(deps, call, 2));
  if (doubt !== null) return { url, problem: `it was not asked: ${doubt}` };
  const server = like.beside(place);
  const part = share(deps, call, 1);
  const answer = await keepIfOwner(server, async () => tryAgent(deps, server, wanted, part, isAnyProblem));
  if (!(answer instanceof SdctlError) && answer.isOwner) {
    return ownerOf(server, answer.present, () => server.destroy());
  }
  return { url, problem: problemOf(answer) };
}

/**
 * The agent that a plan names, which was found to be the owner when the plan was made.
 *
 * @returns null when another agent answers there by now
 * @throws {SdctlError} when it does not answer, or refuses
 */
export async function plannedOwner(
  { servers, datacenter }: Deps,
  at: string,
  wanted: WantedOwner,
  call: Call,
): Promise<Owner | null> {
  const known = servers.all.find(({ url }) => url === at);
  const server = known ?? servers.all[0]?.beside(parseServer(at, DEFAULT_PORT));
  if (server === undefined) throw new SdctlError('E_DEFECT', 'no server was named');
  const ask = async (): Promise<AgentAnswer> => askAgent(server, wanted, datacenter, call);
  const answer = known === undefined ? await keepIfOwner(server, ask) : await ask();
  if (!answer.isOwner) return null;
  return ownerOf(server, answer.present, () => {
    if (known === undefined) server.destroy();
  });
}

/** Lets go of a server that was opened for one question, unless it turns out to be the owner. */
async function keepIfOwner<T extends AgentAnswer | SdctlError>(
  server: ConsulServer,
  ask: () => Promise<T>,
): Promise<T> {
  let isOwner = false;
  try {
    const answer = await ask();
    isOwner = 'isOwner' in answer && answer.isOwner;
    return answer;
  } finally {
    if (!isOwner) server.destroy();
  }
}

function ownerOf(server: ConsulServer, present: AgentService | null, release: () => void): Owner {
  return { server, present, [Symbol.dispose]: release };
}

function share({ clock }: Deps, call: Call, parts: number): Call {
  return partOf(call, Math.min(call.remainingMs() / parts, call.timeoutMs * SHARE), clock);
}

/** @param isProblem which failures only speak against this server */
async function tryAgent(
  { datacenter }: Deps,
  server: ConsulServer,
  wanted: WantedOwner,
  part: Call,
  isProblem: (error: unknown) => error is SdctlError,
): Promise<AgentAnswer | SdctlError> {
  try {
    return await askAgent(server, wanted, datacenter, part);
  } catch (error) {
    if (!isProblem(error)) throw error;
    return error;
  }
}

/** What answers at a guessed port need not be Consul, so that even a refusal says little. */
function isAnyProblem(error: unknown): error is SdctlError {
  return error instanceof SdctlError && error.code !== 'E_ABORTED';
}

function problemOf(answer: AgentAnswer | SdctlError): string {
  if (answer instanceof SdctlError) return answer.why ?? answer.message;
  return answer.isOwner ? '' : answer.why;
}
