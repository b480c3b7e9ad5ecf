import { ownText, safeText, type SafeText } from '../../render/safe-text.js';
import type { PaintContext } from './context.js';
import { span, type Span, type Spans } from './line.js';
import { wrapCells } from './shown-text.js';
import { DIM, PLAIN, type Style } from './style.js';

/** Cells of the word before a value. */
const LABEL = 10;

export const BLANK_LINE: Spans = [];

/** `health    ▲ warning`. */
export function field(label: string, ...values: readonly Span[]): Spans {
  return [span(ownText(` ${label.padEnd(LABEL)}`), DIM), ...values];
}

/** A sentence behind a word, in as many lines as it needs. */
export function sentence(
  label: string,
  text: SafeText,
  options: { readonly width: number; readonly label?: number; readonly style?: Style },
): readonly Spans[] {
  const { width, label: cells = LABEL, style = PLAIN } = options;
  return wrapCells(text, Math.max(1, width - cells - 2)).map((line, index) => [
    span(ownText(` ${(index === 0 ? label : '').padEnd(cells)}`), DIM),
    span(line, style),
  ]);
}

/** Longest free text of a detail. */
const LONGEST = 4_000;
const MOST_LINES = 40;

/** Free text, each of its lines behind a gutter, so that it cannot imitate ours. */
export function guttered(value: string, { ascii, glyphs }: PaintContext, indent: number): readonly Spans[] {
  return value
    .slice(0, LONGEST)
    .trimEnd()
    .split(/\r?\n/, MOST_LINES)
    .map((line) => [
      span(ownText(' '.repeat(indent))),
      span(glyphs.gutter, DIM),
      span(safeText(line, { ascii, max: 1_000 })),
    ]);
}

/** The visible part of a list of lines; the last line says how many follow, and how to see them. */
export function windowOf(
  lines: readonly Spans[],
  height: number,
  { top, hint }: { readonly top: number; readonly hint: string },
): readonly Spans[] {
  const first = Math.max(0, Math.min(top, lines.length - height));
  const left = lines.length - first - height;
  if (left <= 0 || height < 2) return lines.slice(first, first + height);
  const more = `${left + 1} more lines${hint === '' ? '' : `: ${hint}`}`;
  return [...lines.slice(first, first + height - 1), [span(ownText(` ${more}`), DIM)]];
}
