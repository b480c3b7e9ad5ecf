import { isDeepStrictEqual } from 'node:util';
import { render } from 'ink';
import { createElement as h } from 'react';
import type { Area, ChromePart } from '../model/frame.js';
import type { Dress, Size } from '../model/paint-model.js';
import type { Segment } from '../terminal/compose.js';
import { Chrome, ChromeBoundary } from './chrome.js';
import { compact } from './compact.js';
import { InkSource, InkTarget } from './ink-target.js';
import { segmentsAround } from './segments.js';

export interface InkFrameEvents {
  /** A part could not be drawn; the frame stays empty from now on. */
  readonly onError: (error: unknown) => void;
}

/** What stands around the slots, drawn by ink. */
export interface InkFrame {
  /** By row: what ink drew outside of the holes. Drawn anew only if something other than the holes has changed. */
  show(
    chrome: readonly ChromePart[],
    size: Size,
    holes: readonly Area[],
    dress: Dress,
  ): readonly (readonly Segment[])[];
  close(): void;
}

/** The only door to ink, which takes long to load: `await import()` this file where a view begins. */
export function openInkFrame({ onError }: InkFrameEvents): InkFrame {
  const target = new InkTarget({ columns: 80, rows: 24 });
  const tree = (chrome: readonly ChromePart[], size: Size, dress: Dress) =>
    h(ChromeBoundary, { onError }, h(Chrome, { parts: chrome, size, dress }));
  const instance = render(null, {
    stdout: target as unknown as NodeJS.WriteStream,
    stderr: new InkTarget({ columns: 80, rows: 24 }) as unknown as NodeJS.WriteStream,
    stdin: new InkSource() as unknown as NodeJS.ReadStream,
    // Every picture at once, whole, whatever CI says.
    debug: true,
    patchConsole: false,
    exitOnCtrlC: false,
    isScreenReaderEnabled: false,
  });
  let drawn: unknown = null;
  const draw = (parts: readonly ChromePart[], size: Size, dress: Dress): void => {
    const wanted = { parts, size, dress };
    if (isDeepStrictEqual(wanted, drawn)) return;
    target.resize(size);
    instance.rerender(tree(parts, size, dress));
    drawn = wanted;
  };
  return {
    show(chrome, size, holes, dress) {
      const lines: string[] = [];
      try {
        const { parts, height, rows } = compact(chrome, size.rows);
        draw(parts, { columns: size.columns, rows: Math.max(1, height) }, dress);
        for (const [row, index] of rows) lines[row] = target.lines[index] ?? '';
      } catch (error) {
        onError(error);
      }
      return segmentsAround(lines, size, holes);
    },
    close() {
      instance.unmount();
      instance.cleanup();
    },
  };
}
