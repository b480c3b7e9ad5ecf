/** What arrives from a terminal as text becomes key presses. */
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { TerminalDevice } from '../../src/lib/tui/terminal/device.js';
import { readKeys, type KeyPress } from '../../src/lib/tui/terminal/keys.js';

function keyboard() {
  const listeners = new Set<(text: string) => void>();
  const waits: (() => void)[] = [];
  const device = {
    onInput(listener: (text: string) => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    later(_ms: number, run: () => void) {
      waits.push(run);
      return () => {
        const at = waits.indexOf(run);
        if (at >= 0) waits.splice(at, 1);
      };
    },
  } as unknown as TerminalDevice;
  const presses: KeyPress[] = [];
  const stop = readKeys(device, (press) => presses.push(press));
  const type = (text: string): void => {
    for (const listener of listeners) listener(text);
  };
  return { type, presses, stop, listeners, waits };
}

/** `up`, `text:x`, `paste:…` for what is typed in these chunks. */
async function pressed(...chunks: string[]): Promise<string[]> {
  const { type, presses, stop } = keyboard();
  for (const chunk of chunks) {
    type(chunk);
    await sleep(5);
  }
  await sleep(60);
  stop();
  return presses.map((press) => (press.kind === 'key' ? press.name : `${press.kind}:${press.text}`));
}

describe('keys', () => {
  it.each([
    ['\x1b[A', 'up'],
    ['\x1bOA', 'up'],
    ['\x1b[B', 'down'],
    ['\x1b[C', 'right'],
    ['\x1b[D', 'left'],
    ['\x1b[5~', 'pageup'],
    ['\x1b[6~', 'pagedown'],
    ['\x1b[H', 'home'],
    ['\x1b[1~', 'home'],
    ['\x1b[F', 'end'],
    ['\x1b[4~', 'end'],
    ['\r', 'enter'],
    ['\n', 'enter'],
    ['\x1b', 'escape'],
    ['\t', 'tab'],
    ['\x1b[Z', 'shift-tab'],
    ['\x7f', 'backspace'],
    ['\b', 'backspace'],
    ['\x1b[3~', 'delete'],
    ['\x03', 'ctrl-c'],
    ['\x1a', 'ctrl-z'],
    ['\f', 'ctrl-l'],
    ['\x13', 'ctrl-s'],
    [' ', 'text: '],
    ['j', 'text:j'],
    ['G', 'text:G'],
    ['7', 'text:7'],
    ['/', 'text:/'],
    ['é', 'text:é'],
    ['日', 'text:日'],
    ['😀', 'text:😀'],
  ])('knows %j as %s', async (sequence, name) => {
    expect(await pressed(sequence)).toEqual([name]);
  });

  it('tells several keys of one chunk apart', async () => {
    expect(await pressed('jj\x1b[A\x1b[Bk\r')).toEqual(['text:j', 'text:j', 'up', 'down', 'text:k', 'enter']);
  });

  it('puts a sequence together that comes in parts', async () => {
    expect(await pressed('\x1b', '[', 'A')).toEqual(['up']);
  });

  it('takes escape and a key that come together for two', async () => {
    expect(await pressed('\x1bq')).toEqual(['escape', 'text:q']);
    expect(await pressed('\x1b\x1b')).toEqual(['escape', 'escape']);
    expect(await pressed('\x1b\x1b[A')).toEqual(['escape', 'up']);
    expect(await pressed('\x1b\r')).toEqual(['escape', 'enter']);
    expect(await pressed('\x1b\x03')).toEqual(['escape', 'ctrl-c']);
    expect(await pressed('\x1b👍x')).toEqual(['escape', 'text:👍', 'text:x']);
  });

  it('takes two escapes and a key that come together for three', async () => {
    expect(await pressed('\x1b\x1b:x')).toEqual(['escape', 'escape', 'text::', 'text:x']);
    expect(await pressed('\x1b\x1bq')).toEqual(['escape', 'escape', 'text:q']);
    expect(await pressed('\x1b\x1b\x03')).toEqual(['escape', 'escape', 'ctrl-c']);
    expect(await pressed('\x1b\x1b\r')).toEqual(['escape', 'escape', 'enter']);
    expect(await pressed('\x1b\x1b\x1b')).toEqual(['escape', 'escape', 'escape']);
    expect(await pressed('\x1b\x1b\x1b:')).toEqual(['escape', 'escape', 'escape', 'text::']);
  });

  it.each([
    '\x1bOP',
    '\x1b[15~',
    '\x1b[24~',
    '\x1b[1;5A',
    '\x1b[1;3A',
    '\x1b[3;2~',
    '\x1b[999z',
    '\0',
    '\x1c',
    '\x9b',
    '\u2028',
  ])('drops %j', async (sequence) => {
    expect(await pressed(`${sequence}x`)).toEqual(['text:x']);
  });

  it('drops what is no character', async () => {
    const decoder = new StringDecoder('utf8');
    const text = decoder.write(Buffer.from([0xff, 0xfe, 0x61, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0x62]));
    expect(await pressed(text)).toEqual(['text:a', 'text:(', 'text:b']);
    expect(await pressed('\ud800x')).toEqual(['text:x']);
  });

  it('stops', async () => {
    const { type, presses, stop, listeners, waits } = keyboard();
    type('\x1b[200~abc');
    await sleep(5);
    stop();
    expect(listeners.size).toBe(0);
    expect(waits).toEqual([]);
    expect(presses).toEqual([]);
  });
});

describe('a paste', () => {
  it('is one press, whatever is in it', async () => {
    expect(await pressed('a\x1b[200~q\x03:q\r\t日\x1b[31mx\x1b[201~b')).toEqual([
      'text:a',
      'paste:q:q\n\t日x',
      'text:b',
    ]);
  });

  it('may come in parts', async () => {
    expect(await pressed('\x1b[20', '0~one ', 'two\x1b[2', '01~')).toEqual(['paste:one two']);
  });

  it('is cut', async () => {
    const [paste] = await pressed(`\x1b[200~${'x'.repeat(100_000)}\x1b[201~`);
    expect(paste).toBe(`paste:${'x'.repeat(4_096)}`);
  });

  it('is nothing when it is empty', async () => {
    expect(await pressed('\x1b[200~\x1b[201~', '\x1b[201~', 'x')).toEqual(['text:x']);
  });

  it('ends by itself when its end got lost', async () => {
    const { type, presses, stop, waits } = keyboard();
    type('\x1b[200~abc');
    await sleep(5);
    expect(waits).toHaveLength(1);
    waits[0]?.();
    type('\x03');
    await sleep(5);
    expect(presses).toEqual([
      { kind: 'paste', text: 'abc' },
      { kind: 'key', name: 'ctrl-c' },
    ]);
    stop();
  });
});
