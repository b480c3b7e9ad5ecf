/** An etcd that lists leases to nobody but root, as releases from 3.5.28 on do where a lease carries a foreign key. */
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
] as const;

interface DenyingEtcd {
  readonly url: string;
  /** How often the list of leases was refused. */
  readonly refused: () => number;
  stop(): void;
}

/** Stands before a real etcd and hands everything on but the list of leases. */
export async function startDenyingEtcd(target: string): Promise<DenyingEtcd> {
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
      if (method === 'Lease/LeaseLeases') {
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
