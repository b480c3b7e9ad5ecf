import { ownText } from '../../render/safe-text.js';
import type { TtlView } from '../model/rows.js';
import type { PaintContext } from './context.js';
import { span, type Spans } from './line.js';
import { DIM, PLAIN, RED, YELLOW, type Style } from './style.js';
import { leftSecondsText } from './times.js';

export interface BarOptions {
  /** Cells of the bar alone. */
  readonly cells: number;
  /** A lower one may exist that was not asked yet. */
  readonly isPartial?: boolean;
  /** Cells of the mark behind the figure: a tight one stands next to it. */
  readonly mark: 1 | 2;
}

/** Cells of the figure, with the blank or the `~` before it. */
const FIGURE = 5;

/** Cells that a bar takes with its figure and its mark. */
export function barWidth(cells: number, mark: 1 | 2): number {
  return cells + FIGURE + mark;
}

/** `████░░  11s`: what is left over what was granted; yellow below a half, red and `!` below a fifth. */
export function ttlBar(ttl: TtlView | null, context: PaintContext, options: BarOptions): Spans {
  const { glyphs, isStale } = context;
  const { cells, isPartial = false, mark } = options;
  const left = ttl?.leftSeconds ?? null;
  if (ttl === null || ttl.askedAtMs === null || left === null)
    return [span(ownText(glyphs.unasked.repeat(cells) + '?'.padStart(FIGURE)), DIM)];
  const figure = (isPartial ? '~' : '') + leftSecondsText(left);
  const share = shareOf(left, ttl.grantedSeconds);
  const isLow = share !== null && share < 0.2;
  const sign = isLow ? '!'.padStart(mark) : '';
  const full = share === null ? 0 : Math.max(share > 0 ? 1 : 0, Math.round(share * cells));
  const style = isStale ? DIM : shareStyle(share);
  const rest = share === null ? glyphs.unasked : glyphs.empty;
  return [
    span(ownText(glyphs.full.repeat(full)), style),
    span(ownText(rest.repeat(cells - full)), DIM),
    span(ownText(figure.padStart(FIGURE) + sign), style),
  ];
}

function shareOf(left: number, granted: number | null): number | null {
  if (granted === null || !(granted > 0) || Number.isNaN(left)) return null;
  return Math.min(1, Math.max(0, left / granted));
}

function shareStyle(share: number | null): Style {
  if (share === null || share >= 0.5) return PLAIN;
  return share < 0.2 ? RED : YELLOW;
}
