import type { Key } from 'node:readline';
import type { Stop, TerminalDevice } from './device.js';

/** Longer than anything that can be typed here; what is beyond it is dropped. */
const MOST_CHARACTERS = 4_096;
/** The end of a paste may get lost; the keys must not stay dead. */
const IDLE_MS = 2_000;

const CONTROL = /[\p{C}\p{Zl}\p{Zp}]/u;

/** Collects what arrives between the two marks that terminals put around a paste. */
export class PasteCollector {
  readonly #device: Pick<TerminalDevice, 'later'>;
  readonly #done: (text: string) => void;
  /** null: nothing is being pasted. */
  #text: string | null = null;
  #stopWaiting: Stop = () => undefined;

  constructor(device: Pick<TerminalDevice, 'later'>, done: (text: string) => void) {
    this.#device = device;
    this.#done = done;
  }

  /** @returns whether the key belongs to a paste */
  takes(key: Key): boolean {
    if (key.name === 'paste-start') {
      this.#text ??= '';
      this.#waitForMore();
      return true;
    }
    if (key.name === 'paste-end') {
      this.#end();
      return true;
    }
    if (this.#text === null) return false;
    if (this.#text.length < MOST_CHARACTERS) this.#text += pasted(key.sequence ?? '');
    this.#waitForMore();
    return true;
  }

  stop(): void {
    this.#stopWaiting();
    this.#text = null;
  }

  #waitForMore(): void {
    this.#stopWaiting();
    this.#stopWaiting = this.#device.later(IDLE_MS, () => {
      this.#end();
    });
  }

  #end(): void {
    const text = this.#text;
    this.stop();
    if (text !== null && text !== '') this.#done(text);
  }
}

/** A terminal sends the line breaks of a paste as Enter. Sequences are nothing that anybody wanted to paste. */
function pasted(sequence: string): string {
  if (sequence === '\r' || sequence === '\n') return '\n';
  if (sequence === '\t') return '\t';
  const [first, second] = sequence;
  return first === undefined || second !== undefined || CONTROL.test(first) ? '' : first;
}
