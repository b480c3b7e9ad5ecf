import { errorSentence } from '../../render/error-sentence.js';
import { glyphOf } from '../../render/view.js';
import { ownText, type SafeText } from '../../render/safe-text.js';
import type { Area } from '../model/frame.js';
import { lineIn, type PaintContext } from './context.js';
import { cellsOfSpans, span, type Span, type Spans } from './line.js';
import { cutCells, nameText } from './shown-text.js';
import { badgeStyle, BOLD, DIM, GREEN, INVERSE, PLAIN, RED, YELLOW, type Style } from './style.js';
import { clockOf, spanText, waitText } from './times.js';

/** What the line still says when cells are short. */
interface Form {
  readonly roundTrip: boolean;
  readonly servers: boolean;
  readonly clock: boolean;
  readonly revision: boolean;
  readonly backend: boolean;
  readonly program: boolean;
  /** How much of the state: with the next attempt, with its age, or its word alone. */
  readonly state: 'whole' | 'aged' | 'word';
  readonly isTight: boolean;
}

const WHOLE: Form = {
  roundTrip: true,
  servers: true,
  clock: true,
  revision: true,
  backend: true,
  program: true,
  state: 'whole',
  isTight: false,
};

/** What is given up, one after the other; never the context, the mode or the state. */
const givenUp: readonly Partial<Form>[] = [
  { servers: false },
  { roundTrip: false },
  { clock: false },
  { revision: false },
  { backend: false },
  { state: 'aged' },
  { program: false },
  { isTight: true },
  { state: 'word' },
];

function* forms(isRoomy: boolean): Generator<Form> {
  let form: Form = isRoomy ? WHOLE : { ...WHOLE, servers: false, roundTrip: false };
  yield form;
  for (const less of givenUp) {
    form = { ...form, ...less };
    yield form;
  }
}

/** Servers and round trip are for terminals with room to spare. */
const ROOMY = 120;
const LEAST_NAME = 4;

/** Whose registry it is, and whether what is shown is true now. */
export function identityLine(context: PaintContext, area: Area): string {
  const nameRoom = Math.max(12, Math.floor(area.width / 3));
  let left: Spans = [];
  let right: Spans = [];
  for (const form of forms(area.width >= ROOMY)) {
    left = leftSpans(form, nameRoom, context);
    right = rightSpans(form, context);
    const missing = cellsOfSpans(left) + gapOf(form) + cellsOfSpans(right) - area.width;
    if (missing <= 0) break;
    if (form.state === 'word') {
      left = leftSpans(form, Math.max(LEAST_NAME, nameCells(nameRoom, context) - missing), context);
    }
  }
  return lineIn(context, area)
    .all(left)
    .upTo(area.width - cellsOfSpans(right))
    .all(right)
    .finish();
}

function gapOf({ isTight }: Form): number {
  return isTight ? 1 : 2;
}

function nameCells(room: number, context: PaintContext): number {
  return cellsOfSpans([span(contextName(room, context))]);
}

/** Without a context the backend and its servers name the registry. */
function contextName(room: number, { model: { identity }, ascii, glyphs }: PaintContext): SafeText {
  const { context, backend, servers } = identity;
  const name =
    context === null
      ? ownText(`${nameText(backend, ascii)} ${nameText(servers, ascii)}`)
      : nameText(context, ascii);
  return cutCells(name, room, 'end', glyphs.ellipsis);
}

function leftSpans(form: Form, nameRoom: number, context: PaintContext): Spans {
  const { identity } = context.model;
  const between = form.isTight ? ownText(' ') : context.glyphs.between;
  const facts: SafeText[] = [];
  if (form.backend && identity.context !== null) facts.push(nameText(identity.backend, context.ascii));
  facts.push(ownText('READ-ONLY'));
  if (form.servers && identity.context !== null && identity.servers !== '')
    facts.push(nameText(identity.servers, context.ascii));
  const badge = BOLD | badgeStyle(identity.color) | (identity.isProtected ? INVERSE : PLAIN);
  return [
    span(ownText(form.program ? ' sdctl  ' : ' ')),
    span(contextName(nameRoom, context), badge),
    ...(identity.isProtected ? [span(ownText(' PROTECTED'), BOLD)] : []),
    ...facts.flatMap((fact) => [span(between, DIM), span(fact)]),
  ];
}

function rightSpans(form: Form, context: PaintContext): Spans {
  const { revision, roundTripMs, nowMs, clockMs = nowMs, connection } = context.model;
  const facts: Span[] = stateSpans(form, context);
  const add = (text: SafeText, style: Style = PLAIN): void => {
    facts.push(span(ownText('  ')), span(text, style));
  };
  if (form.revision && revision !== null) add(ownText(`rev ${nameText(revision, context.ascii)}`));
  const isAnswering = connection.kind === 'live' && roundTripMs !== null && Number.isFinite(roundTripMs);
  if (form.roundTrip && isAnswering) add(ownText(`${Math.round(roundTripMs)} ms`));
  if (form.clock) add(clockOf(clockMs));
  return facts;
}

function stateSpans(form: Form, context: PaintContext): Span[] {
  const { paused, connection } = context.model;
  const state = connectionSpan(form, context);
  if (paused === null) return [state];
  const word = form.state === 'word' ? '' : ' PAUSED';
  const pause = span(ownText(`${context.glyphs.pause}${word} +${paused}`), BOLD | YELLOW);
  // A picture that stands still must not hide that the registry is silent.
  return connection.kind === 'live' ? [pause] : [pause, span(ownText('  ')), state];
}

function connectionSpan({ state }: Form, { model, glyphs, ascii }: PaintContext): Span {
  const { connection, monotonicMs } = model;
  switch (connection.kind) {
    case 'live':
      return span(ownText(`${glyphOf('passing', { ascii })} LIVE`), GREEN);
    case 'loading': {
      const age = state === 'word' ? '' : ` ${waitText(monotonicMs - connection.sinceMs)}`;
      return span(ownText(`${glyphs.ellipsis} LOADING${age}`), BOLD);
    }
    case 'stale': {
      const age = state === 'word' ? '' : ` ${spanText(connection.sinceMs, monotonicMs)}`;
      const next = state === 'whole' ? retryText(connection.retryAtMs, monotonicMs, '  ') : '';
      return span(ownText(`! STALE${age}${next}`), BOLD | YELLOW);
    }
    case 'failed':
      return span(ownText(`${glyphOf('critical', { ascii })} FAILED`), BOLD | RED);
  }
}

/** `retry in 0.8s`; `retrying` once it is time; nothing where no attempt is planned. */
export function retryText(atMs: number | null, monotonicMs: number, before = ''): string {
  if (atMs === null) return '';
  return before + (atMs <= monotonicMs ? 'retrying' : `retry in ${waitText(atMs - monotonicMs)}`);
}

/** What is known of why the registry is silent; null while it answers. */
export function problemText({ model, view }: PaintContext): SafeText | null {
  const { connection } = model;
  if (connection.kind === 'live' || connection.problem === null) return null;
  return errorSentence(connection.problem, view);
}
