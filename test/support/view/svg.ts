/** What is on a screen, as a picture that any browser shows. */
import { wordsOf } from './cell-style.js';
import type { ViewTerminal } from './view-terminal.js';

const CELL = { width: 8.4, height: 18 };
const MARGIN = 14;
const GROUND = '#10141a';
const INK = '#d6dbe0';
const COLORS: Readonly<Record<string, string>> = {
  black: '#5b6470',
  red: '#f0726b',
  green: '#7fca7a',
  yellow: '#e3bf5f',
  blue: '#78a9f2',
  magenta: '#c792ea',
  cyan: '#6cc7d1',
  white: '#f2f4f6',
};

interface Run {
  readonly from: number;
  readonly text: string;
  readonly letter: string;
}

/** The visible screen as SVG. Every character has its own place, so that no font can shift what follows it. */
export function svgOf(terminal: ViewTerminal): string {
  const [rows, letters, legend] = [terminal.rows(), terminal.attributes(), terminal.legend()];
  const width = 2 * MARGIN + terminal.columns * CELL.width;
  const height = 2 * MARGIN + terminal.height * CELL.height;
  const lines = rows.flatMap((row, y) =>
    runsOf(row, letters[y] ?? '').map((run) => runMarkup(run, y, wordsOf(run.letter, legend))),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width.toFixed(0)} ${height.toFixed(0)}" role="img">`,
    '<title>sdctl watch -i</title>',
    `<rect width="100%" height="100%" rx="8" fill="${GROUND}"/>`,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" xml:space="preserve">`,
    ...lines,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

function runsOf(row: string, letters: string): readonly Run[] {
  const runs: Run[] = [];
  let [from, text, letter] = [0, '', ''];
  const end = (): void => {
    if (text.trim() !== '' || letter === '#' || letter === '@') runs.push({ from, text, letter });
  };
  for (let x = 0; x < row.length; x += 1) {
    const here = letters.charAt(x);
    if (here !== letter) {
      end();
      [from, text, letter] = [x, '', here];
    }
    text += row.charAt(x);
  }
  end();
  return runs;
}

function runMarkup({ from, text }: Run, y: number, words: readonly string[]): string {
  const top = MARGIN + y * CELL.height;
  const left = MARGIN + from * CELL.width;
  const isInverse = words.includes('inverse');
  const color = COLORS[words.find((word) => word in COLORS) ?? ''] ?? INK;
  const ground = isInverse
    ? `<rect x="${left.toFixed(1)}" y="${top}" width="${(text.length * CELL.width).toFixed(1)}" height="${CELL.height}" fill="${color}"/>`
    : '';
  const places = Array.from(text, (_character, x) => (left + x * CELL.width).toFixed(1)).join(' ');
  const style = [
    `fill="${isInverse ? GROUND : color}"`,
    ...(words.includes('bold') ? ['font-weight="bold"'] : []),
    ...(words.includes('dim') ? ['opacity="0.6"'] : []),
  ].join(' ');
  return `${ground}<text x="${places}" y="${top + CELL.height - 5}" ${style}>${escaped(text)}</text>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
