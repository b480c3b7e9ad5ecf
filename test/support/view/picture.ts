/** What is on a screen, as text. */
import type { ViewTerminal } from './view-terminal.js';

/** Every cell's character and, below, how it is dressed. */
export function pictureOf(terminal: ViewTerminal): string {
  const { isVisible, column, row } = terminal.cursor;
  const cursor = isVisible ? `shown at ${column},${row}` : 'hidden';
  const screen = terminal.isAlternate ? 'alternate' : 'normal';
  const framed = (rows: readonly string[]): string => rows.map((line) => `|${line}|\n`).join('');
  const legend = terminal.legend().map((line) => `${line}\n`);
  return [
    `${terminal.columns}x${terminal.height}, ${screen} screen, cursor ${cursor}\n`,
    framed(terminal.rows()),
    '\n',
    framed(terminal.attributes()),
    ...legend,
  ].join('');
}
