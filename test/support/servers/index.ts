/** Real servers and servers that misbehave, for the tests. */
export { startConsul, type Consul, type ConsulOptions } from './consul.js';
export { startEtcd, type Etcd, type EtcdOptions, type EtcdVersion } from './etcd.js';
