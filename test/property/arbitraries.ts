import fc from 'fast-check';
import type { Endpoint } from '../../src/lib/model/endpoint.js';
import type { Instance, Owner } from '../../src/lib/model/instance.js';
import type { RegistrationSpec } from '../../src/lib/registry/types.js';
import { anInstance } from '../support/builders.js';

/** Names that `register` accepts. */
const legalName: fc.Arbitrary<string> = fc
  .stringMatching(/^[A-Za-z0-9._:-]{1,128}$/)
  .filter((name) => name !== '.' && name !== '..');

/** Any text at all: control characters, half surrogates, path separators. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    '',
    '.',
    '..',
    '/',
    '%',
    '%2F',
    '\0',
    '../../etc/passwd',
    '~',
    'a/b',
    'CON',
    '\ud800',
    'x'.repeat(300),
  ),
);

export const endpoint: fc.Arbitrary<Endpoint> = fc.record({
  protocol: fc.option(fc.constantFrom('http', 'https', 'grpc', 'tcp', 'h2c+x')),
  address: fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6()),
  port: fc.option(fc.integer({ min: 1, max: 65_535 })),
});

const owner: fc.Arbitrary<Owner> = fc.record({
  host: fc.string(),
  pid: fc.integer({ min: 1, max: 4_194_304 }),
  started: fc.string(),
  run: fc.string(),
});

const optionalText = fc.option(fc.string({ unit: 'grapheme', minLength: 1 }));

export const spec: fc.Arbitrary<RegistrationSpec> = fc.record({
  service: legalName,
  id: legalName,
  endpoints: fc.array(endpoint, { maxLength: 4 }),
  tags: fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 4 }),
  metadata: fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), { maxKeys: 4 }),
  version: optionalText,
  weight: fc.option(fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }))),
  zone: optionalText,
  owner,
  registeredAt: fc.string({ minLength: 1 }),
});

/** Few names and few versions, so that sets overlap and differ. */
export const instances: fc.Arbitrary<Instance[]> = fc.uniqueArray(
  fc
    .record({ id: fc.constantFrom('a', 'b', 'c', 'd', 'e'), version: fc.constantFrom('1', '2', null) })
    .map((overrides) => anInstance(overrides)),
  { selector: ({ id }) => id, maxLength: 5 },
);
