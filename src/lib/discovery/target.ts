/** What `SERVICE/INSTANCE` or `SERVICE/INSTANCE@NODE` names. */
export interface Target {
  readonly service: string;
  readonly id: string;
  readonly node: string | null;
}

/**
 * Splits at the last `/`; an `@` after it splits off the node where the registry has nodes.
 *
 * @returns null when one part is missing
 */
export function parseTarget(text: string, hasNodes: boolean): Target | null {
  const cut = text.lastIndexOf('/');
  if (cut <= 0 || cut === text.length - 1) return null;
  const service = text.slice(0, cut);
  const rest = text.slice(cut + 1);
  const at = hasNodes ? rest.lastIndexOf('@') : -1;
  if (at <= 0 || at === rest.length - 1) return { service, id: rest, node: null };
  return { service, id: rest.slice(0, at), node: rest.slice(at + 1) };
}

const NAME = /^[A-Za-z0-9._:-]{1,128}$/;

/** Whether sdctl gives this name to a new service or instance: it is safe in every backend, URL and file name. */
export function isNewName(name: string): boolean {
  return NAME.test(name) && name !== '.' && name !== '..';
}
