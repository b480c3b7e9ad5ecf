import { Flags } from '@oclif/core';
import type { DoctorConfig } from '../config/doctor-section.js';
import { nearest } from '../config/nearest.js';
import type { RuleChoice } from '../doctor/examine.js';
import { plannedRules } from '../doctor/planned-rules.js';
import { allRules, choosableNames, ruleNamed } from '../doctor/rule-names.js';
import { failLevels, type FailOn } from '../model/doctor-report.js';
import { probeKinds, type ProbeKind } from '../probe/probe-answer.js';
import { requireDuration, usageError } from './usage.js';

/** The flags of `doctor` beside the global ones. */
export const doctorFlags = {
  only: Flags.string({
    description:
      'only these rules: ids, names or groups (backend, leases, data, health, topology); comma list',
    helpValue: 'RULES',
  }),
  skip: Flags.string({ description: 'all rules but these, comma list', helpValue: 'RULES' }),
  'fail-on': Flags.string({
    description: 'severity from which on a finding ends with 10: error, warning, info or never (error)',
    helpValue: 'SEVERITY',
  }),
  'allow-unknown': Flags.boolean({ description: 'end with 0 although too much is unknown' }),
  observe: Flags.string({
    description: 'look again and again for this long: who renews, what drifts',
    helpValue: 'DUR',
  }),
  probe: Flags.string({
    description: 'connect to the instances: tcp, http, grpc; comma list',
    helpValue: 'HOW',
  }),
  wait: Flags.string({
    description: 'repeat until nothing is found any more, for this long at most',
    helpValue: 'DUR',
  }),
  baseline: Flags.string({ description: 'findings in this file are accepted', helpValue: 'FILE' }),
  'update-baseline': Flags.boolean({ description: 'accept what is found now: write --baseline anew' }),
  report: Flags.string({
    description: 'also write a report: text, json, jsonl, junit, sarif, github or markdown; repeatable',
    helpValue: 'FORMAT=FILE',
    multiple: true,
    multipleNonGreedy: true,
  }),
  inventory: Flags.string({ description: 'YAML file that declares the services', helpValue: 'FILE' }),
  'sarif-file': Flags.string({
    description: 'file of the checkout that SARIF and annotations point to, where --inventory names none',
    helpValue: 'PATH',
  }),
  'no-state': Flags.boolean({ description: 'neither read nor remember what earlier runs have seen' }),
  'list-rules': Flags.boolean({ description: 'print the rules' }),
  explain: Flags.string({ description: 'print what a rule is about', helpValue: 'RULE' }),
  'print-policy': Flags.boolean({ description: 'print the smallest role or policy that it needs' }),
};

/** Those flags as oclif parses them. */
export interface DoctorFlags {
  readonly only?: string | undefined;
  readonly skip?: string | undefined;
  readonly 'fail-on'?: string | undefined;
  readonly 'allow-unknown'?: boolean | undefined;
  readonly observe?: string | undefined;
  readonly probe?: string | undefined;
  readonly wait?: string | undefined;
  readonly baseline?: string | undefined;
  readonly 'update-baseline'?: boolean | undefined;
  readonly report?: readonly string[] | undefined;
  readonly inventory?: string | undefined;
  readonly 'sarif-file'?: string | undefined;
  readonly 'no-state'?: boolean | undefined;
}

const listOf = (text: string | undefined): readonly string[] | null =>
  text === undefined
    ? null
    : text
        .split(',')
        .map((word) => word.trim())
        .filter((word) => word !== '');

/** An empty value is mostly a variable of a script that is not set; nothing would be looked at, and nothing found. */
function wordsOf(flag: string, text: string | undefined, example: string): readonly string[] | null {
  const words = listOf(text);
  if (words?.length === 0)
    throw usageError(`${flag} is empty`, 'the flag is there, but names nothing', `${flag} ${example}`);
  return words;
}

/** @throws {SdctlError} E_USAGE for a word that is no rule and no group */
export function ruleChoice({ only, skip }: DoctorFlags): RuleChoice {
  const chosen = wordsOf('--only', only, 'SD101,leases')?.map((word) => requireRuleWord('--only', word));
  const skipped = listOf(skip)?.map((word) => requireRuleWord('--skip', word));
  return { only: chosen === undefined ? null : new Set(chosen), skip: new Set(skipped ?? []) };
}

function requireRuleWord(flag: string, word: string): string {
  const rule = ruleNamed(allRules, word);
  if (rule !== null) return rule.id;
  const names = choosableNames(allRules);
  if (names.includes(word)) return word;
  const isPlanned = plannedRules.some(({ id, slug }) => id === word.toUpperCase() || slug === word);
  const close = nearest(word, names);
  throw usageError(
    `${flag} ${word} is no rule`,
    isPlanned
      ? 'it is planned, and not written yet'
      : 'rules are named SD101 or key-without-lease, groups leases',
    close === null || isPlanned ? 'sdctl doctor --list-rules' : `${flag} ${close}`,
  );
}

/** @throws {SdctlError} E_USAGE */
export function failOnOf(flags: DoctorFlags, config: DoctorConfig | undefined): FailOn {
  const word = flags['fail-on'];
  if (word === undefined) return config?.failOn ?? 'error';
  const level = failLevels.find((known) => known === word);
  if (level === undefined)
    throw usageError(
      `--fail-on ${word} is not valid`,
      `valid: ${failLevels.join(', ')}`,
      '--fail-on warning',
    );
  return level;
}

/** @returns null: nobody probes. @throws {SdctlError} E_USAGE */
export function probesOf({ probe }: DoctorFlags): ReadonlySet<ProbeKind> | null {
  const words = wordsOf('--probe', probe, 'tcp');
  if (words === null) return null;
  return new Set(
    words.map((word) => {
      const kind = probeKinds.find((known) => known === word);
      if (kind === undefined)
        throw usageError(`--probe ${word} is not valid`, `valid: ${probeKinds.join(', ')}`, '--probe tcp');
      return kind;
    }),
  );
}

/** @returns milliseconds; null: one look. @throws {SdctlError} E_USAGE */
export function observeMsOf({ observe }: DoctorFlags): number | null {
  return observe === undefined
    ? null
    : requireDuration('--observe', observe, { minMs: 2_000, maxMs: 3_600_000 });
}

/** @returns milliseconds; null: once. @throws {SdctlError} E_USAGE */
export function waitMsOf({ wait }: DoctorFlags): number | null {
  return wait === undefined ? null : requireDuration('--wait', wait, { minMs: 1_000 });
}
