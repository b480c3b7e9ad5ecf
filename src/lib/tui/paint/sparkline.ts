import { ownText, type SafeText } from '../../render/safe-text.js';
import type { Glyphs } from './glyphs.js';

/** What was drawn last of some values: they change seldom, and are drawn with every second. */
const drawn = new WeakMap<
  readonly number[],
  { readonly cells: number; readonly sparks: string; readonly line: SafeText }
>();

/** The last values as a row of small bars, scaled to the greatest of them; too few are filled up at the left. */
export function sparkline(values: readonly number[], cells: number, { sparks }: Glyphs): SafeText {
  const before = drawn.get(values);
  if (before?.cells === cells && before.sparks === sparks) return before.line;
  const line = draw(values, cells, sparks);
  drawn.set(values, { cells, sparks, line });
  return line;
}

function draw(values: readonly number[], cells: number, sparks: string): SafeText {
  const start = values.length - cells;
  let most = 0;
  for (let index = Math.max(0, start); index < values.length; index += 1)
    most = Math.max(most, values[index] ?? 0);
  let line = '';
  for (let index = start; index < values.length; index += 1)
    line += sparks.charAt(levelOf(values[index], most, sparks));
  return ownText(line);
}

function levelOf(value: number | undefined, most: number, sparks: string): number {
  if (value === undefined || !(value > 0) || !(most > 0)) return 0;
  if (!Number.isFinite(most)) return value === most ? sparks.length - 1 : 1;
  return Math.max(1, Math.ceil((value / most) * (sparks.length - 1)));
}

/** Sums of neighbours, so that an hour fits in fewer cells. */
export function summedBy(values: readonly number[], group: number): readonly number[] {
  const sums: number[] = [];
  for (let end = values.length; end > 0; end -= group) sums.unshift(sumOfLast(values.slice(0, end), group));
  return sums;
}

/** Sum of the last values. */
export function sumOfLast(values: readonly number[], count: number): number {
  let sum = 0;
  for (let index = Math.max(0, values.length - count); index < values.length; index += 1)
    sum += values[index] ?? 0;
  return sum;
}

/** `+4 -3`, `+4`, `0`, in at most `width` cells; where it is too long, without the blank or as one number. */
export function churnFigure(joined: number, left: number, width: number, glyphs: Glyphs): SafeText {
  const plus = joined > 0 ? `+${joined}` : '';
  const minus = left > 0 ? `-${left}` : '';
  if (plus === '' && minus === '') return ownText('0');
  const wide = plus === '' || minus === '' ? plus + minus : `${plus} ${minus}`;
  if (wide.length <= width) return ownText(wide);
  const tight = plus + minus;
  return ownText(tight.length <= width ? tight : `${glyphs.both}${joined + left}`);
}
