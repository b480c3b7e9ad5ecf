import * as v from 'valibot';
import { backendNames } from '../registry/connection.js';
import { doctorSection, validDoctorKeys } from './doctor-section.js';
import { tuiSection } from './tui-section.js';

const text = v.pipe(v.string(), v.nonEmpty());
const outputFormats = ['table', 'wide', 'tsv', 'name', 'json', 'jsonl', 'yaml'] as const;

const tls = v.strictObject({
  caFile: v.optional(text),
  certFile: v.optional(text),
  keyFile: v.optional(text),
  serverName: v.optional(text),
  insecureSkipVerify: v.optional(v.boolean()),
});

/** Secrets stand in the file by reference only. */
const auth = v.strictObject({
  username: v.optional(text),
  passwordFile: v.optional(text),
  passwordEnv: v.optional(text),
  tokenFile: v.optional(text),
  tokenEnv: v.optional(text),
});

const context = v.strictObject({
  backend: v.picklist(backendNames),
  servers: v.optional(v.array(text)),
  layout: v.optional(text),
  prefix: v.optional(v.union([v.string(), v.array(v.string())])),
  datacenter: v.optional(text),
  namespace: v.optional(text),
  partition: v.optional(text),
  directory: v.optional(text),
  tls: v.optional(tls),
  auth: v.optional(auth),
  protected: v.optional(v.boolean()),
  readOnly: v.optional(v.boolean()),
  color: v.optional(v.picklist(['red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'])),
});

const defaults = v.strictObject({
  timeout: v.optional(text),
  output: v.optional(v.picklist(outputFormats)),
  ascii: v.optional(v.boolean()),
  color: v.optional(v.picklist(['auto', 'always', 'never'])),
});

/** The whole config file. */
export const configSchema = v.strictObject({
  version: v.optional(v.literal(1)),
  currentContext: v.optional(text),
  defaults: v.optional(defaults),
  contexts: v.optional(v.record(text, context)),
  doctor: v.optional(doctorSection),
  tui: v.optional(tuiSection),
});

export type ConfigFile = v.InferOutput<typeof configSchema>;
export type ContextConfig = v.InferOutput<typeof context>;

/** Keys that a mapping at this path may have; null where any name goes. For messages and `config set`. */
export function validKeys(path: readonly string[]): readonly string[] | null {
  const [first, , third] = path;
  if (path.length === 0) return Object.keys(configSchema.entries);
  if (first === 'defaults' && path.length === 1) return Object.keys(defaults.entries);
  if (first === 'tui' && path.length === 1) return Object.keys(tuiSection.entries);
  if (first === 'doctor') return validDoctorKeys(path.slice(1));
  if (first === 'contexts' && path.length === 2) return Object.keys(context.entries);
  if (first === 'contexts' && path.length === 3 && third === 'tls') return Object.keys(tls.entries);
  if (first === 'contexts' && path.length === 3 && third === 'auth') return Object.keys(auth.entries);
  return null;
}
