/** The configuration file of a test agent. */
import { randomUUID } from 'node:crypto';

/** Files in PEM. */
export interface ConsulTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** Demand a client certificate over HTTPS; `clientCert` and `clientKey` are then for the handle itself. */
  readonly verifyIncoming?: boolean;
  readonly clientCert?: string;
  readonly clientKey?: string;
}

export interface ConsulPorts {
  readonly http: number;
  readonly dns: number;
  readonly server: number;
  readonly serf: number;
  readonly serfWan: number;
}

export interface ConsulConfigInput {
  readonly nodeName: string;
  readonly bindAddress: string;
  readonly ports: ConsulPorts;
  readonly masterToken: string | undefined;
  readonly dev?: boolean;
  readonly server?: boolean;
  readonly tls?: ConsulTls;
  readonly join?: readonly string[];
  readonly bootstrapExpect?: number;
  readonly extraConfig?: Readonly<Record<string, unknown>>;
}

/** Everything an agent needs to run alone on loopback, quickly, and without asking anyone else. */
export function consulConfig(input: ConsulConfigInput): Record<string, unknown> {
  const { ports } = input;
  const isServer = input.server ?? true;
  return {
    node_name: input.nodeName,
    // Fixed per handle: after a wipe the agent would else come back as another node of the same name.
    node_id: randomUUID(),
    disable_host_node_id: true,
    disable_update_check: true,
    server: isServer,
    ...(isServer && input.dev !== true ? { bootstrap_expect: input.bootstrapExpect ?? 1 } : {}),
    ...(input.join === undefined ? {} : { retry_join: input.join, retry_interval: '250ms' }),
    bind_addr: input.bindAddress,
    client_addr: input.bindAddress,
    advertise_addr: input.bindAddress,
    ports: {
      http: input.tls === undefined ? ports.http : -1,
      https: input.tls === undefined ? -1 : ports.http,
      dns: ports.dns,
      server: ports.server,
      serf_lan: ports.serf,
      serf_wan: isServer ? ports.serfWan : -1,
      grpc: -1,
    },
    // The default multiplier of 5 is for slow machines and makes every election take five times as long.
    performance: { raft_multiplier: 1, leave_drain_time: '0s' },
    leave_on_terminate: false,
    skip_leave_on_interrupt: true,
    telemetry: { disable_hostname: true },
    ...tlsConfig(input.tls),
    ...aclConfig(input.masterToken),
    ...input.extraConfig,
  };
}

function tlsConfig(tls: ConsulTls | undefined): Record<string, unknown> {
  if (tls === undefined) return {};
  return {
    ca_file: tls.ca,
    cert_file: tls.cert,
    key_file: tls.key,
    verify_incoming_https: tls.verifyIncoming === true,
  };
}

function aclConfig(token: string | undefined): Record<string, unknown> {
  if (token === undefined) return {};
  return { acl: { enabled: true, default_policy: 'deny', tokens: { master: token, agent: token } } };
}
