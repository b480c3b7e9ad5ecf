import { formatEndpoint } from '../../model/endpoint.js';
import { hostPort, parseUrl } from '../address.js';
import { toInstance } from '../build-instance.js';
import { addressId, mainEndpoint, noAddress, unheld } from '../encoding.js';
import { staysGone } from '../facts.js';
import type { EtcdLayout } from '../types.js';
import { notMine } from '../not-mine.js';

/** go-kit: key and value are the application's own; by its example `<root><name>/<host:port>` and a URL. */
export const goKitLayout: EtcdLayout = {
  name: 'go-kit',
  root: '/services/',
  facts: {
    defaultTtlSeconds: 10,
    renewal: 'client stream',
    afterDelete: staysGone(),
    afterRevoke: staysGone('stays gone: it never registers again'),
    leftBehind: 'the lease, up to 10 s',
    markers: null,
    readOnly: false,
    leaseless: false,
  },
  decode(entry, root) {
    const text = entry.text?.trim() ?? '';
    const endpoint = parseUrl(text)?.endpoint ?? (root.forced ? hostPort(text) : null);
    const name = entry.name(root);
    if (endpoint === null || name === null) return notMine;
    return toInstance(entry, goKitLayout, {
      service: name.service,
      id: name.id,
      root: name.root,
      endpoints: [endpoint],
    });
  },
  writer: {
    ttlSeconds: 10,
    idOf: addressId,
    encode(spec, { prefix }) {
      const lost = unheld('go-kit', spec, []);
      if (lost !== null) return lost;
      const endpoint = mainEndpoint(spec);
      if (endpoint === null) return noAddress;
      return { ok: true, key: `${prefix}${spec.service}/${spec.id}`, value: formatEndpoint(endpoint) };
    },
  },
};
