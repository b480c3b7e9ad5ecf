/** Absolute paths of the server binaries that the tests run. */
export interface ServerBinaries {
  readonly etcd34: string;
  readonly etcd35: string;
  readonly etcdctl34: string;
  readonly etcdctl35: string;
  readonly consul: string;
}

export function ensureServers(): Promise<ServerBinaries>;
export function recentEtcd(): Promise<
  { readonly etcd: string; readonly etcdctl: string } | { readonly missing: string }
>;
