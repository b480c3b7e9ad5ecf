import type { SafeText } from '../../render/safe-text.js';
import { cellsOf, checkedText, cutCells, isEasy } from './shown-text.js';
import { INVERSE, onTop, PLAIN, RESET, sgrOf, type Style } from './style.js';

/** Text in one style. */
export interface Span {
  readonly text: SafeText;
  readonly style: Style;
}

export type Spans = readonly Span[];

export function span(text: SafeText, style: Style = PLAIN): Span {
  return { text, style };
}

/** Cells of several spans. */
export function cellsOfSpans(spans: Spans): number {
  let cells = 0;
  for (const { text } of spans) cells += cellsOf(text);
  return cells;
}

/** Where a line stands, and how it may be dressed. */
export interface LinePlace {
  /** Column of the screen that it begins in, from 0. */
  readonly left: number;
  readonly width: number;
  /** Columns of the whole screen. */
  readonly columns: number;
  readonly color: boolean;
  readonly ellipsis: string;
}

export interface CellOptions {
  readonly width: number;
  readonly align: 'left' | 'right';
  readonly cut: 'end' | 'middle';
}

const blanks: string[] = [];

function blank(count: number): string {
  return (blanks[count] ??= ' '.repeat(count));
}

/** One line, written from left to right, never longer than its place; `finish` fills what is left. */
export class LineBuilder {
  readonly #place: LinePlace;
  /** Style of everything that has none of its own. */
  readonly #base: Style;
  #out = '';
  #at = 0;
  #style: Style = PLAIN;

  constructor(place: LinePlace, base: Style = PLAIN) {
    this.#place = place;
    this.#base = base;
  }

  /** Cells that are left. */
  get room(): number {
    return this.#place.width - this.#at;
  }

  /** Text, cut with an ellipsis where the line ends. */
  put(text: SafeText, style: Style = PLAIN): this {
    this.#write(text, this.room, 'end', style);
    return this;
  }

  all(spans: Spans): this {
    for (const { text, style } of spans) this.put(text, style);
    return this;
  }

  skip(cells: number): this {
    const count = Math.min(cells, this.room);
    if (count <= 0) return this;
    // Blanks look the same in every style but one, and every switch costs bytes.
    if ((this.#style & INVERSE) !== 0) this.#switchTo(this.#base);
    this.#out += blank(count);
    this.#at += count;
    return this;
  }

  /** Blanks up to a cell of the line. */
  upTo(cell: number): this {
    return this.skip(cell - this.#at);
  }

  /** A cell of a table: exactly as wide as said. */
  cell(content: Span | Spans, { width, align, cut }: CellOptions): this {
    const end = Math.min(this.#at + width, this.#place.width);
    if ('text' in content) {
      if (align === 'right') this.skip(end - this.#at - cellsOf(content.text));
      this.#write(content.text, end - this.#at, cut, content.style);
    } else {
      if (align === 'right') this.skip(end - this.#at - cellsOfSpans(content));
      for (const { text, style } of content) this.#write(text, end - this.#at, 'end', style);
    }
    return this.upTo(end);
  }

  /** The finished line. */
  finish(): string {
    this.skip(this.room);
    return this.#style === PLAIN ? this.#out : this.#out + RESET;
  }

  #write(text: SafeText, room: number, cut: 'end' | 'middle', style: Style): void {
    if (room <= 0 || text === '') return;
    if (isEasy(text)) {
      this.#plain(text.length <= room ? text : cutCells(text, room, cut, this.#place.ellipsis), style);
      return;
    }
    // Whatever is not easy is looked at once more: no control can be in what the terminal gets.
    const safe = checkedText(text);
    const shown = cutCells(safe, room, cut, this.#place.ellipsis);
    if (isEasy(shown)) this.#plain(shown, style);
    else this.#disputed(shown, cellsOf(shown), style);
  }

  #plain(text: string, style: Style): void {
    this.#switchTo(onTop(this.#base, style));
    this.#out += text;
    this.#at += text.length;
  }

  /** Terminals disagree how far this text goes: its cells are cleared first, and what follows has a column of its own. */
  #disputed(text: string, cells: number, style: Style): void {
    const start = this.#at;
    this.skip(cells);
    this.#goTo(start);
    this.#switchTo(onTop(this.#base, style));
    this.#out += text;
    if (this.#place.left + this.#at < this.#place.columns) this.#goTo(this.#at);
  }

  #goTo(cell: number): void {
    this.#out += `\x1b[${this.#place.left + cell + 1}G`;
  }

  #switchTo(style: Style): void {
    if (style === this.#style || !this.#place.color) return;
    this.#style = style;
    this.#out += style === PLAIN ? RESET : sgrOf(style);
  }
}
