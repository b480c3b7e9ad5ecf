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
    input.write(text);
  });
  return () => {
    stopInput();
    paste.stop();
    input.removeAllListeners();
    input.destroy();
  };
}

function pressesOf(key: Key): KeyPress[] {
  const sequence = key.sequence ?? '';
  // Escape and the next key came together: that is one key with Alt, or two pressed while the line was slow.
  if (sequence.startsWith('\x1b') && (key.meta === true || sequence.startsWith('\x1b\x1b'))) {
    const escape: KeyPress = { kind: 'key', name: 'escape' };
    if (sequence === '\x1b' || sequence === '\x1b\x1b') return Array.from(sequence, () => escape);
    const rest = withoutModifier({ ...key, sequence: sequence.slice(1) });
    return rest === null ? [] : [escape, rest];
  }
  const press = withoutModifier(key);
  return press === null ? [] : [press];
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
