import type { ShownState } from '../../render/view.js';

/**
 * How cells look, as bits: one number is compared and joined faster than words. Only the 16 palette colours on the
 * default background, so that light and dark terminals both work.
 */
export type Style = number;

export const PLAIN: Style = 0;
export const BOLD: Style = 1;
/** For decoration only: what is dim must not matter. */
export const DIM: Style = 2;
export const INVERSE: Style = 4;
const COLOR_SHIFT = 3;
export const RED: Style = 1 << COLOR_SHIFT;
export const GREEN: Style = 2 << COLOR_SHIFT;
export const YELLOW: Style = 3 << COLOR_SHIFT;
export const BLUE: Style = 4 << COLOR_SHIFT;
const MAGENTA: Style = 5 << COLOR_SHIFT;
const CYAN: Style = 6 << COLOR_SHIFT;
const WHITE: Style = 7 << COLOR_SHIFT;

const STATE_STYLES: Readonly<Record<ShownState, Style>> = {
  passing: GREEN,
  warning: YELLOW,
  critical: RED,
  maintenance: BLUE,
  disabled: BLUE,
  unknown: DIM,
  left: DIM,
};

export function stateStyle(state: ShownState): Style {
  return STATE_STYLES[state];
}

const BADGES: ReadonlyMap<string, Style> = new Map([
  ['red', RED],
  ['green', GREEN],
  ['yellow', YELLOW],
  ['blue', BLUE],
  ['magenta', MAGENTA],
  ['cyan', CYAN],
  ['white', WHITE],
]);

/** The colour of a context's badge; none for a name that is no palette colour. */
export function badgeStyle(color: string | null): Style {
  return color === null ? PLAIN : (BADGES.get(color) ?? PLAIN);
}

/** A span's style on a row's: a dim row stays dim, whatever is in it. */
export function onTop(base: Style, style: Style): Style {
  if ((base & DIM) !== 0) return DIM;
  // Terminals do not agree on what bold and dim are together.
  return (style & DIM) !== 0 ? style : base | style;
}

export const RESET = '\x1b[0m';

const codes: string[] = [];

/** The sequence that switches from any style to this one. */
export function sgrOf(style: Style): string {
  return (codes[style] ??= build(style));
}

function build(style: Style): string {
  let code = '\x1b[0';
  if ((style & BOLD) !== 0) code += ';1';
  if ((style & DIM) !== 0) code += ';2';
  if ((style & INVERSE) !== 0) code += ';7';
  const color = style >> COLOR_SHIFT;
  if (color > 0) code += `;3${color}`;
  return `${code}m`;
}
