import { hostPort } from '../address.js';
import { toInstance } from '../build-instance.js';
import { addressText, mainEndpoint, noAddress, unheld } from '../encoding.js';
import type { EtcdLayout } from '../types.js';
import { notMine } from '../not-mine.js';

/** go-zero: `<Key>/<lease id in decimal>` (or a configured id), the bare address as value. */
export const goZeroLayout: EtcdLayout = {
  name: 'go-zero',
  root: '',
  facts: {
    defaultTtlSeconds: 10,
    renewal: 'client stream',
    afterDelete: {
      outcome: 'depends',
      withinSeconds: 1,
      text: 'back at once from 1.9.0 on, which watches its own key; stays gone before',
    },
    afterRevoke: { outcome: 'new-key', withinSeconds: 5, text: 'back within seconds under a new key' },
    leftBehind: null,
    markers: null,
    readOnly: false,
    leaseless: false,
  },
  decode(entry, root) {
    const id = entry.lastSegment;
    const isDigits = /^\d+$/.test(id);
    if (!isDigits && !root.forced) return notMine;
    // Under a root that the user named, an id of digits is as good as any other, unless it is the lease itself.
    if (root.prefix !== '' && !root.forced && id !== entry.leaseDecimal) return notMine;
    const endpoint = hostPort(entry.text?.trim() ?? '');
    const cut = entry.key.lastIndexOf('/');
    const name =
      root.prefix === '' && cut > 0
        ? { root: '', service: entry.key.slice(0, cut), id }
        : entry.nameBelow(root);
    if (endpoint === null || name === null || id === '') return notMine;
    return toInstance(entry, goZeroLayout, {
      service: name.service,
      id: name.id,
      root: name.root,
      endpoints: [endpoint],
    });
  },
  writer: {
    ttlSeconds: 10,
    hasFixedId: true,
    encode(spec, { prefix, leaseId }) {
      const lost = unheld('go-zero', spec, []);
      if (lost !== null) return lost;
      const endpoint = mainEndpoint(spec);
      if (endpoint === null) return noAddress;
      return { ok: true, key: `${prefix}${spec.service}/${leaseId}`, value: addressText(endpoint) };
    },
  },
};
