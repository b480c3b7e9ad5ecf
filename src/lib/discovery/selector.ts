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
    case 'namespace':
    case 'layout':
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

/** `*`, or what one character has to be. */
type Step = 'any text' | ((character: string) => boolean);

/** A test for names: `*` any text, `?` one character, `[ab]`, `[a-z]` one of these, `[!ab]` none of these. */
export function globMatcher(pattern: string): (name: string) => boolean {
  const steps = [...pattern.matchAll(/\[(!?)([^\]]+)\]|./gsu)].map(([token, not, set]): Step => {
    if (set !== undefined) return (character) => isInSet(character, set) !== (not === '!');
    if (token === '*') return 'any text';
    return token === '?' ? () => true : (character) => character === token;
  });
  return (name) => takesSteps(Array.from(name), steps);
}

/** Where it does not go on, only the last `*` takes one more: no pattern makes this longer than the product of both. */
function takesSteps(name: readonly string[], steps: readonly Step[]): boolean {
  let [at, step] = [0, 0];
  let last: { readonly step: number; at: number } | null = null;
  for (let character = name[at]; character !== undefined; character = name[at]) {
    const wanted = steps[step];
    if (wanted === 'any text') {
      last = { step, at };
      step += 1;
    } else if (wanted?.(character) === true) {
      at += 1;
      step += 1;
    } else if (last !== null) {
      last.at += 1;
      [at, step] = [last.at, last.step + 1];
    } else return false;
  }
  return steps.slice(step).every((left) => left === 'any text');
}

/** `a-cx`: a, b, c or x. */
function isInSet(character: string, set: string): boolean {
  return [...set.matchAll(/(.)-(.)|./gsu)].some(([one, from, to]) =>
    from === undefined || to === undefined ? character === one : from <= character && character <= to,
  );
}
