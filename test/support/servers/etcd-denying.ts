/** An etcd that refuses some calls to everybody, as releases from 3.5.28 on do to others than root. */
import {
  Client,
  credentials,
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  status,
} from '@grpc/grpc-js';

/** What the program asks of etcd in one question and one answer. */
const METHODS = [
  'KV/Range',
  'KV/Txn',
  'Lease/LeaseGrant',
  'Lease/LeaseRevoke',
  'Lease/LeaseLeases',
  'Lease/LeaseTimeToLive',
  'Auth/Authenticate',
  'Auth/UserGet',
  'Auth/RoleGet',
  'Maintenance/Status',
  'Maintenance/Alarm',
  'Cluster/MemberList',
] as const;
type Method = (typeof METHODS)[number];

interface DenyingEtcd {
  readonly url: string;
  /** How often something was refused. */
  readonly refused: () => number;
  stop(): void;
}

/**
 * Stands before a real etcd and hands everything on but some calls.
 *
 * @param denied default: the list of leases, which newer releases refuse where a lease carries a foreign key
 */
export async function startDenyingEtcd(
  target: string,
  denied: readonly Method[] = ['Lease/LeaseLeases'],
): Promise<DenyingEtcd> {
  const upstream = new Client(target.replace('http://', ''), credentials.createInsecure());
  const server = new Server();
  let refused = 0;
  const same = (bytes: Buffer): Buffer => bytes;
  for (const method of METHODS) {
    const path = `/etcdserverpb.${method}`;
    const definition = {
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    };
    const handle: handleUnaryCall<Buffer, Buffer> = (call, answer) => {
      if (denied.includes(method)) {
        refused += 1;
        answer({ code: status.PERMISSION_DENIED, details: 'etcdserver: permission denied' });
        return;
      }
      const metadata = new Metadata();
      for (const token of call.metadata.get('token')) metadata.set('token', token);
      const deadline = Date.now() + 10_000;
      upstream.makeUnaryRequest(path, same, same, call.request, metadata, { deadline }, (error, value) => {
        if (error === null) answer(null, value ?? Buffer.alloc(0));
        else answer({ code: error.code, details: error.details });
      });
    };
    server.addService({ [method]: definition }, { [method]: handle });
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return {
    url: `http://127.0.0.1:${String(port)}`,
    refused: () => refused,
    stop: () => {
      server.forceShutdown();
      upstream.close();
    },
  };
}
