import type { Invocation } from './invocation.js';

/** What tells this registry from another one: its context, else its servers; the scope within it. */
export function identityOf({
  connection,
  serverNames,
}: Pick<Invocation, 'connection' | 'serverNames'>): string {
  const { backend, context, prefixes, datacenter, namespace, partition } = connection;
  return JSON.stringify([backend, context ?? serverNames, prefixes, datacenter, namespace, partition]);
}
