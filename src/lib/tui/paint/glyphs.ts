import type { Severity } from '../../model/finding.js';
import type { MembershipEvent } from '../../model/membership.js';
import { ownText, type SafeText } from '../../render/safe-text.js';
import { BLUE, DIM, GREEN, PLAIN, RED, YELLOW, type Style } from './style.js';

/** What the view draws beside letters, in one of two alphabets. */
export interface Glyphs {
  readonly select: SafeText;
  readonly ellipsis: string;
  /** Nothing to count. */
  readonly none: SafeText;
  /** Between facts of one line. */
  readonly between: SafeText;
  /** Between the steps of a path. */
  readonly below: SafeText;
  readonly full: string;
  readonly empty: string;
  /** In place of a bar that nobody knows yet. */
  readonly unasked: string;
  /** From nothing to the most. */
  readonly sparks: string;
  readonly ascending: SafeText;
  readonly descending: SafeText;
  readonly pause: SafeText;
  readonly gutter: SafeText;
  readonly move: string;
  readonly enter: string;
  /** Both kinds of changes together. */
  readonly both: string;
}

const UNICODE: Glyphs = {
  select: ownText('▌'),
  ellipsis: '…',
  none: ownText('·'),
  between: ownText(' · '),
  below: ownText(' › '),
  full: '█',
  empty: '░',
  unasked: '·',
  sparks: '▁▂▃▄▅▆▇█',
  ascending: ownText('▲'),
  descending: ownText('▼'),
  pause: ownText('‖'),
  gutter: ownText('│ '),
  move: '↑↓',
  enter: '⏎',
  both: '±',
};

const ASCII: Glyphs = {
  select: ownText('>'),
  ellipsis: '...',
  none: ownText('.'),
  between: ownText(' | '),
  below: ownText(' > '),
  full: '#',
  empty: '.',
  unasked: '.',
  // A blank would say that there is no line at all, so nothing begins with the dot.
  sparks: '.:-=+*#',
  ascending: ownText('^'),
  descending: ownText('v'),
  pause: ownText('||'),
  gutter: ownText('| '),
  move: 'up/down',
  enter: 'enter',
  both: '+-',
};

export function glyphsOf(ascii: boolean): Glyphs {
  return ascii ? ASCII : UNICODE;
}

type Mark = readonly [glyph: SafeText, style: Style];

const EVENTS: Readonly<Record<MembershipEvent['type'], Mark>> = {
  joined: [ownText('+'), GREEN],
  left: [ownText('-'), DIM],
  updated: [ownText('~'), PLAIN],
  synced: [ownText('*'), DIM],
  stale: [ownText('!'), YELLOW],
};

/** Sign and colour of an event. */
export function eventMark(type: MembershipEvent['type']): Mark {
  return EVENTS[type];
}

const SEVERITIES: Readonly<Record<Severity, readonly [glyph: SafeText, ascii: SafeText, style: Style]>> = {
  error: [ownText('✖'), ownText('x'), RED],
  warning: [ownText('▲'), ownText('!'), YELLOW],
  info: [ownText('i'), ownText('i'), BLUE],
};

/** Sign and colour of a finding. */
export function severityMark(severity: Severity, ascii: boolean): Mark {
  const [glyph, plain, style] = SEVERITIES[severity];
  return [ascii ? plain : glyph, style];
}
