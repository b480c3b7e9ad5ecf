import { etcdLayout } from '../layouts/index.js';
import type { Connection } from '../registry/connection.js';

const DEFAULT_ROOT = '/services/';

/** The smallest rights that `doctor` works with: commands for etcd, a policy for Consul. */
export function policyText({ backend, prefixes, layout }: Connection): string {
  if (backend === 'local')
    return 'The embedded registry has no access rules: its directory has to be readable.\n';
  if (backend === 'consul') return CONSUL;
  const own = etcdLayout(layout)?.root ?? DEFAULT_ROOT;
  const roots = prefixes.length > 0 ? prefixes : [own];
  const grants = roots.map(
    (root) => `etcdctl role grant-permission sdctl-doctor --prefix read '${root.replaceAll("'", "'\\''")}'`,
  );
  return [
    '# A role that may read the registry. Newer servers list leases, members and alarms to root only;',
    '# what cannot be seen is unknown then, and never fails a run by itself.',
    'etcdctl role add sdctl-doctor',
    ...grants,
    'etcdctl user grant-role USER sdctl-doctor',
    '',
  ].join('\n');
}

const CONSUL = `# A policy that may read everything that the rules look at.
service_prefix "" { policy = "read" }
node_prefix "" { policy = "read" }
agent_prefix "" { policy = "read" }
session_prefix "" { policy = "read" }
key_prefix "" { policy = "read" }
operator = "read"
`;
