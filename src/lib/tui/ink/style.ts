import type { Dress } from '../model/paint-model.js';

const codes = { bold: [1, 22], dim: [2, 22], inverse: [7, 27], yellow: [33, 39] } as const;

/** Puts on one style; nothing without colour. Ink's own colours ask the process whether it may, and it was decided already. */
export function styled(style: keyof typeof codes, text: string, dress: Dress): string {
  if (!dress.color || text === '') return text;
  const [on, off] = codes[style];
  return `\x1b[${on}m${text}\x1b[${off}m`;
}
