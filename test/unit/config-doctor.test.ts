import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readInventory, toDoctorSettings } from '../../src/lib/command/doctor-settings.js';
import { editConfig, setAt } from '../../src/lib/config/file.js';
import { parseInventory, type Inventory } from '../../src/lib/config/inventory.js';
import { parseConfig } from '../../src/lib/config/parse.js';
import { validKeys } from '../../src/lib/config/schema.js';
import { plannedRules } from '../../src/lib/doctor/planned-rules.js';
import { allRules } from '../../src/lib/doctor/rule-names.js';
import { defaultSettings, defaultThresholds, type DoctorSettings } from '../../src/lib/doctor/settings.js';
import { SdctlError } from '../../src/lib/errors.js';
import { makeTempDir } from '../support/servers/lifetime.js';

/** What an operator reads when something is wrong. */
function failure(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof SdctlError) return [error.code, error.message, error.why, error.hint].join(' | ');
    throw error;
  }
  return 'none';
}

function settingsOf(text: string, inventory: Inventory | null = null): DoctorSettings {
  const config = parseConfig(text, 'config.yaml').config.doctor;
  return toDoctorSettings({ config, file: 'config.yaml', inventory, rules: allRules });
}

describe('section doctor of the config file', () => {
  it('may hold everything that steers the rules', () => {
    const settings = settingsOf(`
doctor:
  failOn: warning
  allowLoopback: true
  severities: {SD101: error, unused-suppression: warning}
  thresholds:
    ttlLongErrorSeconds: 7200
    vantageShare: 0.8
    lateSecondsOf: {kratos: 5}
  suppressions:
    - rule: key-without-lease
      service: 'legacy-*'
      reason: a batch job
      until: 2026-12-31
    - {rule: sd901, reason: known}
`);
    expect(settings).toEqual({
      ...defaultSettings,
      allowLoopback: true,
      severities: { SD101: 'error', SD902: 'warning' },
      thresholds: {
        ...defaultThresholds,
        ttlLongErrorSeconds: 7_200,
        vantageShare: 0.8,
        lateSecondsOf: { ...defaultThresholds.lateSecondsOf, kratos: 5 },
      },
      suppressions: [
        {
          rule: 'SD101',
          service: 'legacy-*',
          instance: null,
          node: null,
          key: null,
          reason: 'a batch job',
          until: '2026-12-31',
        },
        { rule: 'SD901', service: null, instance: null, node: null, key: null, reason: 'known', until: null },
      ],
    });
  });

  it('may be missing or empty', () => {
    for (const text of ['', 'doctor:\n', 'doctor: {thresholds: , suppressions: []}\n'])
      expect(settingsOf(text)).toEqual(defaultSettings);
    expect('constructor' in settingsOf('').inventory, 'a service may be called that').toBe(false);
  });

  it('knows every threshold of the rules', () => {
    expect([...(validKeys(['doctor', 'thresholds']) ?? [])].sort()).toEqual(
      Object.keys(defaultThresholds).sort(),
    );
    const own = Object.entries(defaultThresholds).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
    expect(settingsOf(`doctor:\n  thresholds:\n    ${own.join('\n    ')}\n`)).toEqual(defaultSettings);
  });

  it.each([
    [
      'doctor:\n  fialOn: error\n',
      /^E_CONFIG \| config\.yaml line 2: unknown key "fialOn" in doctor \| valid: failOn, .* \| failOn:$/,
    ],
    ['doctor:\n  failOn: fatal\n', /line 2: "failOn" in doctor must be .*never/],
    ['doctor:\n  severities: {SD101: bad}\n', /line 2: "SD101" in doctor\.severities must be/],
    ['doctor:\n  severities:\n    constructor: info\n', /line 3: no rule can be named "constructor"/],
    ['doctor:\n  thresholds:\n    ttlLong: 3\n', /line 3: unknown key "ttlLong" in doctor\.thresholds/],
    [
      'doctor:\n  thresholds:\n    vantageShare: 2\n',
      /line 3: "vantageShare" in doctor\.thresholds must be <=1/,
    ],
    [
      'doctor:\n  thresholds:\n    overdueSeconds: 0\n',
      /line 3: "overdueSeconds" in doctor\.thresholds must be >0/,
    ],
    [
      'doctor:\n  thresholds:\n    overdueSeconds: 5s\n',
      /line 3: "overdueSeconds" in doctor\.thresholds must be number/,
    ],
    [
      'doctor:\n  suppressions:\n    - {rule: SD101, reason: x}\n    - {rule: SD101}\n',
      /line 4: "reason" is missing in doctor\.suppressions\.1/,
    ],
    [
      'doctor:\n  suppressions:\n    - rule: SD101\n      reason: x\n      until: 2026-02-30\n',
      /line 5: "until" in doctor\.suppressions\.0 is no day; days are written 2026-12-31 \| it is "2026-02-30"/,
    ],
    [
      'doctor:\n  suppressions:\n    - rule: SD101\n      reason: x\n      instances: a\n',
      /line 5: unknown key "instances" in doctor\.suppressions\.0 .* \| instance:$/,
    ],
    ['doctor: 3\n', /line 1: "doctor" must be/],
  ])('%j says the line and what is meant', (text, expected) => {
    expect(failure(() => parseConfig(text, 'config.yaml'))).toMatch(expected);
  });

  it.each([
    [
      'doctor: {severities: {SD11: info}}',
      /doctor\.severities names "SD11", which is no rule \| rules are named/,
    ],
    [
      'doctor: {suppressions: [{rule: SD101, reason: x}, {rule: key-without-lesae, reason: x}]}',
      /doctor\.suppressions entry 2 names "key-without-lesae", which is no rule .* \| key-without-lease$/,
    ],
    [
      `doctor: {suppressions: [{rule: ${plannedRules[0]?.slug ?? ''}, reason: x}]}`,
      /which is no rule \| it is planned, and not written yet/,
    ],
    [
      'doctor: {thresholds: {criticalWarningSeconds: 9999}}',
      /exclude each other \| criticalWarningSeconds 9999 is above criticalErrorSeconds 3600/,
    ],
    [
      'doctor: {thresholds: {ttlShortErrorSeconds: 6}}',
      /ttlShortErrorSeconds 6 is above ttlShortWarningSeconds 5/,
    ],
  ])('%s is refused where the rules are known', (text, expected) => {
    expect(failure(() => settingsOf(text))).toMatch(expected);
    expect(failure(() => settingsOf(text))).toMatch(/^E_CONFIG \| config\.yaml: /);
  });

  it.each(['', 'doctor:\n', 'doctor: {allowLoopback: true}\n'])(
    'can be set by config set: %j',
    async (before) => {
      const file = path.join(makeTempDir('config'), 'config.yaml');
      writeFileSync(file, before);
      await editConfig({ path: file, from: 'HOME' }, (document) => {
        setAt(document, ['doctor', 'failOn'], 'warning');
      });
      expect(parseConfig(readFileSync(file, 'utf8'), file).config.doctor).toMatchObject({
        failOn: 'warning',
      });
    },
  );

  it('names its settings', () => {
    expect(validKeys(['doctor'])).toContain('failOn');
    expect(validKeys(['doctor', 'suppressions', '0'])).toContain('until');
    expect(validKeys(['doctor', 'severities'])).toBeNull();
  });
});

describe('an inventory', () => {
  it('says what is to be there, and where it says so', () => {
    const text = 'services:\n  order: {min: 2, max: 9, zones: [a, b], static: false}\n  # mine\n  "a b": \n';
    const { services, regions } = parseInventory(text, 'services.yaml');
    expect({ ...services }).toEqual({
      order: { min: 2, max: 9, zones: ['a', 'b'], isStatic: false },
      'a b': { min: null, max: null, zones: [], isStatic: false },
    });
    expect([...regions]).toEqual([
      ['order', { line: 2, column: 3, endColumn: 8 }],
      ['a b', { line: 4, column: 3, endColumn: 8 }],
    ]);
    const settings = settingsOf('', parseInventory(text, 'services.yaml'));
    expect(settings.inventory['order']).toMatchObject({ min: 2 });
  });

  it('takes any name for a service, numbers and what JavaScript has a meaning for', () => {
    const { services } = parseInventory(
      'services: {8080: {min: 1}, constructor: {static: true}, __proto__: {max: 3}}',
      'f',
    );
    expect(Object.keys(services).sort()).toEqual(['8080', '__proto__', 'constructor']);
    expect(services['__proto__']?.max).toBe(3);
    expect('toString' in services).toBe(false);
  });

  it('takes what an anchor stands for', () => {
    const { services } = parseInventory('services: {a: &a {min: 1}, b: *a}', 'f');
    expect(services['b']?.min).toBe(1);
  });

  it.each([
    ['', /line 1: it is no mapping with "services"/],
    ['- a\n', /line 1: it is no mapping with "services"/],
    ['# x\nservice: {}\n', /line 2: unknown key "service" \| valid: services/],
    ['services: [a]\n', /line 1: "services" is no mapping of names/],
    [
      'services:\n  a: {mni: 1}\n',
      /line 2: unknown key "mni" in a \| valid: min, max, zones, static \| min:$/,
    ],
    [
      'services:\n  a:\n    min: 1\n    max: x\n',
      /line 4: "max" of a is not valid \| expected number, it is "x"/,
    ],
    ['services:\n  a:\n    min: 1.5\n', /line 3: "min" of a is not valid \| it is no whole number/],
    ['services:\n  a:\n    min: -1\n', /line 3: "min" of a is not valid \| expected >=0, it is -1/],
    ['services:\n  a:\n    min: 3\n    max: 1\n', /line 4: max of a is below min \| min 3, max 1/],
    ['services:\n  a:\n    zones: [x, x]\n', /line 3: "zones" of a is not valid \| each zone only once/],
    ['services:\n  a: 3\n', /line 2: a is no mapping \| it is 3/],
    ['services:\n  a: []\n', /line 2: a is no mapping \| it is a list/],
    ['services:\n  a: {}\n  a: {}\n', /line 3: /],
    ['services:\n  1: {}\n  "1": {}\n', /line 3: 1 stands there twice/],
    ['services:\n  "": {}\n', /line 2: a service without a name/],
    ['services:\n  a: *b\n', /line 2: a cannot be read/],
    ['services: {\n', /line \d: /],
  ])('%j is refused with its line', (text, expected) => {
    const said = failure(() => parseInventory(text, 'services.yaml'));
    expect(said).toMatch(/^E_CONFIG \| services\.yaml line \d+: /);
    expect(said).toMatch(expected);
  });

  it('is read from a file', async () => {
    const file = path.join(makeTempDir('inventory'), 'services.yaml');
    await expect(readInventory(file)).rejects.toMatchObject({ code: 'E_FILE', why: 'no such file' });
    await expect(readInventory(path.dirname(file))).rejects.toMatchObject({ why: 'it is a directory' });
    writeFileSync(file, 'services: {order: }\n');
    expect((await readInventory(file)).regions.has('order')).toBe(true);
  });

  it('is what its JSON schema says', () => {
    const schema = JSON.parse(
      readFileSync(new URL('../../schemas/v1/inventory.json', import.meta.url), 'utf8'),
    ) as object;
    const validate = new Ajv2020({ allErrors: true }).compile(schema);
    const anything = fc.constantFrom<unknown[]>(
      0,
      1,
      7,
      -1,
      1.5,
      null,
      'a',
      '',
      true,
      [],
      ['a'],
      ['a', 'a'],
      [''],
      {},
    );
    const declared = fc.record(
      { min: anything, max: anything, zones: anything, static: anything, other: anything },
      { requiredKeys: [] },
    );
    const likely = fc.record(
      {
        min: fc.constantFrom(0, 1, null),
        max: fc.constantFrom(1, 7, null),
        zones: fc.constantFrom<string[][]>([], ['a'], ['a', 'b'], ['a', 'a']),
        static: fc.boolean(),
      },
      { requiredKeys: [] },
    );
    const name = fc.constantFrom('order', 'a b', '8080', '', '__proto__');
    const service = fc.oneof({ weight: 5, arbitrary: likely }, declared, anything);
    const services = fc.oneof(
      { weight: 9, arbitrary: fc.dictionary(name, service, { maxKeys: 3 }) },
      anything,
    );
    const documents = fc.oneof(
      { weight: 9, arbitrary: fc.record({ services }) },
      fc.record({ services, other: anything }, { requiredKeys: [] }),
      anything,
    );
    const seen = { valid: 0, wrong: 0 };
    fc.assert(
      fc.property(documents, (document) => {
        const isValid = validate(document);
        seen[isValid ? 'valid' : 'wrong'] += 1;
        // JSON Schema cannot compare two values.
        const said = failure(() => parseInventory(JSON.stringify(document), 'f'));
        if (!said.includes('is below min')) expect(said === 'none', said).toBe(isValid);
      }),
      { numRuns: 2_000 },
    );
    expect(Math.min(seen.valid, seen.wrong)).toBeGreaterThan(100);
  });
});
