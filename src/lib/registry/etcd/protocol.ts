import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The part of protobufjs that is used here. */
export interface MessageType {
  readonly name: string;
  fromObject(value: object): object;
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
  toObject(message: object, options: object): object;
}

/** etcd's protocol as protobufjs holds it. */
export interface Protocol {
  lookupService(name: string): {
    readonly methodsArray: readonly {
      readonly name: string;
      readonly requestType: string;
      readonly responseType: string;
      readonly requestStream?: boolean;
      readonly responseStream?: boolean;
    }[];
  };
  lookupType(name: string): MessageType;
}

interface Protobuf {
  readonly Root: new () => Protocol & { loadSync(file: string, options: object): unknown };
}

/**
 * Reads etcd3's own protocol files with the protobufjs that etcd3 brings. The build puts another module in place of
 * this one, which has the same protocol inside, read already: parsing it takes longer than a short call to etcd.
 */
export function loadProtocol(): Protocol {
  const etcd3 = createRequire(import.meta.url).resolve('etcd3/lib/rpc.js');
  const loader = createRequire(etcd3).resolve('@grpc/proto-loader');
  const protobuf = createRequire(loader)('protobufjs') as Protobuf;
  const root = new protobuf.Root();
  root.loadSync(join(dirname(etcd3), '../proto/rpc.proto'), { keepCase: true });
  return root;
}
