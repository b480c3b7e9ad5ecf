/** Scheme, host and port an instance serves on. */
export interface Endpoint {
  /** `http`, `https`, `grpc`, `tcp`, …; null when the registry does not say. */
  readonly protocol: string | null;
  /** Host name or address; IPv6 without brackets. Untrusted text. */
  readonly address: string;
  /** 1 to 65535; null when the registry does not say. */
  readonly port: number | null;
  /** Of this endpoint alone, where one entry holds several. */
  readonly weight?: number;
  /** Whether it speaks TLS, where the entry says so beside the protocol. */
  readonly secure?: boolean;
}

const URL_FORM = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/s;

/**
 * Reads `http://h:p`, `h:p`, `[v6]:p`, `v6` or `h`; total.
 *
 * @returns null when the text cannot be an endpoint (empty, port out of range, trailing path)
 */
export function parseEndpoint(text: string): Endpoint | null {
  const url = URL_FORM.exec(text);
  const protocol = url?.[1] === undefined ? null : url[1].toLowerCase();
  const rest = (url?.[2] ?? text).replace(/\/$/, '');
  if (rest === '' || /[\s/?#@\\]/.test(rest)) return null;
  const bracketed = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(rest);
  if (bracketed !== null) return build(protocol, bracketed[1] ?? '', bracketed[2]);
  const colons = rest.split(':').length - 1;
  if (colons > 1) return build(protocol, rest, undefined);
  const [address = '', port] = rest.split(':');
  return build(protocol, address, port);
}

function build(protocol: string | null, address: string, portText: string | undefined): Endpoint | null {
  if (address === '' || /[[\]]/.test(address)) return null;
  if (portText === undefined) return { protocol, address, port: null };
  const port = Number(portText);
  if (!/^\d{1,5}$/.test(portText) || port < 1 || port > 65_535) return null;
  return { protocol, address, port };
}

/** `protocol://host:port`, each part left out where unknown; IPv6 in brackets. */
export function formatEndpoint(endpoint: Endpoint): string {
  const scheme = endpoint.protocol === null ? '' : `${endpoint.protocol}://`;
  return scheme + formatHostPort(endpoint);
}

/** `host:port`, or only the host where the port is unknown; IPv6 in brackets when a port follows or a URL needs it. */
export function formatHostPort(endpoint: Endpoint): string {
  const isV6 = endpoint.address.includes(':');
  const host =
    isV6 && (endpoint.port !== null || endpoint.protocol !== null)
      ? `[${endpoint.address}]`
      : endpoint.address;
  return endpoint.port === null ? host : `${host}:${endpoint.port}`;
}

/** The protocol that a caller has to speak: that of the entry, over TLS where it says so beside it. */
export function callProtocol({ protocol, secure }: Endpoint): string | null {
  return secure === true && (protocol === 'http' || protocol === 'grpc') ? `${protocol}s` : protocol;
}

/** What a caller puts into its client: a URL for http and https, else `host:port`. */
export function formatCallTarget(endpoint: Endpoint): string {
  const protocol = callProtocol(endpoint);
  return protocol === 'http' || protocol === 'https' ? formatCallUrl(endpoint) : formatHostPort(endpoint);
}

/** `protocol://host:port` as a caller has to speak it. */
export function formatCallUrl(endpoint: Endpoint): string {
  return formatEndpoint({ ...endpoint, protocol: callProtocol(endpoint) });
}

const UNSPECIFIED = new Set(['0.0.0.0', '[::]', '[::ffff:0:0]', '*']);

/** Whether the address means "any of mine", which no caller can dial; in any of its spellings. */
export function isUnspecified(endpoint: Endpoint): boolean {
  return UNSPECIFIED.has(canonicalHost(endpoint.address));
}

/** Whether the address is reachable only from its own machine. */
export function isLoopback(endpoint: Endpoint): boolean {
  const host = canonicalHost(endpoint.address);
  return host === '[::1]' || /(^|\.)localhost$/.test(host) || /^127\.|^\[::ffff:7f/.test(host);
}

/** The one spelling of an address: `0` and `000.0.0.0` are `0.0.0.0`, `0::0` is `[::]`. */
function canonicalHost(address: string): string {
  try {
    return new URL(`http://${address.includes(':') ? `[${address}]` : address}`).hostname;
  } catch {
    return address.toLowerCase();
  }
}
