/** Real servers and servers that misbehave, for the tests. */
export { type Certs, makeCerts } from './certs.js';
export { type Consul, type ConsulOptions, startConsul } from './consul.js';
export { type ConsulCluster, startConsulCluster } from './consul-cluster.js';
export { type SeedService, seedConsul } from './consul-seed.js';
export { type Etcd, type EtcdOptions, type EtcdVersion, startEtcd } from './etcd.js';
export { type EtcdUser, enableAuth } from './etcd-auth.js';
export { type EtcdCluster, startEtcdCluster } from './etcd-cluster.js';
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
export { freePort, freePorts } from './ports.js';
export { type Proxy, startProxy } from './proxy.js';
