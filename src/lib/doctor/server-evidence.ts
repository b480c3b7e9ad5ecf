import type { BackendFacts, ServerFacts } from '../model/backend-facts.js';

/** The servers that were asked and answered. */
export function answering({ servers }: BackendFacts): readonly ServerFacts[] {
  return servers.filter(({ problem }) => problem === null);
}

/** The only one of some servers; null: there are several, or none, and the finding is about the whole registry. */
export function onlyServer(servers: readonly Pick<ServerFacts, 'server'>[]): string | null {
  const names = [...new Set(servers.map(({ server }) => server))];
  return names.length === 1 ? (names[0] ?? null) : null;
}

/** What a registry said to a call that it refused; null: it refused none of that kind. */
export function refusalOf({ denied }: BackendFacts, call: RegExp): string | null {
  return denied.find((one) => call.test(one.call))?.why ?? null;
}

/** A server as it is configured, where it is known which member it is; else the member's name or its id. */
export function memberText(memberId: string, { servers, members }: BackendFacts): string {
  const server = servers.find((one) => one.memberId === memberId)?.server;
  if (server !== undefined) return server;
  const name = members?.find(({ id }) => id === memberId)?.name ?? '';
  return name === '' ? memberId : name;
}
