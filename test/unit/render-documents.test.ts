import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { SdctlError } from '../../src/lib/errors.js';
import { fieldNames, listLines, projectFields } from '../../src/lib/render/document-fields.js';
import type { ListDocument } from '../../src/lib/render/document-types.js';
import {
  configFileDocument,
  configValue,
  configView,
  contextDocument,
  contextItem,
  contextList,
  endpointList,
  errorDocument,
  instanceList,
  layoutList,
  serviceList,
  versionDocument,
} from '../../src/lib/render/documents.js';
import { membershipEventDocument, registrationEventDocument } from '../../src/lib/render/event-documents.js';
import type { SavedEntry } from '../../src/lib/model/removal.js';
import { doctorDocument, doctorLines } from '../../src/lib/render/doctor-document.js';
import { deregisterResult, restoreResult } from '../../src/lib/render/removal-documents.js';
import { toJson } from '../../src/lib/render/safe-text.js';
import { toYaml } from '../../src/lib/render/yaml-text.js';
import { aReport, aReportOf } from '../support/doctor-report.js';
import { leaseDocumentsOf, leaseListsOf } from './lease-samples.js';
import {
  anError,
  anInstance,
  anInstanceOf,
  anUndecoded,
  aSnapshot,
  hostile,
  LEAK,
  membershipEvents,
  registrationEvents,
  servicesOf,
} from './render-samples.js';

const directory = new URL('../../schemas/v1/', import.meta.url);
const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
addFormats.default(ajv);
const schemas = readdirSync(directory).map((file) => {
  const schema = JSON.parse(readFileSync(new URL(file, directory), 'utf8')) as { $id: string; title: string };
  ajv.addSchema(schema);
  return { file, schema };
});

function validatorOf(kind: string): ValidateFunction {
  const found = schemas.find(({ schema }) => schema.title === kind);
  const validate = found && ajv.getSchema(found.schema.$id);
  if (validate === undefined) throw new Error(`no schema for ${kind}`);
  return validate;
}

interface AnyDocument {
  readonly apiVersion: string;
  readonly kind: string;
}

function problemsOf(document: AnyDocument): string {
  const validate = validatorOf(document.kind);
  // As a program reads it, not as it was built.
  validate(JSON.parse(toJson(document)));
  return ajv.errorsText(validate.errors);
}

const origin = { context: 'prod-eu', backend: 'etcd' };

function listsOf(text: string): ListDocument[] {
  const instance = anInstanceOf(text);
  const skipped = [
    {
      key: text,
      layout: text,
      reason: 'consumer',
      service: text,
      address: text,
      name: text,
      keys: null,
    } as const,
    {
      key: text,
      layout: null,
      reason: 'foreign',
      service: null,
      address: null,
      name: null,
      keys: 7,
    } as const,
  ];
  const snapshot = aSnapshot([instance, anInstance()], { undecoded: [anUndecoded(text)], skipped });
  const stage = contextItem(
    text,
    { backend: 'consul', tls: { caFile: text }, auth: { tokenEnv: text } },
    true,
  );
  return [
    instanceList(snapshot, origin),
    layoutList([{ layout: text, root: text, services: 1, instances: 2 }], snapshot, origin),
    serviceList(servicesOf(snapshot.instances), snapshot, { context: null, backend: 'local' }),
    endpointList(
      instance.endpoints.map((endpoint) => ({ instance, endpoint })),
      snapshot,
      origin,
    ),
    contextList([stage, contextItem('b', { backend: 'etcd' }, false)], {
      configFile: text,
      currentContext: text,
    }),
    configView({
      configFile: null,
      context: text,
      items: [{ setting: 'token', value: text, from: text }],
      ignored: [{ name: text, why: text }],
    }),
    ...removalsOf(text),
    ...leaseListsOf(text),
  ];
}

function savedOnConsul(text: string): SavedEntry {
  return {
    backend: 'consul',
    service: text,
    id: text,
    node: text,
    nodeAddress: text,
    isExternal: true,
    address: text,
    port: 80,
    tags: [text],
    meta: { [text]: text },
    weights: null,
    kind: text,
    ttlSeconds: null,
    lostChecks: [{ id: text, name: text, type: text }],
  };
}

function removalsOf(text: string): ListDocument[] {
  const instance = anInstanceOf(text);
  const falls = [
    { kind: 'unread', key: text, isBinaryKey: false, name: null, instance: null, layout: null },
  ] as const;
  const plan = { instance, method: 'agent', at: text, agent: 'alive', falls, takesMs: 0 } as const;
  const rest = { error: null, looked: null };
  const back = { instance, afterMs: 1_234 };
  const error = anError(text);
  return [
    deregisterResult(
      [
        { name: text, entry: instance, plan, outcome: 'removed', ...rest },
        { name: text, entry: null, plan: null, outcome: 'failed', ...rest, error },
        { name: text, entry: instance, plan, outcome: 'came-back', error, looked: { goneForMs: null, back } },
        {
          name: text,
          entry: instance,
          plan,
          outcome: 'removed',
          ...rest,
          looked: { goneForMs: 3_000, back: null },
        },
      ],
      origin,
      { dryRun: false, hasNodes: true },
    ),
    restoreResult(
      [
        { entry: savedOnConsul(text), outcome: 'failed', restored: null, error },
        {
          entry: { backend: 'local', service: text, id: text, value: text, ttlMs: 1 },
          outcome: 'restored',
          restored: { outcome: 'restored', leaseId: text, endsInSeconds: 30, revision: '7' },
          error: null,
        },
      ],
      origin,
      { dryRun: false },
    ),
  ];
}

function documentsOf(text: string): AnyDocument[] {
  return [
    ...listsOf(text),
    contextDocument(contextItem(text, { backend: 'etcd', servers: [text] }, false)),
    configValue(text, [text]),
    configFileDocument({ path: text, from: text, exists: true }),
    versionDocument({ version: '0.1.0', node: text, platform: text, arch: text }),
    errorDocument(anError(text)),
    errorDocument(new SdctlError('E_FAILED', text)),
    ...membershipEvents(text).map((event) =>
      membershipEventDocument(event, { service: text, backend: 'etcd' }),
    ),
    ...registrationEvents(text).map((event) => registrationEventDocument(event, 'etcd')),
    ...leaseDocumentsOf(text),
    doctorDocument(aReportOf(text)),
    doctorDocument(aReport({ context: null, failOn: 'never' })),
    ...doctorLines(aReportOf(text)),
    ...listsOf(text).flatMap((list) => [...listLines(list)].map((line) => JSON.parse(line) as AnyDocument)),
  ];
}

describe('every document', () => {
  it.each(Object.entries(hostile))('holds %s exactly, harmless and valid', async (_name, text) => {
    for (const document of documentsOf(text)) {
      expect(problemsOf(document), document.kind).toBe('No errors');
      const json = toJson(document, { indent: 2 });
      expect(json).not.toMatch(LEAK);
      expect(JSON.parse(json)).toEqual(document);
      const yaml = await toYaml(document);
      expect(yaml).not.toMatch(LEAK);
      expect(parse(yaml)).toEqual(document);
    }
  });

  it('has a schema, and every schema a document', () => {
    const kinds = new Set(documentsOf('x').map((document) => document.kind));
    const titles = schemas
      .map(({ schema }) => schema.title)
      // The last one is of a file that is read.
      .filter((title) => title !== 'Shared definitions' && title !== 'Inventory');
    expect([...kinds].sort()).toEqual(titles.sort());
    for (const { file, schema } of schemas) expect(schema.$id).toBe(`sdctl/v1/${file}`);
  });

  it('is refused by its schema without any one of its fields, or with another kind', () => {
    for (const document of documentsOf('x')) {
      for (const key of Object.keys(document)) {
        const broken = Object.fromEntries(Object.entries(document).filter(([name]) => name !== key));
        expect(validatorOf(document.kind)(broken), `${document.kind} without ${key}`).toBe(false);
      }
      expect(validatorOf(document.kind)({ ...document, kind: 'Other' })).toBe(false);
      expect(validatorOf(document.kind)({ ...document, apiVersion: 'sdctl/v2' })).toBe(false);
      expect(validatorOf(document.kind)({ ...document, added: 1 }), 'fields may be added').toBe(true);
    }
  });

  it('is refused with a field of a wrong form', () => {
    const list = instanceList(aSnapshot([anInstance()]), origin);
    const withItem = (change: object): object => ({
      ...list,
      items: list.items.map((item) => ({ ...item, ...change })),
    });
    expect(validatorOf('InstanceList')(withItem({}))).toBe(true);
    for (const change of [
      { health: 'fine' },
      { registeredAt: '2026-03-02 10:38' },
      { registeredAt: '2026-03-02T10:38:10+01:00' },
      { lease: { id: 'x' } },
      { revision: 5 },
      { tags: null },
    ]) {
      expect(validatorOf('InstanceList')(withItem(change)), JSON.stringify(change)).toBe(false);
    }
  });
});

describe('instances', () => {
  it('have stable fields, unknown being null', () => {
    const bare = anInstance({
      lease: null,
      owner: null,
      version: null,
      weight: null,
      zone: null,
      registeredAt: 'yesterday',
      key: null,
    });
    expect(instanceList(aSnapshot([anInstance(), bare]), origin)).toMatchObject({
      apiVersion: 'sdctl/v1',
      kind: 'InstanceList',
      context: 'prod-eu',
      backend: 'etcd',
      revision: '48102',
      takenAt: '2026-03-02T10:38:10.551Z',
      partial: false,
      items: [
        {
          id: 'i-7f3a',
          endpoints: [{ protocol: 'http', address: '10.0.4.17', port: 8080, weight: null, secure: null }],
          address: '10.0.4.17',
          owner: { host: 'web-1', pid: 4711 },
          lease: {
            id: '694d8c1f2a3b4c0c',
            idDecimal: '7587875012669557772',
            ttlSeconds: 30,
            leftSeconds: 11,
          },
          registeredAt: '2026-03-02T10:36:00.000Z',
        },
        {
          lease: null,
          owner: null,
          version: null,
          weight: null,
          zone: null,
          registeredAt: null,
          key: null,
        },
      ],
      undecoded: [],
    });
    expect(instanceList(aSnapshot([anInstance()]), { context: null, backend: 'consul' })).toMatchObject({
      items: [{ lease: { idDecimal: null } }],
    });
  });
});

describe('events', () => {
  it('name the instance and carry all of it', () => {
    const [, joined, updated, left, stale] = membershipEvents('x').map((event) =>
      membershipEventDocument(event, { service: 'x', backend: 'etcd' }),
    );
    expect(joined).toMatchObject({
      type: 'joined',
      service: 'x',
      instance: 'x',
      resync: true,
      entry: { id: 'x' },
    });
    expect(updated).toMatchObject({
      type: 'updated',
      previous: { version: 'x0' },
      changed: expect.arrayContaining(['version']) as unknown,
    });
    expect(left).toMatchObject({ type: 'left', reason: 'deleted' });
    expect(stale).toMatchObject({
      type: 'stale',
      cause: { code: 'E_UNREACHABLE', message: 'x', why: 'x' },
      retryInSeconds: 1.8,
    });
  });
});

describe('a run of doctor', () => {
  it('says how it ended, and counts everything once', () => {
    const document = doctorDocument(aReportOf('x'));
    expect(document).toMatchObject({
      takenAt: '2026-03-02T10:38:10.551Z',
      tookSeconds: 0.64,
      failOn: 'error',
      exitCode: 10,
      exitReason: '1 finding counts with --fail-on error',
      counts: {
        error: 1,
        warning: 2,
        info: 1,
        suppressed: 3,
        baselined: 1,
        passed: 1,
        failed: 1,
        skipped: 1,
        unknown: 1,
      },
    });
    expect(document.findings[0]).toMatchObject({
      rule: 'SD101',
      slug: 'key-without-lease',
      suppression: null,
      knownSince: '2026-03-01T09:00:00.000Z',
      docs: 'docs/rules.md#sd101-key-without-lease',
    });
    expect(document.findings.at(-1)?.suppression).toEqual({
      by: 'baseline',
      reason: 'x',
      until: null,
      firstSeen: '2026-01-02',
    });
  });

  it('is a line for each finding, each rule and each thing that is gone', () => {
    const kinds = [...doctorLines(aReportOf('x'))].map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(new Set(['Finding', 'RuleOutcome', 'BaselineEntry']));
    expect(kinds).toHaveLength(8 + 4 + 1);
  });
});

describe('errors', () => {
  it('say everything a program needs', () => {
    expect(errorDocument(new SdctlError('E_DNS', 'no such host', { hint: 'sdctl context list' }))).toEqual({
      apiVersion: 'sdctl/v1',
      kind: 'Error',
      error: {
        code: 'E_DNS',
        message: 'no such host',
        why: null,
        hint: 'sdctl context list',
        exitCode: 4,
        details: null,
      },
    });
  });
});

describe('--fields', () => {
  it('keeps the named fields in the order asked for', () => {
    const list = instanceList(aSnapshot([anInstance()], { undecoded: [anUndecoded('x')] }), origin);
    const projection = projectFields(list, ['zone', 'id']);
    if (!projection.ok) throw new Error('refused');
    expect(toJson(projection.document)).toContain('"items":[{"zone":"eu-west-1b","id":"i-7f3a"}]');
    expect([...listLines(projection.document)].map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { apiVersion: 'sdctl/v1', kind: 'Instance', zone: 'eu-west-1b', id: 'i-7f3a' },
      { kind: 'UndecodedEntry', key: 'x' },
    ]);
  });

  it('answers names nobody knows with the valid ones', () => {
    const list = instanceList(aSnapshot([]), origin);
    expect(projectFields(list, ['id', 'nope'])).toEqual({
      ok: false,
      unknown: ['nope'],
      valid: fieldNames.InstanceList,
    });
  });

  it('knows every field of every item', () => {
    for (const list of listsOf('x')) {
      for (const item of list.items)
        expect(Object.keys(item).sort()).toEqual([...fieldNames[list.kind]].sort());
    }
  });
});
