/** What `SERVICE/INSTANCE` or `SERVICE/INSTANCE@NODE` names. */
export interface InstanceName {
  readonly service: string;
  readonly id: string;
  /** null: any, or a registry without nodes. */
  readonly node: string | null;
}

/**
 * The name of an instance as it is printed and read again. `/` and `%` inside the id are `%2F` and `%25`, so that the
 * last `/` ends the service; where a registry has nodes, `@` is `%40`, so that the last one begins the node.
 */
export function formatInstanceName({ service, id, node }: InstanceName, hasNodes = node !== null): string {
  const place = node === null ? '' : `@${escapePart(node, hasNodes)}`;
  return `${service}/${escapePart(id, hasNodes)}${place}`;
}

/**
 * The reverse: splits at the last `/`; an `@` behind it splits off the node where the registry has nodes.
 *
 * @returns null when one part is missing
 */
export function parseInstanceName(text: string, hasNodes: boolean): InstanceName | null {
  const cut = text.lastIndexOf('/');
  if (cut <= 0 || cut === text.length - 1) return null;
  const service = text.slice(0, cut);
  const rest = text.slice(cut + 1);
  const at = hasNodes ? rest.lastIndexOf('@') : -1;
  if (at <= 0 || at === rest.length - 1) return { service, id: unescapePart(rest), node: null };
  return { service, id: unescapePart(rest.slice(0, at)), node: unescapePart(rest.slice(at + 1)) };
}

const ESCAPED: Readonly<Record<string, string>> = { '/': '%2F', '%': '%25', '@': '%40' };

function escapePart(text: string, hasNodes: boolean): string {
  return text.replace(hasNodes ? /[/%@]/g : /[/%]/g, (character) => ESCAPED[character] ?? character);
}

/** Only what is escaped above: an id with a percent sign may be typed as it is. */
function unescapePart(text: string): string {
  return text.replace(/%(2F|25|40)/gi, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)));
}
