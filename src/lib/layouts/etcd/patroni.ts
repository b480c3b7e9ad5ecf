import type { Health } from '../../model/instance.js';
import { parseUrl } from '../address.js';
import { toInstance } from '../build-instance.js';
import { NEVER } from '../facts.js';
import { textMap, textOf } from '../json.js';
import type { EtcdLayout } from '../types.js';
import { notMine } from '../not-mine.js';

const ROOT = '/service/';
const MEMBER = /^\/(service)\/([^/]+)\/members\/([^/]+)$/;
const CONTROL =
  /^\/service\/([^/]+)\/(leader|config|initialize|status|history|sync|failover|failsafe|optime\/leader)$/;
const OWN_FIELDS = new Set(['conn_url', 'version']);
const PASSING = new Set(['running', 'streaming', 'in archive recovery']);
const CRITICAL = new Set([
  'stopped',
  'crashed',
  'start failed',
  'stop failed',
  'restart failed',
  'initdb failed',
]);

/** Patroni's members. Its control keys steer a database cluster: deleting `leader` starts a failover. */
export const patroniLayout: EtcdLayout = {
  name: 'patroni',
  root: ROOT,
  facts: {
    defaultTtlSeconds: 30,
    renewal: 'once a loop, 10 s',
    afterDelete: NEVER,
    afterRevoke: NEVER,
    leftBehind: null,
    markers: '`leader`, `config`, `initialize`, `status`, `history`, `sync`, `failover`, `failsafe`',
    readOnly: true,
    leaseless: false,
  },
  decode(entry) {
    if (!entry.key.startsWith(ROOT)) return notMine;
    const [isControl, scope, key] = CONTROL.exec(entry.key) ?? [];
    if (isControl !== undefined)
      return { state: 'skip', reason: key === 'leader' ? 'leader-lock' : 'marker', service: scope ?? null };
    const [whole, namespace = '', service = '', id = ''] = MEMBER.exec(entry.key) ?? [];
    if (whole === undefined || entry.json === null || !('conn_url' in entry.json)) return notMine;
    const { json } = entry;
    const url = parseUrl(textOf(json['conn_url']) ?? '');
    const metadata = textMap(json, OWN_FIELDS);
    if (url === null) return { state: 'undecodable', service, reason: 'conn_url is no URL' };
    if (metadata === null) return { state: 'undecodable', service, reason: 'nested too deeply' };
    return toInstance(entry, patroniLayout, {
      service,
      id,
      root: `/${namespace}/`,
      endpoints: [url.endpoint],
      namespace,
      version: textOf(json['version']),
      metadata,
      ...healthOf(textOf(json['state'])),
    });
  },
};

function healthOf(state: string | null): { readonly health?: Health; readonly healthReason?: string } {
  if (state === null) return {};
  if (PASSING.has(state)) return { health: 'passing' };
  return { health: CRITICAL.has(state) ? 'critical' : 'warning', healthReason: state };
}
