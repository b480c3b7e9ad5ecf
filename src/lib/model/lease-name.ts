import type { LeaseName, LeaseRecord } from './lease.js';

/**
 * The name of a lease as it is printed and read again: its id; for a TTL check `CHECK@NODE`, because ids of checks are
 * unique per node only. `@` and `%` in its parts are `%40` and `%25`, so that the last `@` begins the node. A `/`
 * separates nothing here and stays.
 */
export function formatLeaseName({ kind, id, node }: Pick<LeaseRecord, 'kind' | 'id' | 'node'>): string {
  if (kind !== 'ttl-check') return id;
  return node === null ? escapePart(id) : `${escapePart(id)}@${escapePart(node)}`;
}

/**
 * What `CHECK@NODE`, `CHECK` or the id of a session may mean on a registry with nodes, most likely first: an `@` or a
 * `%40` may also be a part of the id that was typed as it is.
 */
export function readLeaseName(text: string): readonly LeaseName[] {
  const at = text.lastIndexOf('@');
  const names: LeaseName[] = [];
  const add = (id: string, node: string | null): void => {
    if (id !== '' && !names.some((name) => name.id === id && name.node === node)) names.push({ id, node });
  };
  if (at > 0 && at < text.length - 1) add(unescapePart(text.slice(0, at)), unescapePart(text.slice(at + 1)));
  add(unescapePart(text), null);
  add(text, null);
  return names;
}

function escapePart(text: string): string {
  return text.replace(/[%@]/g, (character) => (character === '%' ? '%25' : '%40'));
}

/** Only what is escaped above, and the `/` that names of instances escape. */
function unescapePart(text: string): string {
  return text.replace(/%(2F|25|40)/gi, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)));
}
