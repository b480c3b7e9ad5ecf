import { SdctlError } from '../errors.js';

/** A registry server's address, checked. */
export type ServerAddress =
  | {
      readonly kind: 'tcp';
      readonly secure: boolean;
      /** IPv6 without brackets. */
      readonly host: string;
      readonly port: number;
      /** Without a trailing slash; empty for none. */
      readonly path: string;
      /** `http://host:port`, as it is shown and compared. */
      readonly url: string;
      readonly userInfo: { readonly username: string; readonly password: string } | null;
    }
  | { readonly kind: 'unix'; readonly path: string; readonly url: string };

/**
 * Reads `http://h:p`, `https://h`, `h:p`, `h`, `[::1]:p`, `unix:///run/x.sock`.
 *
 * @param defaultPort used where the text names none
 * @throws {SdctlError} E_USAGE that quotes the text without any password in it
 */
export function parseServer(text: string, defaultPort: number): ServerAddress {
  const trimmed = text.trim();
  if (trimmed.startsWith('unix://')) {
    const path = trimmed.slice('unix://'.length);
    if (!path.startsWith('/'))
      throw bad(text, 'a unix socket needs an absolute path: unix:///run/consul.sock');
    return { kind: 'unix', path, url: trimmed };
  }
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(trimmed)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') {
    throw bad(text, `the scheme must be http, https or unix, not ${scheme}`);
  }
  if (scheme === undefined && trimmed.split(':').length > 2 && !trimmed.startsWith('[')) {
    throw bad(text, 'an IPv6 address needs brackets: [::1]:2379');
  }
  let url: URL;
  try {
    url = new URL(scheme === undefined ? `http://${trimmed}` : trimmed);
  } catch {
    throw bad(text, 'not an address like http://127.0.0.1:2379');
  }
  if (url.hostname === '' || /\s/.test(trimmed)) throw bad(text, 'not an address like http://127.0.0.1:2379');
  if (url.search !== '' || url.hash !== '') throw bad(text, 'an address has no ? or #');
  const secure = url.protocol === 'https:';
  // URL drops the scheme's own port, so "http://h:80" and "http://h" look alike: look at the text itself.
  const named = /:(\d+)$/.exec(trimmed.replace(/^[a-z]+:\/\//i, '').replace(/[/?#].*$/, ''))?.[1];
  const port = named === undefined ? defaultPort : Number(named);
  if (port < 1 || port > 65_535) throw bad(text, 'a port is a number from 1 to 65535');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const shownHost = host.includes(':') ? `[${host}]` : host;
  const path = url.pathname.replace(/\/+$/, '');
  return {
    kind: 'tcp',
    secure,
    host,
    port,
    path,
    url: `${secure ? 'https' : 'http'}://${shownHost}:${port}${path}`,
    userInfo: userInfoOf(url, text),
  };
}

function userInfoOf(url: URL, text: string): { readonly username: string; readonly password: string } | null {
  if (url.username === '') return null;
  try {
    return { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  } catch {
    throw bad(text, 'a % in a user or password is written %25');
  }
}

function bad(text: string, why: string): SdctlError {
  // Up to the last @, because a password that was not escaped may hold any character.
  const shown = text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1***@');
  return new SdctlError('E_USAGE', `"${shown}" is not a server address`, {
    why,
    hint: '--server http://127.0.0.1:2379',
  });
}
