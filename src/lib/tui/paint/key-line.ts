import type { ChromePart, Area } from '../model/frame.js';
import { cellsOf } from './shown-text.js';

type Keys = Extract<ChromePart, { kind: 'keys' }>['keys'];

/** Keys that everybody needs, whatever else has no room. */
const KEPT = new Set(['?', 'q', 'esc']);

/** As many keys as fit: ` ⏎ open  / filter`. The first ones are the most useful. */
export function fittingKeys(keys: Keys, area: Area): Keys {
  const kept = keys.map((one) => ({ one, cells: cellsOf(one.key) + 1 + cellsOf(one.does) + 2 }));
  // A blank before the first, two between any others.
  let cells = kept.reduce((sum, { cells: own }) => sum + own, -1);
  for (let index = kept.length - 1; index >= 0 && cells > area.width; index -= 1) {
    const last = kept[index];
    if (last === undefined || KEPT.has(last.one.key)) continue;
    cells -= last.cells;
    kept.splice(index, 1);
  }
  while (cells > area.width && kept.length > 0) cells -= kept.shift()?.cells ?? 0;
  return kept.map(({ one }) => one);
}
