import { readFileSync, statSync } from 'node:fs';
import type { DoctorConfig } from '../config/doctor-section.js';
import type { Inventory } from '../config/inventory.js';
import { nearest } from '../config/nearest.js';
import { plannedRules } from '../doctor/planned-rules.js';
import { ruleNamed } from '../doctor/rule-names.js';
import {
  defaultThresholds,
  type ConfiguredSuppression,
  type DoctorSettings,
  type Thresholds,
} from '../doctor/settings.js';
import { SdctlError } from '../errors.js';
import type { RuleFacts, Severity } from '../model/finding.js';

/** What the settings of the rules are made of. */
export interface DoctorSettingsInput {
  /** Section `doctor` of the config file. */
  readonly config: DoctorConfig | undefined;
  /** The config file, for messages; null: there is none. */
  readonly file: string | null;
  readonly inventory: Inventory | null;
  /** All that a setting may name. */
  readonly rules: readonly RuleFacts[];
}

/**
 * Puts config file, inventory and defaults together.
 *
 * @throws {SdctlError} E_CONFIG for a rule that nobody knows, and for limits that exclude each other
 */
export function toDoctorSettings(input: DoctorSettingsInput): DoctorSettings {
  const { config = {}, inventory } = input;
  return {
    thresholds: thresholdsOf(input),
    severities: severitiesOf(input),
    suppressions: (config.suppressions ?? []).map((source, index): ConfiguredSuppression => {
      const { rule, service, instance, node, key, reason, until } = source;
      return {
        rule: requireRule(rule, `doctor.suppressions entry ${index + 1}`, input),
        service: service ?? null,
        instance: instance ?? null,
        node: node ?? null,
        key: key ?? null,
        reason,
        until: until ?? null,
      };
    }),
    allowLoopback: config.allowLoopback ?? false,
    inventory: inventory?.services ?? nothingDeclared,
  };
}

/** A service may have the name of something that every object has. */
const nothingDeclared = Object.create(null) as DoctorSettings['inventory'];

function severitiesOf(input: DoctorSettingsInput): Readonly<Record<string, Severity>> {
  const pairs = Object.entries(input.config?.severities ?? {});
  return Object.fromEntries(
    pairs.map(([name, severity]) => [requireRule(name, 'doctor.severities', input), severity]),
  );
}

/** @returns its id */
function requireRule(name: string, where: string, { rules, file }: DoctorSettingsInput): string {
  const rule = ruleNamed(rules, name);
  if (rule !== null) return rule.id;
  const isPlanned = plannedRules.some(({ id, slug }) => id === name.toUpperCase() || slug === name);
  const close = nearest(
    name,
    rules.flatMap(({ id, slug }) => [id, slug]),
  );
  throw new SdctlError(
    'E_CONFIG',
    `${file ?? 'the config file'}: ${where} names "${name}", which is no rule`,
    {
      why: isPlanned ? 'it is planned, and not written yet' : 'rules are named SD101 or key-without-lease',
      hint: close === null || isPlanned ? 'sdctl doctor --list-rules' : close,
    },
  );
}

/** Pairs of which the first is no greater than the second. */
const ORDERED = [
  ['ttlLongWarningSeconds', 'ttlLongErrorSeconds'],
  ['ttlShortErrorSeconds', 'ttlShortWarningSeconds'],
  ['quotaWarningShare', 'quotaErrorShare'],
  ['criticalWarningSeconds', 'criticalErrorSeconds'],
  ['maintenanceWarningSeconds', 'maintenanceErrorSeconds'],
  ['lastShare', 'lateShare'],
] as const satisfies readonly (readonly [keyof Thresholds, keyof Thresholds])[];

type Configured = { readonly [Name in keyof Thresholds]?: Thresholds[Name] | undefined };

function thresholdsOf({ config, file }: DoctorSettingsInput): Thresholds {
  const configured: Configured = config?.thresholds ?? {};
  const set = Object.entries(configured).filter(([, value]) => value !== undefined);
  const thresholds: Thresholds = {
    ...defaultThresholds,
    ...Object.fromEntries(set),
    lateSecondsOf: { ...defaultThresholds.lateSecondsOf, ...configured.lateSecondsOf },
  };
  const wrong = ORDERED.find(([first, second]) => thresholds[first] > thresholds[second]);
  if (wrong === undefined) return thresholds;
  const [low, high] = wrong.map((name) => `${name} ${thresholds[name]}`);
  throw new SdctlError('E_CONFIG', `${file ?? 'the config file'}: doctor.thresholds exclude each other`, {
    why: `${low ?? ''} is above ${high ?? ''}`,
    hint: 'sdctl config get doctor.thresholds',
  });
}

/** @throws {SdctlError} E_FILE when it cannot be read, E_CONFIG when it is wrong */
export async function readInventory(file: string): Promise<Inventory> {
  const { parseInventory } = await import('../config/inventory.js');
  return parseInventory(textOf(file), file);
}

function textOf(file: string): string {
  try {
    // A pipe without a writer would never end.
    if (statSync(file).isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new SdctlError('E_FILE', `cannot read the inventory ${file}`, {
      why: code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'it is a directory' : code,
      hint: '--inventory with a YAML file',
      cause: error,
    });
  }
}
