/** The table on a screen, read as a person reads it: by where its headers stand. */
import type { ViewTerminal } from './view-terminal.js';

export interface ScreenRow {
  /** `●`, `○` for one that has left. */
  readonly glyph: string;
  readonly isSelected: boolean;
  /** By header. */
  readonly cells: Readonly<Record<string, string>>;
}

const SELECTED = '▌';
const GLYPHS = '●▲✖◼◌○';
const LEFT = '○';
const QUIET_MS = 80;
const WITHIN_MS = 10_000;
const MOST_PAGES = 100;
const PAGE_DOWN = '\x1b[6~';

/** @param headers of the columns that are wanted, in their order; the last one ends where the next header begins */
function readTable(terminal: ViewTerminal, headers: readonly string[]): readonly ScreenRow[] {
  const lines = terminal.rows();
  const at = lines.findIndex((line) => headers.every((header) => header !== '' && line.includes(header)));
  const head = lines[at];
  if (head === undefined) throw new Error(`no table with ${headers.join(', ')}:\n${terminal.text()}`);
  const rows: ScreenRow[] = [];
  for (const line of lines.slice(at + 1)) {
    const glyph = line.charAt(1);
    // The rows of a table stand together, and what follows them has no glyph there.
    if (!GLYPHS.includes(glyph) || glyph === '') break;
    const cells = headers.map((header) => [header, cellOf(line, head, header)] as const);
    rows.push({ glyph, isSelected: line.startsWith(SELECTED), cells: Object.fromEntries(cells) });
  }
  return rows;
}

/** Numbers end where their header ends; names begin where it begins and end before the next one. */
function cellOf(line: string, head: string, header: string): string {
  const start = head.indexOf(header);
  const end = start + header.length;
  if (header === 'INST') return /\d*$/.exec(line.slice(0, end))?.[0] ?? '';
  const next = /\S/.exec(head.slice(end));
  const until = next === null ? line.length : end + next.index;
  return /^\S*/.exec(line.slice(start, until))?.[0] ?? '';
}

/**
 * All rows of a table, also those below: from the first page down. Ghosts are left out. Between two keys there is always
 * a pause: what comes in one piece is a paste.
 */
export async function scanTable(
  terminal: ViewTerminal,
  headers: readonly string[],
): Promise<readonly ScreenRow[]> {
  const found = new Map<string, ScreenRow>();
  const gone = new Set<string>();
  terminal.press('g');
  let before = '';
  for (let page = 0; page < MOST_PAGES; page += 1) {
    await terminal.settle(QUIET_MS, WITHIN_MS);
    const rows = readTable(terminal, headers);
    for (const row of rows) {
      const name = row.cells[headers[0] ?? ''] ?? '';
      if (row.glyph === LEFT) gone.add(name);
      else found.set(name, row);
    }
    const { at, of } = positionOf(terminal);
    const selected = rows.find(({ isSelected }) => isSelected)?.cells[headers[0] ?? ''] ?? '';
    // Where the screen does not say how many there are, the cursor that stays is the end.
    if (rows.length === 0 || (of > 0 ? at >= of : page > 0 && selected === before)) break;
    before = selected;
    terminal.press(PAGE_DOWN);
    // However busy the machine is: the same picture twice is not the end of the table.
    const hasMoved = (): boolean => {
      const now = positionOf(terminal);
      // What was below may have gone meanwhile.
      return now.at !== at || now.at >= now.of;
    };
    if (of > 0) await terminal.until(hasMoved, WITHIN_MS);
  }
  // It may have left while it was read.
  for (const name of gone) found.delete(name);
  return [...found.values()];
}

/** `25 of 40`, at the right end above the last line; nothing where there is no row. */
function positionOf(terminal: ViewTerminal): { readonly at: number; readonly of: number } {
  const [, at = '0', of = '0'] = /([\d,]+) of ([\d,]+) *$/.exec(terminal.rows().at(-2) ?? '') ?? [];
  return { at: Number(at.replaceAll(',', '')), of: Number(of.replaceAll(',', '')) };
}
