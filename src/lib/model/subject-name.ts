import type { Subject } from './finding.js';
import { formatInstanceName } from './instance-name.js';

/**
 * What a finding is about, in one line: `order/i-7f3a@node-2`, `order`, `server http://127.0.0.1:2379`. Untrusted text,
 * as its parts are.
 */
export function subjectName(subject: Subject): string {
  const { service, instance, node, key } = subject;
  if (service !== null && instance !== null) return formatInstanceName({ service, id: instance, node });
  const name = service ?? instance ?? placeName(subject) ?? (node === null ? key : null);
  if (name === null) return node === null ? 'the registry' : `node ${node}`;
  return node === null ? name : `${name} on node ${node}`;
}

function placeName({ server, lease, key, address }: Subject): string | null {
  if (server !== null) return `server ${server}`;
  if (lease !== null) return `lease ${lease}`;
  return key ?? address;
}
