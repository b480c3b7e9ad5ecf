import { glyphOf, shownOrder, wordOf } from '../../render/view.js';
import type { Dress } from '../model/paint-model.js';
import { keyTable, type HelpGroup, type KeyBinding } from './key-table.js';

const COLUMN = 38;
const pairs: readonly (readonly [HelpGroup, HelpGroup])[] = [
  ['MOVE', 'FIND'],
  ['VIEW', 'SCREENS'],
];
const titles: Readonly<Record<HelpGroup, string>> = {
  MOVE: 'MOVE',
  FIND: 'FIND',
  SCREENS: 'SCREENS',
  VIEW: 'VIEW',
  HERE: 'ON ONE SCREEN',
};

/**
 * All keys, made of the table that dispatches them. Two columns where they fit.
 *
 * @param columns cells of the terminal
 */
export function helpLines({ ascii }: Pick<Dress, 'ascii'>, columns: number): readonly string[] {
  const isWide = columns >= 2 * COLUMN;
  const lines: string[] = [];
  for (const [left, right] of pairs) {
    const [a, b] = [block(left, ascii), block(right, ascii)];
    if (right === 'SCREENS') b.push('', ...block('HERE', ascii));
    if (isWide) {
      for (let row = 0; row < Math.max(a.length, b.length); row += 1)
        lines.push(`${(a[row] ?? '').padEnd(COLUMN)}${b[row] ?? ''}`.trimEnd());
    } else lines.push(...a, '', ...b);
    lines.push('');
  }
  const glyphs = [...shownOrder.filter((state) => state !== 'disabled'), 'left' as const]
    .map((state) => `${glyphOf(state, { ascii })} ${wordOf(state)}`)
    .join('  ');
  lines.push(
    `GLYPHS  ${glyphs}`,
    'A TTL bar turns yellow below 50 %, red with ! below 20 %; ~ or a dotted bar: not all asked yet.',
    'Events: + joined  - left  ~ updated  * synced  ! stale',
    'While a line is typed: enter takes it, esc drops it, tab completes, ^u empties it.',
    'Keys that would change a registry do not exist here: this view only reads.',
    'After a kill -9 the terminal may be left raw: the command reset repairs it.',
  );
  return lines.flatMap((line) => wrap(line, Math.max(10, columns - 2)));
}

function block(group: HelpGroup, ascii: boolean): string[] {
  return [titles[group], ...keyTable.filter((one) => one.group === group).map((one) => entry(one, ascii))];
}

function entry({ label, ascii: plain, help }: KeyBinding, ascii: boolean): string {
  return `  ${(ascii ? (plain ?? label) : label).padEnd(9)} ${help}`;
}

function wrap(line: string, width: number): readonly string[] {
  if (line.length <= width) return [line];
  const at = line.lastIndexOf(' ', width);
  // A word that is longer than the rest of the line is cut: what stands before it is only blank.
  const cut = line.slice(0, Math.max(0, at)).trim() === '' ? width : at;
  return [line.slice(0, cut), ...wrap(`  ${line.slice(cut).trimStart()}`, width)];
}
