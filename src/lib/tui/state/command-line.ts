import type { Place } from '../model/paint-model.js';

/** What a line behind `:` asks for. */
export type LineCommand =
  | { readonly type: 'go'; readonly screen: 'services' | 'leases' | 'events' | 'doctor' }
  | { readonly type: 'service'; readonly name: string }
  | { readonly type: 'context'; readonly name: string }
  | { readonly type: 'layout'; readonly name: string }
  | { readonly type: 'help' }
  | { readonly type: 'quit' };

export type LineResult =
  { readonly ok: true; readonly command: LineCommand } | { readonly ok: false; readonly reason: string };

/** Names that complete a line. */
export interface KnownNames {
  readonly services: Iterable<string>;
  readonly contexts: readonly string[];
  readonly layouts: readonly string[];
}

interface Word {
  readonly names: readonly string[];
  /** What stands behind it; null: nothing. */
  readonly takes: 'service' | 'context' | 'layout' | null;
  /** Whether it can stand alone. */
  readonly isWhole: boolean;
  toCommand(name: string): LineCommand;
}

const go =
  (screen: Extract<Place['screen'], 'services' | 'leases' | 'events' | 'doctor'>) => (): LineCommand => ({
    type: 'go',
    screen,
  });
const openService = (name: string): LineCommand =>
  name === '' ? { type: 'go', screen: 'services' } : { type: 'service', name };

const words: readonly Word[] = [
  { names: ['services', 'svc'], takes: 'service', isWhole: true, toCommand: openService },
  { names: ['leases'], takes: null, isWhole: true, toCommand: go('leases') },
  { names: ['events'], takes: null, isWhole: true, toCommand: go('events') },
  { names: ['doctor'], takes: null, isWhole: true, toCommand: go('doctor') },
  {
    names: ['ctx', 'context'],
    takes: 'context',
    isWhole: false,
    toCommand: (name) => ({ type: 'context', name }),
  },
  { names: ['layout'], takes: 'layout', isWhole: false, toCommand: (name) => ({ type: 'layout', name }) },
  { names: ['help'], takes: null, isWhole: true, toCommand: () => ({ type: 'help' }) },
  { names: ['q', 'quit'], takes: null, isWhole: true, toCommand: () => ({ type: 'quit' }) },
];

/** Every first word, for tests and the help. */
export const lineWords: readonly string[] = words.flatMap(({ names }) => names);

/** Reads a line as it was typed behind `:`. */
export function readLine(typed: string, known: Pick<KnownNames, 'contexts' | 'layouts'>): LineResult {
  const [first = '', ...others] = typed.trim().split(/\s+/);
  const name = others.join(' ');
  const word = words.find(({ names }) => names.includes(first));
  if (word === undefined) return { ok: false, reason: `no command ${first}: ${lineWords.join(' ')}` };
  if (word.takes === null && name !== '') return { ok: false, reason: `${first} stands alone` };
  if (name === '' && !word.isWhole) return { ok: false, reason: wanted(word, known) };
  if (word.takes === 'context' && !known.contexts.includes(name))
    return { ok: false, reason: `no context of that name; ${wanted(word, known)}` };
  if (word.takes === 'layout' && !known.layouts.includes(name))
    return { ok: false, reason: `no layout of that name; ${wanted(word, known)}` };
  return { ok: true, command: word.toCommand(name) };
}

function wanted({ takes }: Word, { contexts, layouts }: Pick<KnownNames, 'contexts' | 'layouts'>): string {
  if (takes === 'layout') return `layouts: ${layouts.join(' ')}`;
  return contexts.length === 0 ? 'the config file has no contexts' : `contexts: ${contexts.join(' ')}`;
}

/** The rest of what Tab would make of the line; empty: nothing. */
export function completionOf(typed: string, known: KnownNames): string {
  const gap = /\s/.exec(typed);
  if (gap === null) return restOf(lineWords, typed);
  const first = typed.slice(0, gap.index);
  const begun = typed.slice(gap.index).trimStart();
  const takes = words.find(({ names }) => names.includes(first))?.takes;
  if (takes === 'service') return restOf(known.services, begun);
  if (takes === 'context') return restOf(known.contexts, begun);
  return takes === 'layout' ? restOf(known.layouts, begun) : '';
}

function restOf(names: Iterable<string>, begun: string): string {
  if (begun === '') return '';
  for (const name of names) if (name !== begun && name.startsWith(begun)) return name.slice(begun.length);
  return '';
}
