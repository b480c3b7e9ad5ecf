import type { Output } from './output.js';

const DELAY_MS = 400;

/** One line on a terminal that says what is being waited for; appears after 400 ms, is erased when done. */
export class StatusLine {
  readonly #output: Output;
  readonly #enabled: boolean;
  #timer: NodeJS.Timeout | null = null;
  #shown = false;

  constructor(output: Output, enabled: boolean) {
    this.#output = output;
    this.#enabled = enabled && output.isTerminal;
  }

  /** @param text already safe for a terminal */
  show(text: string): void {
    if (!this.#enabled) return;
    if (this.#shown) {
      this.#paint(text);
      return;
    }
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#shown = true;
      this.#paint(text);
    }, DELAY_MS);
    this.#timer.unref();
  }

  /** Must be called before anything else is written to a terminal. */
  clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#shown) this.#output.write('\r\x1b[2K');
    this.#shown = false;
  }

  #paint(text: string): void {
    const width = (this.#output.columns ?? 80) - 1;
    this.#output.write(`\r\x1b[2K${text.slice(0, width)}`);
  }
}
