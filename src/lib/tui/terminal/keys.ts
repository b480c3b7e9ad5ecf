import { emitKeypressEvents, type Interface, type Key } from 'node:readline';
import { PassThrough } from 'node:stream';
import type { Stop, TerminalDevice } from './device.js';
import { PasteCollector } from './paste.js';

/** What was pressed. */
export type KeyPress =
  /** `up`, `enter`, `escape`, `shift-tab`, `ctrl-c`, ... */
  | { readonly kind: 'key'; readonly name: string }
  /** One printable character. */
  | { readonly kind: 'text'; readonly text: string }
  /** What the terminal said was pasted; it may hold line breaks and tabs, no other control. */
  | { readonly kind: 'paste'; readonly text: string };

/** How long an escape may be the beginning of something. */
const ESCAPE_MS = 30;

const keyNames: ReadonlyMap<string, string> = new Map(
  Object.entries({
    up: 'up',
    down: 'down',
    left: 'left',
    right: 'right',
    pageup: 'pageup',
    pagedown: 'pagedown',
    home: 'home',
    end: 'end',
    return: 'enter',
    enter: 'enter',
    escape: 'escape',
    tab: 'tab',
    backspace: 'backspace',
    delete: 'delete',
  }),
);

/**
 * What terminals say and nobody pressed: answers to a program that asked before this one began, and whether the window
 * has the focus. The decoder takes the ends of some of them for keys.
 */
const REPLY = /\x1b(?:\[[<=>?][\d;:]*[ -/]*[@-~]|\[[\d;:]*[IORcnt]|[\]P^_][^\x07\x1b]*(?:\x07|\x1b\\))/g;

const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\uFFFD]/u;

/** Reads keys from the device until told to stop. Those that nobody has a name for are dropped. */
export function readKeys(device: TerminalDevice, listener: (press: KeyPress) => void): Stop {
  const input = new PassThrough();
  const paste = new PasteCollector(device, (text) => {
    listener({ kind: 'paste', text });
  });
  input.on('keypress', (_text: string | undefined, key: Key) => {
    if (paste.takes(key)) return;
    for (const press of pressesOf(key)) listener(press);
  });
  // Of an interface, Node's decoder reads this one setting.
  emitKeypressEvents(input, { escapeCodeTimeout: ESCAPE_MS } as unknown as Interface);
  const stopInput = device.onInput((text) => {
    input.write(text.replace(REPLY, ''));
  });
  return () => {
    stopInput();
    paste.stop();
    input.removeAllListeners();
    input.destroy();
  };
}

function pressesOf(key: Key): KeyPress[] {
  const { sequence = '', meta } = key;
  const [, escapes = '', rest = ''] = /^(\x1b*)(.*)$/s.exec(sequence) ?? [];
  if (escapes === '' || (meta !== true && escapes.length === 1)) return asList(withoutModifier(key));
  if (rest === '') return escapesOf(escapes.length);
  // Escape and the next key came together: that is one key with Alt, or two pressed while the line was slow.
  if (Array.from(rest).length <= 1)
    return [
      ...escapesOf(escapes.length),
      ...asList(withoutModifier({ ...key, sequence: rest, ...controlOf(key, rest) })),
    ];
  // The last escape begins the sequence of the key; where it is the only one, Alt stands in the sequence.
  return escapes.length === 1
    ? []
    : [...escapesOf(escapes.length - 1), ...asList(withoutModifier({ ...key, sequence: `\x1b${rest}` }))];
}

function asList(press: KeyPress | null): KeyPress[] {
  return press === null ? [] : [press];
}

function escapesOf(length: number): KeyPress[] {
  return Array.from({ length }, () => ({ kind: 'key', name: 'escape' }));
}

/** Behind an escape, Node's decoder has no name for Ctrl and a letter. */
function controlOf({ name }: Key, character: string): Partial<Key> {
  const code = character.charCodeAt(0);
  return name === undefined && code >= 1 && code <= 26
    ? { name: String.fromCharCode(code + 96), ctrl: true }
    : {};
}

function withoutModifier(key: Key): KeyPress | null {
  const { sequence = '', name, ctrl, shift } = key;
  if (isPrintable(sequence)) return { kind: 'text', text: sequence };
  if (name === undefined) return null;
  const known = keyNames.get(name);
  if (known === 'tab' && shift === true) return { kind: 'key', name: 'shift-tab' };
  if (known !== undefined && ctrl !== true && shift !== true) return { kind: 'key', name: known };
  if (ctrl === true && sequence.length === 1 && /^[a-z]$/.test(name))
    return { kind: 'key', name: `ctrl-${name}` };
  return null;
}

function isPrintable(sequence: string): boolean {
  const [first, second] = sequence;
  return first !== undefined && second === undefined && !UNPRINTABLE.test(first);
}
