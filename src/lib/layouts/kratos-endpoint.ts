import type { Endpoint } from '../model/endpoint.js';
import { parseUrl } from './address.js';

/** An endpoint URL of kratos. Older releases say `?isSecure=true` in place of a scheme of its own. */
export function kratosEndpoint(text: string): Endpoint | null {
  const url = parseUrl(text);
  if (url === null) return null;
  const [, secure] = /[?&]isSecure=(true|false)\b/.exec(url.rest) ?? [];
  return secure === undefined ? url.endpoint : { ...url.endpoint, secure: secure === 'true' };
}
