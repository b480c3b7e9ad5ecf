import {
  makeClientConstructor,
  type MethodDefinition,
  type ServiceClientConstructor,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import type { IResponseHeader } from 'etcd3/lib/rpc.js';
import { loadProtocol, type MessageType, type Protocol } from './protocol.js';
import { decodeRangeResponse } from './range-response.js';

const PACKAGE = 'etcdserverpb';
const SERVICES = ['KV', 'Watch', 'Lease', 'Auth', 'Maintenance', 'Cluster'] as const;
/** As etcd3's own types say: 64-bit numbers as decimal strings, enums by name, every field present. */
const CONVERSION = { longs: String, enums: String, defaults: true, oneofs: true };

let constructor: ServiceClientConstructor | null = null;

/**
 * A grpc client class that knows the methods of all etcd services, on etcd3's own protocol files and with the
 * protobufjs that etcd3 brings. Built here and not by importing `etcd3`, which also loads its connection pool, retry
 * library and file descriptors: that doubles the start-up time of every etcd command.
 */
export function etcdClientConstructor(): ServiceClientConstructor {
  constructor ??= makeClientConstructor(definition(), PACKAGE);
  return constructor;
}

function definition(): ServiceDefinition {
  const root = loadProtocol();
  const methods: Record<string, MethodDefinition<object, object>> = {};
  for (const service of SERVICES) {
    for (const method of root.lookupService(`${PACKAGE}.${service}`).methodsArray) {
      const request = root.lookupType(`${PACKAGE}.${method.requestType}`);
      const response = root.lookupType(`${PACKAGE}.${method.responseType}`);
      // Method names are unique over all services, so that one client can serve them all.
      methods[method.name.charAt(0).toLowerCase() + method.name.slice(1)] = {
        path: `/${PACKAGE}.${service}/${method.name}`,
        requestStream: method.requestStream === true,
        responseStream: method.responseStream === true,
        requestSerialize: serializer(request),
        requestDeserialize: deserializer(request),
        responseSerialize: serializer(response),
        responseDeserialize: method.name === 'Range' ? rangeDeserializer(root) : deserializer(response),
      };
    }
  }
  return methods;
}

function serializer(type: MessageType): (value: object) => Buffer {
  return (value) => Buffer.from(type.encode(type.fromObject(value)).finish());
}

function deserializer(type: MessageType): (bytes: Buffer) => object {
  return (bytes) => type.toObject(type.decode(bytes), CONVERSION);
}

function rangeDeserializer(root: Protocol): (bytes: Buffer) => object {
  const readHeader = deserializer(root.lookupType(`${PACKAGE}.ResponseHeader`));
  return (bytes) => decodeRangeResponse(bytes, (part) => readHeader(part) as IResponseHeader);
}
