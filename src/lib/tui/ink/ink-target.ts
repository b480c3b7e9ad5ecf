import { EventEmitter } from 'node:events';
import type { Size } from '../model/paint-model.js';

/** What ink takes for its terminal: it keeps the last picture as lines. Nothing of it reaches the real one. */
export class InkTarget extends EventEmitter {
  readonly isTTY = true;
  #size: Size;
  #lines: readonly string[] = [];

  constructor(size: Size) {
    super();
    this.#size = size;
  }

  get columns(): number {
    return this.#size.columns;
  }

  get rows(): number {
    return this.#size.rows;
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Tells nobody: what is shown next is laid out for it anyway. */
  resize(size: Size): void {
    this.#size = size;
  }

  write(text: string, done?: () => void): boolean {
    // Beside pictures, ink only shows and hides the cursor.
    if (!text.startsWith('\x1b[?25')) this.#lines = text.split('\n');
    done?.();
    return true;
  }
}

/** A keyboard on which nobody types: keys go to the view's reducer. */
export class InkSource extends EventEmitter {
  readonly isTTY = false;

  read(): null {
    return null;
  }
}
