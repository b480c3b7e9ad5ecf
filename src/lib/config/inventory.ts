import * as v from 'valibot';
import { isMap, isScalar, LineCounter, parseDocument, type Document, type Node, type YAMLMap } from 'yaml';
import { SdctlError } from '../errors.js';
import { nearest } from './nearest.js';

const count = v.pipe(v.number(), v.integer('it is no whole number'), v.minValue(0));

/** Kept equal to `schemas/v1/inventory.json`, which says the same to editors. */
const service = v.strictObject({
  min: v.optional(v.nullable(count), null),
  max: v.optional(v.nullable(count), null),
  zones: v.optional(
    v.pipe(
      v.array(v.pipe(v.string(), v.nonEmpty())),
      v.check((zones) => new Set(zones).size === zones.length, 'each zone only once'),
    ),
    [],
  ),
  static: v.optional(v.boolean(), false),
});

/** What a service is declared to be. */
export interface InventoryService {
  /** null: any number. */
  readonly min: number | null;
  readonly max: number | null;
  /** It is to stand in each of them. */
  readonly zones: readonly string[];
  readonly isStatic: boolean;
}

/** Where a service stands in the file; both from 1 on. */
export interface FileRegion {
  readonly line: number;
  readonly column: number;
  /** Of the character behind the name. */
  readonly endColumn: number;
}

/** An inventory that was read. */
export interface Inventory {
  readonly services: Readonly<Record<string, InventoryService>>;
  readonly regions: ReadonlyMap<string, FileRegion>;
}

/**
 * Reads the text of an inventory: `services: {order: {min: 2, max: 9, zones: [a, b], static: false}}`.
 *
 * @param file its name, for messages
 * @throws {SdctlError} E_CONFIG with file, line and what is wrong
 */
export function parseInventory(text: string, file: string): Inventory {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const broken = document.errors[0];
  if (broken !== undefined) throw wrong(file, lines.linePos(broken.pos[0]).line, broken.message);
  const reader: Reader = { file, lines, document };
  const list = servicesOf(reader);
  // A service may have the name of something that every object has.
  const services = Object.create(null) as Record<string, InventoryService>;
  const regions = new Map<string, FileRegion>();
  for (const { key, value } of list.items) {
    const name = nameOf(key, reader);
    if (regions.has(name)) throw wrong(file, lineOf(key, reader), `${name} stands there twice`);
    regions.set(name, regionOf(key as Node, reader));
    services[name] = serviceOf(name, value, reader);
  }
  return { services, regions };
}

interface Reader {
  readonly file: string;
  readonly lines: LineCounter;
  readonly document: Document;
}

function servicesOf(reader: Reader): YAMLMap {
  const { document, file } = reader;
  const { contents } = document;
  if (!isMap(contents)) throw wrong(file, 1, 'it is no mapping with "services"');
  const other = contents.items.find(({ key }) => textOf(key) !== 'services');
  if (other !== undefined)
    throw wrong(file, lineOf(other.key, reader), `unknown key "${textOf(other.key)}"`, 'valid: services');
  const services = document.get('services', true);
  if (!isMap(services))
    throw wrong(file, lineOf(services ?? contents, reader), '"services" is no mapping of names');
  return services;
}

function nameOf(key: unknown, reader: Reader): string {
  const name = textOf(key);
  if (name === '') throw wrong(reader.file, lineOf(key, reader), 'a service without a name');
  return name;
}

/** A name may look like a number. */
function textOf(key: unknown): string {
  if (!isScalar(key)) return '';
  return typeof key.value === 'string' ? key.value : (key.source ?? '');
}

function serviceOf(name: string, value: unknown, reader: Reader): InventoryService {
  const { file, document } = reader;
  const place = (key: string): number => lineOf(keyNode(value, key) ?? value ?? null, reader);
  const raw = plainOf(value, document) ?? {};
  if (raw instanceof Error) throw wrong(file, place(''), `${name} cannot be read`, raw.message);
  // The checker takes a list for a mapping.
  if (Array.isArray(raw)) throw wrong(file, place(''), `${name} is no mapping`, 'it is a list');
  const parsed = v.safeParse(service, raw);
  if (!parsed.success) throw issueError(parsed.issues[0], name, { file, place });
  const { min, max, zones, static: isStatic } = parsed.output;
  if (min !== null && max !== null && max < min)
    throw wrong(file, place('max'), `max of ${name} is below min`, `min ${min}, max ${max}`);
  return { min, max, zones, isStatic };
}

/** @returns the error where aliases lead to nothing, or to more than anybody writes */
function plainOf(value: unknown, document: Document): unknown {
  try {
    return (value as Node | null)?.toJS(document);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function issueError(
  issue: v.BaseIssue<unknown>,
  name: string,
  { file, place }: { readonly file: string; readonly place: (key: string) => number },
): SdctlError {
  const [part] = issue.path ?? [];
  const key = part === undefined ? '' : String(part.key);
  const valid = Object.keys(service.entries);
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    const close = nearest(key, valid);
    const why = `valid: ${valid.join(', ')}`;
    return wrong(
      file,
      place(key),
      `unknown key "${key}" in ${name}`,
      why,
      close === null ? undefined : `${close}:`,
    );
  }
  if (key === '') return wrong(file, place(key), `${name} is no mapping`, `it is ${issue.received}`);
  const isOurs = issue.type === 'check' || issue.expected === null;
  const why = isOurs ? issue.message : `expected ${issue.expected}, it is ${issue.received}`;
  return wrong(file, place(key), `"${key}" of ${name} is not valid`, why);
}

function keyNode(value: unknown, key: string): unknown {
  return isMap(value) ? value.items.find((item) => textOf(item.key) === key)?.key : undefined;
}

function lineOf(node: unknown, { lines }: Reader): number {
  const range = (node as Node | null)?.range;
  return range ? lines.linePos(range[0]).line : 1;
}

function regionOf(key: Node, { lines }: Reader): FileRegion {
  const [start, end] = key.range ?? [0, 0];
  const from = lines.linePos(start);
  const to = lines.linePos(end);
  return { line: from.line, column: from.col, endColumn: to.line === from.line ? to.col : from.col + 1 };
}

function wrong(file: string, line: number, what: string, why?: string, hint?: string): SdctlError {
  return new SdctlError('E_CONFIG', `${file} line ${line}: ${what}`, {
    ...(why === undefined ? {} : { why }),
    hint: hint ?? 'services: {order: {min: 2, zones: [a, b]}}',
  });
}
