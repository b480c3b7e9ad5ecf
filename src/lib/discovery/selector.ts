import { healthStates, type Health, type Instance } from '../model/instance.js';

/** One term of a selector; all terms must hold. */
type Term = (instance: Instance) => boolean;

export type SelectorResult =
  | { readonly ok: true; readonly matches: (instance: Instance) => boolean }
  | { readonly ok: false; readonly reason: string };

const KEY = String.raw`[A-Za-z0-9_.\/-]+`;
const SET = new RegExp(String.raw`^(${KEY})\s+(in|notin)\s+\(([^()]*)\)$`);
const EQUALS = new RegExp(String.raw`^(${KEY})\s*(==|!=|=)\s*(.*)$`, 's');
const EXISTS = new RegExp(`^(!?)\\s*(${KEY})$`);

/**
 * Reads `zone=a,version!=1.8,tier in (a,b),tier notin (c),canary,!legacy` over metadata; `version`, `zone`, `node`
 * and `weight` also find the fields of that name.
 */
export function parseSelector(text: string): SelectorResult {
  const terms: Term[] = [];
  for (const part of splitTerms(text)) {
    const term = toTerm(part);
    if (term === null || (!SET.test(part) && /[()]/.test(part)))
      return { ok: false, reason: part === '' ? 'a term is empty' : `"${part}" is no term` };
    terms.push(term);
  }
  return { ok: true, matches: (instance) => terms.every((term) => term(instance)) };
}

/** Splits at commas outside parentheses. */
function splitTerms(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let current = '';
  for (const character of text) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character === ',' && depth === 0) {
      parts.push(current.trim());
      current = '';
    } else current += character;
  }
  return [...parts, current.trim()];
}

function toTerm(part: string): Term | null {
  const set = SET.exec(part);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const values = new Set(list.split(',').map((value) => value.trim()));
    return (instance) => {
      const value = valueOf(instance, key);
      return operator === 'in' ? value !== null && values.has(value) : value === null || !values.has(value);
    };
  }
  const equals = EQUALS.exec(part);
  if (equals !== null) {
    const [, key = '', operator, wanted = ''] = equals;
    return (instance) => (valueOf(instance, key) === wanted) !== (operator === '!=');
  }
  const exists = EXISTS.exec(part);
  if (exists === null) return null;
  const [, not, key = ''] = exists;
  return (instance) => (valueOf(instance, key) === null) === (not === '!');
}

function valueOf(instance: Instance, key: string): string | null {
  if (Object.hasOwn(instance.metadata, key)) return instance.metadata[key] ?? null;
  switch (key) {
    case 'version':
    case 'zone':
    case 'node':
      return instance[key];
    case 'weight':
      return instance.weight === null ? null : String(instance.weight);
    default:
      return null;
  }
}

/** Reads `passing,warning`; answers the first word that is no state. */
export function parseHealthList(
  text: string,
):
  | { readonly ok: true; readonly states: ReadonlySet<Health> }
  | { readonly ok: false; readonly word: string } {
  const states = new Set<Health>();
  for (const word of text.split(',').map((part) => part.trim().toLowerCase())) {
    const state = healthStates.find(
      (known) => known === word || (word === 'maint' && known === 'maintenance'),
    );
    if (state === undefined) return { ok: false, word };
    states.add(state);
  }
  return { ok: true, states };
}

/** Whether the name is a pattern (`pay*`, `?`, `[ab]`) and not a name. */
export function isGlob(name: string): boolean {
  return /[*?[]/.test(name);
}

/** A test for names: `*` any text, `?` one character, `[ab]` one of these. */
export function globMatcher(pattern: string): (name: string) => boolean {
  const source = pattern.replace(
    /\[(!?)([^\]]*)\]|[*?]|[^*?[]+|\[/gs,
    (token, not: string | undefined, set: string | undefined) => {
      if (set !== undefined && set !== '')
        return `[${not === '!' ? '^' : ''}${set.replace(/[\\\]^]/g, '\\$&')}]`;
      if (token === '*') return '.*';
      if (token === '?') return '.';
      return token.replace(/[.+^${}()|[\]\\*?]/g, '\\$&');
    },
  );
  const expression = new RegExp(`^${source}$`, 'su');
  return (name) => expression.test(name);
}
