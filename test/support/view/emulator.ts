/** A terminal without a window: what a person would see of the bytes that a program writes. */
import { StringDecoder } from 'node:string_decoder';
import xterm, { type IBufferCell, type IUnicodeVersionProvider } from '@xterm/headless';
import stringWidth from 'string-width';
import { styleOf, toStyleMap, type StyleMap } from './cell-style.js';

export interface Cursor {
  readonly isVisible: boolean;
  /** Counted from 0. */
  readonly column: number;
  readonly row: number;
}

/** What a program made the terminal do besides showing text. */
export interface Heard {
  readonly bells: number;
  readonly titles: readonly string[];
  /** Bodies of OSC 52: the clipboard. */
  readonly clipboard: readonly string[];
  /** Numbers of the other OSC sequences that are listened for. */
  readonly commands: readonly number[];
}

/** Modes that a program switches on or off for itself. */
export interface Modes {
  readonly isAlternate: boolean;
  readonly isCursorVisible: boolean;
  readonly wraps: boolean;
  readonly bracketedPaste: boolean;
  readonly mouse: string;
  readonly focusEvents: boolean;
  readonly applicationCursorKeys: boolean;
  readonly isSynchronized: boolean;
}

const WIDTHS = 'as-today';

export class Emulator {
  readonly #terminal: xterm.Terminal;
  readonly #decoder = new StringDecoder('utf8');
  readonly #onParsed: () => void;
  readonly #heard = { bells: 0, titles: [] as string[], clipboard: [] as string[], commands: [] as number[] };
  #isCursorVisible = true;

  /** @param onParsed called whenever a piece has been taken in */
  constructor(columns: number, rows: number, onParsed: () => void) {
    this.#terminal = new xterm.Terminal({ cols: columns, rows, scrollback: 200, allowProposedApi: true });
    this.#terminal.unicode.register(todaysWidths);
    this.#terminal.unicode.activeVersion = WIDTHS;
    this.#onParsed = onParsed;
    this.#listen();
  }

  /** The emulator's own decoder loses some characters of which the bytes come in two pieces. */
  write(bytes: Uint8Array): void {
    this.#terminal.write(this.#decoder.write(bytes), this.#onParsed);
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
  }

  /** The visible lines, blanks kept to the width; a wide character stands for its two cells. */
  rows(): string[] {
    return this.#eachRow((row) => row.translateToString(false, 0, this.#terminal.cols));
  }

  /** What stands in one cell; empty for the second cell of a wide character. */
  characterAt(row: number, column: number): string {
    const { active } = this.#terminal.buffer;
    return (
      active
        .getLine(active.baseY + row)
        ?.getCell(column)
        ?.getChars() ?? ''
    );
  }

  /** Lines that can be reached by scrolling back, oldest first; of the normal screen only. */
  scrollback(): string[] {
    const { normal } = this.#terminal.buffer;
    const lines = Array.from({ length: normal.baseY }, (_one, at) => normal.getLine(at));
    return lines.map((line) => line?.translateToString(true) ?? '');
  }

  styles(): StyleMap {
    return toStyleMap(
      this.#eachRow((row) => {
        const styles: string[] = [];
        let cell: IBufferCell | undefined;
        for (let column = 0; column < this.#terminal.cols; column += 1) {
          cell = row.getCell(column, cell);
          // The second cell of a wide character belongs to the first.
          if (cell !== undefined)
            styles.push(cell.getWidth() === 0 ? (styles.at(-1) ?? 'blank') : styleOf(cell));
        }
        return styles;
      }),
    );
  }

  get cursor(): Cursor {
    const { cursorX, cursorY } = this.#terminal.buffer.active;
    return { isVisible: this.#isCursorVisible, column: cursorX, row: cursorY };
  }

  get modes(): Modes {
    const { modes, buffer } = this.#terminal;
    return {
      isAlternate: buffer.active.type === 'alternate',
      isCursorVisible: this.#isCursorVisible,
      wraps: modes.wraparoundMode,
      bracketedPaste: modes.bracketedPasteMode,
      mouse: modes.mouseTrackingMode,
      focusEvents: modes.sendFocusMode,
      applicationCursorKeys: modes.applicationCursorKeysMode,
      isSynchronized: modes.synchronizedOutputMode,
    };
  }

  get heard(): Heard {
    return this.#heard;
  }

  dispose(): void {
    this.#terminal.dispose();
  }

  #eachRow<T>(work: (row: xterm.IBufferLine) => T): T[] {
    const { active } = this.#terminal.buffer;
    return Array.from({ length: this.#terminal.rows }, (_one, at) => {
      const row = active.getLine(active.baseY + at);
      if (row === undefined) throw new Error(`the terminal has no row ${at}`);
      return work(row);
    });
  }

  #listen(): void {
    const { parser } = this.#terminal;
    this.#terminal.onBell(() => (this.#heard.bells += 1));
    this.#terminal.onTitleChange((title) => this.#heard.titles.push(title));
    const isAboutCursor = (parameters: (number | number[])[]): boolean => parameters.includes(25);
    parser.registerCsiHandler({ prefix: '?', final: 'h' }, (parameters) => {
      if (isAboutCursor(parameters)) this.#isCursorVisible = true;
      return false;
    });
    parser.registerCsiHandler({ prefix: '?', final: 'l' }, (parameters) => {
      if (isAboutCursor(parameters)) this.#isCursorVisible = false;
      return false;
    });
    parser.registerOscHandler(52, (body) => {
      this.#heard.clipboard.push(body);
      return true;
    });
    // Links, notifications, colours, working directory, semantic prompts.
    for (const number of [4, 7, 8, 9, 10, 11, 12, 99, 104, 110, 133, 777, 1337]) {
      parser.registerOscHandler(number, () => {
        this.#heard.commands.push(number);
        return false;
      });
    }
  }
}

const widths = new Map<number, number>();

/** xterm knows the widths of Unicode 6 only, in which an emoji is one cell wide; terminals of today show two. */
const todaysWidths: IUnicodeVersionProvider = {
  version: WIDTHS,
  wcwidth(codepoint: number): 0 | 1 | 2 {
    let width = widths.get(codepoint);
    if (width === undefined) {
      width = codepoint < 0x20 ? 0 : codepoint < 0x7f ? 1 : stringWidth(String.fromCodePoint(codepoint));
      widths.set(codepoint, width);
    }
    return width as 0 | 1 | 2;
  },
  /** As the emulator's own tables do: a mark joins the cell before it. State, width and joining in one number. */
  charProperties(codepoint: number, preceding: number): number {
    let width: number = this.wcwidth(codepoint);
    const precedingWidth = (preceding >> 1) & 3;
    const joins = width === 0 && preceding !== 0 && precedingWidth !== 0;
    if (joins && precedingWidth > width) width = precedingWidth;
    return ((width & 3) << 1) | (joins ? 1 : 0);
  },
};
