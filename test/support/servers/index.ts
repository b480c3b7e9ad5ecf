/** Real servers and servers that misbehave, for the tests. */
export { type Certs, makeCerts } from './certs.js';
export { type Consul, startConsul } from './consul.js';
export { type ConsulCluster, startConsulCluster } from './consul-cluster.js';
export { seedConsul } from './consul-seed.js';
export { type Etcd, recentEtcdMissing, startEtcd } from './etcd.js';
export { startDenyingEtcd } from './etcd-denying.js';
export { enableAuth } from './etcd-auth.js';
export { startEtcdCluster } from './etcd-cluster.js';
export { seedEtcd } from './etcd-seed.js';
export {
  type Fake,
  type HttpFakeKind,
  startBlackHole,
  startGarbage,
  startHttpFake,
  startMute,
  startWrongTls,
} from './fakes.js';
export { freePort } from './ports.js';
export { type Proxy, startProxy } from './proxy.js';
