import {
  connectivityState,
  Metadata,
  status,
  type CallOptions,
  type Client,
  type ChannelCredentials,
  type ChannelOptions,
  type ClientUnaryCall,
  type ServiceError,
} from '@grpc/grpc-js';
import {
  AuthClient,
  ClusterClient,
  KVClient,
  LeaseClient,
  MaintenanceClient,
  WatchClient,
  type ICallable,
} from 'etcd3/lib/rpc.js';
import type { ServerAddress } from '../server-url.js';
import { resolveWith } from './resolver.js';
import { etcdClientConstructor } from './wire.js';

type TcpAddress = Extract<ServerAddress, { kind: 'tcp' }>;

/** The raw clients of etcd3 that sdctl uses, bound to one server and one attempt. */
export interface RawClients {
  readonly kv: KVClient;
  readonly lease: LeaseClient;
  readonly watch: WatchClient;
  readonly auth: AuthClient;
  readonly maintenance: MaintenanceClient;
  readonly cluster: ClusterClient;
}

/** Limits of one attempt on one server. */
export interface AttemptLimits {
  readonly signal: AbortSignal;
  /** From now until the answer. */
  readonly timeoutMs: number;
  readonly token: string | null;
}

/** How long a connection may take to come up before the attempt counts as failed, even if the answer may take longer. */
const CONNECT_MS = 2_000;

/**
 * C2. grpc must not retry, pool or detour on its own. Its reconnect pauses are kept short; an attempt that failed
 * drops the whole channel anyway (see `forget`), so that our own pauses are the only ones.
 */
const CHANNEL_OPTIONS: ChannelOptions = {
  'grpc.max_receive_message_length': 64 * 1024 * 1024,
  // With the usual 64 KiB the server waits for a word of ours every 64 KiB, while we still read the page before.
  'grpc-node.flow_control_window': 4 * 1024 * 1024,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 3_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 500,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_http_proxy': 0,
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.enable_channelz': 0,
};

/** One etcd server and the channel to it. The channel is made when first needed and again after a failure. */
export class Server {
  readonly address: TcpAddress;
  readonly #credentials: ChannelCredentials;
  readonly #options: ChannelOptions;
  #closed = false;
  #channel: Channel | null = null;

  constructor(address: TcpAddress, credentials: ChannelCredentials, serverName: string | null) {
    this.address = address;
    this.#credentials = credentials;
    this.#options =
      serverName === null
        ? CHANNEL_OPTIONS
        : { ...CHANNEL_OPTIONS, 'grpc.ssl_target_name_override': serverName };
  }

  get url(): string {
    return this.address.url;
  }

  /** The raw clients for one attempt. */
  attempt(limits: AttemptLimits): RawClients {
    const callable = new Attempt(this.#open(), limits);
    return {
      kv: new KVClient(callable),
      lease: new LeaseClient(callable),
      watch: new WatchClient(callable),
      auth: new AuthClient(callable),
      maintenance: new MaintenanceClient(callable),
      cluster: new ClusterClient(callable),
    };
  }

  /** Drops the channel, so that the next attempt connects anew at once. Streams that still live go on until they end. */
  forget(): void {
    const channel = this.#channel;
    this.#channel = null;
    if (channel === null) return;
    const isReady = channel.client.getChannel().getConnectivityState(false) === connectivityState.READY;
    channel.client.close();
    if (!isReady) channel.abort.abort();
  }

  /** Ends the connection at once, and whatever goes on over it. */
  close(): void {
    this.#closed = true;
    const channel = this.#channel;
    this.forget();
    channel?.abort.abort();
  }

  #open(): Client {
    if (this.#closed) throw closedError();
    this.#channel ??= this.#connect();
    return this.#channel.client;
  }

  #connect(): Channel {
    const abort = new AbortController();
    const { target, options } = resolveWith(this.address.host, this.address.port, abort.signal);
    const Constructor = etcdClientConstructor();
    return { client: new Constructor(target, this.#credentials, { ...this.#options, ...options }), abort };
  }
}

interface Channel {
  readonly client: Client;
  /** Ends the connection, even one that is still coming up. */
  readonly abort: AbortController;
}

type Unary = (
  request: unknown,
  metadata: Metadata,
  options: CallOptions,
  callback: (error: ServiceError | null, response: unknown) => void,
) => ClientUnaryCall;

/** One attempt on one channel, in the form that etcd3's clients call. */
class Attempt implements ICallable<null> {
  readonly callOptionsFactory = undefined;
  readonly #client: Client;
  readonly #limits: AttemptLimits;

  constructor(client: Client, limits: AttemptLimits) {
    this.#client = client;
    this.#limits = limits;
  }

  exec<T>(_service: string, method: string, request: unknown): Promise<T> {
    const { signal, timeoutMs } = this.#limits;
    const client = this.#client;
    return new Promise<T>((resolve, reject) => {
      if (signal.aborted) {
        reject(cancelled('aborted'));
        return;
      }
      const invoke = (client as unknown as Readonly<Record<string, Unary | undefined>>)[method];
      if (invoke === undefined) throw new Error(`etcd has no method ${method}`);
      const abort = (): void => call.cancel();
      // A peer that accepts and stays mute would use up the time of a long read; the next server gets it instead.
      let unconnected = false;
      const connecting =
        timeoutMs <= CONNECT_MS
          ? undefined
          : setTimeout(() => {
              unconnected = client.getChannel().getConnectivityState(false) !== connectivityState.READY;
              if (unconnected) call.cancel();
            }, CONNECT_MS);
      const options = { deadline: Date.now() + timeoutMs };
      const call = withoutStack(() =>
        invoke.call(client, request, this.#metadata(), options, (error, response) => {
          clearTimeout(connecting);
          signal.removeEventListener('abort', abort);
          if (error === null) resolve(response as T);
          else reject(unconnected ? overdue() : error);
        }),
      );
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  async withConnection<R>(
    _service: string,
    open: (args: { resource: null; client: Client; metadata: Metadata }) => Promise<R> | R,
  ): Promise<R> {
    const metadata = this.#metadata();
    // W13: without it a member that lost its quorum keeps streams open and silent.
    metadata.set('hasleader', 'true');
    return open({ resource: null, client: this.#client, metadata });
  }

  markFailed(): void {
    // Failures are handled where the stream is read.
  }

  #metadata(): Metadata {
    const metadata = new Metadata();
    if (this.#limits.token !== null) metadata.set('token', this.#limits.token);
    return metadata;
  }
}

/** grpc-js notes the stack of every caller, which takes longer than sending a small request. */
function withoutStack<T>(send: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return send();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function cancelled(details: string): Error {
  return Object.assign(new Error(details), { code: status.CANCELLED, details, metadata: new Metadata() });
}

function overdue(): Error {
  const details = `not connected within ${CONNECT_MS / 1_000}s`;
  return Object.assign(new Error(details), {
    code: status.DEADLINE_EXCEEDED,
    details,
    metadata: new Metadata(),
  });
}

function closedError(): Error {
  return cancelled('the registry is closed');
}
