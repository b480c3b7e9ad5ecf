import { errorText } from '../../render/error-text.js';
import { ownText, type SafeText } from '../../render/safe-text.js';
import { countText } from '../../render/summary-lines.js';
import type { PaintContext } from './context.js';
import { retryText } from './identity-line.js';
import { span, type Spans } from './line.js';
import { freeText, nameText, wrapCells } from './shown-text.js';
import { BOLD, PLAIN, RED, YELLOW, type Style } from './style.js';
import { groupedText } from './times.js';

/** What stands in place of rows, wrapped; a blank before each line. Empty: there is nothing to say. */
export function bodyText(context: PaintContext, width: number): readonly Spans[] {
  return sentences(context).flatMap(({ text, style = PLAIN }) =>
    wrapCells(text, Math.max(1, width - 2)).map((line) => [span(ownText(' ')), span(line, style)]),
  );
}

interface Sentence {
  readonly text: SafeText;
  readonly style?: Style;
}

function sentences(context: PaintContext): readonly Sentence[] {
  const { connection, place, doctor } = context.model;
  // The doctor has something of its own to say, with and without a registry.
  if (place.screen === 'doctor' && doctor.state === 'failed') return doctorSentences(context);
  if (connection.kind === 'failed') return failure(context);
  if (connection.kind === 'loading') return loading(context);
  if (place.screen === 'doctor') return doctorSentences(context);
  const { table } = context.model;
  if (table.total > 0) return [{ text: hiddenByFilter(context) }];
  return emptiness(context).map((text) => ({ text }));
}

/** What failed, why, and what to do next, as the commands say it. */
function failure({ model: { connection }, ascii }: PaintContext): readonly Sentence[] {
  if (connection.kind === 'live' || connection.problem === null) return [];
  return errorText(connection.problem, { color: false, ascii })
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => ({ text: ownText(line), style: index === 0 ? BOLD | RED : PLAIN }));
}

/** No data is made up while none is there; only why it takes so long is said. */
function loading(context: PaintContext): readonly Sentence[] {
  const { connection, monotonicMs } = context.model;
  if (connection.kind !== 'loading' || connection.problem === null) return [];
  const retry = retryText(connection.retryAtMs, monotonicMs);
  return [...failure(context), ...(retry === '' ? [] : [{ text: ownText(retry), style: YELLOW }])];
}

const NOUNS = {
  services: ['service', 'services'],
  service: ['instance', 'instances'],
  instance: ['instance', 'instances'],
  host: ['instance', 'instances'],
  leases: ['lease', 'leases'],
  lease: ['instance', 'instances'],
  doctor: ['finding', 'findings'],
  events: ['event', 'events'],
} as const;

/** `Filter "pay" hides 19 services. esc clears`. */
function hiddenByFilter({ model: { table, place }, ascii }: PaintContext): SafeText {
  const [one, many] = NOUNS[place.screen];
  const count = table.total === 1 ? `1 ${one}` : `${groupedText(table.total)} ${many}`;
  if (table.filter !== '')
    return ownText(`Filter "${nameText(table.filter, ascii)}" hides ${count}. esc clears`);
  if (table.problemsOnly) return ownText(`No problems: f shows all ${count}.`);
  return ownText(`${count} of other kinds are not shown.`);
}

function emptiness(context: PaintContext): readonly SafeText[] {
  const { ascii, model } = context;
  const { place, identity, emptyHint, table } = model;
  const inContext = identity.context === null ? '' : ` in ${nameText(identity.context, ascii)}`;
  switch (place.screen) {
    case 'services':
      if (model.only !== null)
        return [
          ownText(`No instances of ${nameText(model.only, ascii)}${inContext}: nothing else is followed.`),
        ];
      return emptyHint === null || emptyHint === ''
        ? [ownText(`No services${inContext}.`)]
        : [
            ownText(`No services under ${freeText(emptyHint, ascii)}${inContext}.`),
            ownText('Another prefix or layout may hold some: try :layout NAME, or --prefix at the start.'),
          ];
    case 'service':
      return [
        ownText(
          `No instances of ${nameText(place.name, ascii)}${inContext}.${model.isTop ? '' : ' esc goes back'}`,
        ),
      ];
    case 'host':
      return [ownText(`No instances on ${nameText(place.host, ascii)}${inContext}. esc goes back`)];
    case 'leases':
      if (model.isReading) {
        const what = identity.hasNodes ? 'checks and sessions' : 'leases';
        const isAsked = model.connection.kind === 'live';
        return [
          ownText(isAsked ? `Reading ${what} ${context.glyphs.ellipsis}` : `The ${what} were not read yet.`),
        ];
      }
      return [ownText(`No ${identity.hasNodes ? 'TTL checks and sessions' : 'leases'}${inContext}.`)];
    case 'lease':
      return [ownText('No instances hang on it.')];
    case 'events':
      return [
        ownText(
          table.narrowed === ''
            ? 'Nothing has happened since this view began.'
            : `No event of the type ${nameText(table.narrowed, ascii)}. t shows others`,
        ),
      ];
    case 'instance':
    case 'doctor':
      return [];
  }
}

function doctorSentences(context: PaintContext): readonly Sentence[] {
  const { doctor, table } = context.model;
  switch (doctor.state) {
    case 'never':
      return [{ text: ownText('The doctor has not run yet: r runs it.') }];
    case 'running':
      return [{ text: ownText('The doctor is looking.') }];
    case 'failed':
      return [
        { text: ownText('The doctor could not look.'), style: BOLD | RED },
        ...(doctor.problem === null ? [] : [{ text: freeText(doctor.problem, context.ascii) }]),
        { text: ownText('r runs it again.') },
      ];
    case 'done': {
      if (table.total > 0) return [{ text: hiddenByFilter(context) }];
      if (table.narrowed !== '' && doctor.findings.length > 0)
        return [{ text: ownText(`Nothing as bad as that: f shows all ${doctor.findings.length} findings.`) }];
      const passed = doctor.outcomes.filter(({ status }) => status === 'pass').length;
      return [{ text: ownText(`Nothing found: ${countText(passed, 'rule')} passed.`) }];
    }
  }
}
