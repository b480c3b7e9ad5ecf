/** Checking `json` and `yaml` blocks: documents against the shipped schemas, values against what reads them. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import addFormats from 'ajv-formats';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { parseInventory } from '../../../src/lib/config/inventory.js';
import { parseConfig } from '../../../src/lib/config/parse.js';
import { decodeEntry } from '../../../src/lib/layouts/index.js';
import { type Block, projectRoot } from './blocks.js';
import { workflowSteps } from './workflow.js';

type JsonObject = Readonly<Record<string, unknown>>;

/** Every line of a block of JSON lines, or the whole block. */
function valuesIn(text: string): readonly JsonObject[] {
  const lines = text.trim().split('\n');
  const isLines = lines.length > 1 && lines.every((line) => line.startsWith('{') && line.endsWith('}'));
  return (isLines ? lines : [text]).map((each) => JSON.parse(each) as JsonObject);
}

/** @throws {Error} when a value is neither a document of a known kind nor something that sdctl reads */
export function checkJson(block: Block): void {
  for (const value of valuesIn(block.text)) {
    if (typeof value['kind'] === 'string') checkDocument(value, value['kind']);
    else if ('sdctl' in value) checkEntry(value);
    else if ('sdctl-owner' in value) checkMeta(value);
    else throw new Error('the documentation test does not know this JSON');
  }
}

function checkDocument(value: JsonObject, kind: string): void {
  const folder = path.join(projectRoot, 'schemas', 'v1');
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
  addFormats.default(ajv);
  let id = '';
  for (const file of readdirSync(folder)) {
    const schema = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as {
      $id: string;
      title: string;
    };
    ajv.addSchema(schema);
    if (schema.title === kind) id = schema.$id;
  }
  const validate = ajv.getSchema(id);
  if (validate === undefined) throw new Error(`no schema for ${kind}`);
  if (validate(value) !== true) throw new Error(ajv.errorsText(validate.errors));
}

function checkEntry(value: JsonObject): void {
  const key = `/services/${String(value['service'])}/${String(value['id'])}`;
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const raw = { key: bytes(key), value: bytes(JSON.stringify(value)), leaseId: null, revision: '1' };
  const decoded = decodeEntry(raw, { prefix: '/services/' });
  if (decoded.state !== 'instance') throw new Error(JSON.stringify(decoded));
}

/** The keys alone: their values are texts that Consul takes as they are. */
function checkMeta(value: JsonObject): void {
  const source = readFileSync(path.join(projectRoot, 'src/lib/layouts/consul/sdctl.ts'), 'utf8');
  for (const key of Object.keys(value)) {
    if (key.startsWith('sdctl-') && !source.includes(`'${key}'`)) throw new Error(`sdctl writes no ${key}`);
  }
}

/** What the YAML of the documentation can be. */
export type YamlKind = 'config' | 'inventory' | 'workflow';

/** Told by its first words. @throws {Error} when the block is not a valid file of its kind */
export function checkYaml(block: Block): YamlKind {
  const name = `${block.file}:${block.line}`;
  const keys = Object.keys((parse(block.text) ?? {}) as JsonObject);
  if (keys.includes('jobs')) {
    workflowSteps(block.text);
    return 'workflow';
  }
  if (keys.includes('services')) {
    parseInventory(block.text, name);
    return 'inventory';
  }
  parseConfig(block.text, name);
  return 'config';
}
