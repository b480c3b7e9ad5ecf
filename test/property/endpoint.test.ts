import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SdctlError } from '../../src/lib/errors.js';
import { formatCallTarget, formatEndpoint, parseEndpoint } from '../../src/lib/model/endpoint.js';
import { parseServer } from '../../src/lib/registry/server-url.js';
import { anyText, endpoint } from './arbitraries.js';

describe('endpoints', () => {
  it('are the same after formatting and parsing', () => {
    fc.assert(
      fc.property(endpoint, (one) => {
        expect(parseEndpoint(formatEndpoint(one))).toEqual(one);
      }),
    );
  });

  it('are parsed or refused, and what was parsed stays so', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.webUrl(), fc.webAuthority({ withPort: true })), (text) => {
        const one = parseEndpoint(text);
        if (one === null) return;
        expect(one.address).not.toBe('');
        expect(formatCallTarget(one)).toContain(one.address);
        expect(parseEndpoint(formatEndpoint(one))).toEqual(one);
      }),
    );
  });
});

describe('server addresses', () => {
  const text = fc.oneof(
    anyText,
    fc.webUrl(),
    fc.webAuthority({ withPort: true, withUserInfo: true, withIPv4: true, withIPv6: true }),
    fc
      .tuple(fc.constantFrom('http://', 'https://', 'unix://', 'ftp://', '[', 'http://u:p@'), fc.string())
      .map(([a, b]) => a + b),
    fc
      .tuple(fc.constantFrom('http://%', 'http://a%zz:p@', 'http://%E0%A4%A@'), fc.domain())
      .map(([a, b]) => a + b),
  );

  it('are read, or refused with an SdctlError', () => {
    fc.assert(
      fc.property(text, (address) => {
        try {
          const server = parseServer(address, 2_379);
          if (server.kind === 'tcp') expect(server.port >= 1 && server.port <= 65_535).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(SdctlError);
          expect(error).toMatchObject({ code: 'E_USAGE' });
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('never show a password in a refusal', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z0-9]{8}[a-z0-9@/:%]{0,8}$/),
        fc.constantFrom('ftp://', 'http://', 'https://', ''),
        (secret, scheme) => {
          const address = `${scheme}user:${secret}@host:99999999`;
          try {
            parseServer(address, 1);
          } catch (error) {
            const { message, why } = error as SdctlError;
            expect(`${message} ${why ?? ''}`).not.toContain(secret);
          }
        },
      ),
    );
  });
});
