import { NEVER } from '../facts.js';
import type { EtcdLayout } from '../types.js';
import { notMine } from '../not-mine.js';

const ROOT = '/registry/';

/** Kubernetes' own state: everything below `/registry/`, protobuf with the magic `k8s\0`. Off limits. */
export const kubernetesLayout: EtcdLayout = {
  name: 'kubernetes',
  root: ROOT,
  facts: {
    defaultTtlSeconds: 15,
    renewal: 'every 10 s',
    afterDelete: NEVER,
    afterRevoke: NEVER,
    leftBehind: null,
    markers: 'the whole tree',
    readOnly: true,
    leaseless: true,
  },
  decode(entry) {
    const [k, eight, s, end] = entry.raw.value;
    const isProtobuf = k === 0x6b && eight === 0x38 && s === 0x73 && end === 0;
    return isProtobuf || entry.key.startsWith(ROOT) ? { state: 'skip', reason: 'kubernetes' } : notMine;
  },
};
