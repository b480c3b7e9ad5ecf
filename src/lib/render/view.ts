import { styleText } from 'node:util';
import type { Health } from '../model/instance.js';
import { ownText, type SafeText } from './safe-text.js';

export const outputFormats = ['table', 'wide', 'tsv', 'name', 'json', 'jsonl', 'yaml'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** How one stream is dressed; decided once, at start. */
export interface View {
  readonly format: OutputFormat;
  /** Columns of the terminal; tables are cut to it. */
  readonly width: number;
  readonly color: boolean;
  /** Only ASCII may be written. */
  readonly ascii: boolean;
  /** Words instead of glyphs, for screen readers. */
  readonly plain: boolean;
  /** null: as the format has it (`table` and `wide` yes, `tsv` no). */
  readonly headers: boolean | null;
  /** Milliseconds since 1970: the moment from which ages are counted. */
  readonly nowMs: number;
}

/** A state as it is shown: that of an instance, or gone. */
export type ShownState = Health | 'left';
export type StyleName = ShownState | 'dim' | 'header';

// The 16 palette colours on the default background only, so that light and dark terminals both work.
const STYLES: Readonly<Record<StyleName, Parameters<typeof styleText>[0]>> = {
  passing: 'green',
  warning: 'yellow',
  critical: 'red',
  maintenance: 'blue',
  disabled: 'blue',
  unknown: 'dim',
  left: 'dim',
  dim: 'dim',
  header: 'bold',
};

const GLYPHS: Readonly<Record<ShownState, readonly [glyph: string, ascii: string, word: string]>> = {
  passing: ['●', '+', 'passing'],
  warning: ['▲', '!', 'warning'],
  critical: ['✖', 'x', 'critical'],
  maintenance: ['◼', 'm', 'maint'],
  disabled: ['◼', 'm', 'disabled'],
  unknown: ['◌', '?', 'unknown'],
  left: ['○', '-', 'left'],
};

/** Order in which counts of states are shown. */
export const shownOrder = ['passing', 'warning', 'critical', 'maintenance', 'disabled', 'unknown'] as const;

/** The glyph of a state; its ASCII form where only ASCII may be written. */
export function glyphOf(state: ShownState, view: Pick<View, 'ascii'>): SafeText {
  return ownText(GLYPHS[state][view.ascii ? 1 : 0]);
}

/** The word of a state, which says the same as its glyph and colour. */
export function wordOf(state: ShownState): SafeText {
  return ownText(GLYPHS[state][2]);
}

/** `▲ warning`; only the word in a plain view. */
export function stateText(state: ShownState, view: Pick<View, 'ascii' | 'plain'>): SafeText {
  return view.plain ? wordOf(state) : ownText(`${glyphOf(state, view)} ${wordOf(state)}`);
}

/** Colours text; the same text where colour is off or no style is given. */
export function paint(text: string, style: StyleName | undefined, view: Pick<View, 'color'>): string {
  if (!view.color || style === undefined || text === '') return text;
  // The view has decided already: Node must not look at its own stdout again.
  return styleText(STYLES[style], text, { validateStream: false });
}

/** `…` or `...`. */
export function ellipsisOf(view: Pick<View, 'ascii'>): string {
  return view.ascii ? '...' : '…';
}

/** `→` or `->`; a word in a plain view. */
export function arrowOf(view: Pick<View, 'ascii' | 'plain'>): string {
  if (view.plain) return 'to';
  return view.ascii ? '->' : '→';
}
