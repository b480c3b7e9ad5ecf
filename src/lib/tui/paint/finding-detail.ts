import type { Finding } from '../../model/finding.js';
import { commandTexts, detailText, subjectText, suppressionText } from '../../render/doctor-facts.js';
import { ownText, safeText, type SafeText } from '../../render/safe-text.js';
import { hereOnly } from '../model/identity.js';
import type { PaintContext } from './context.js';
import { BLANK_LINE, sentence } from './detail-lines.js';
import { severityMark } from './glyphs.js';
import { span, type Spans } from './line.js';
import { freeText, nameText } from './shown-text.js';
import { BOLD, DIM } from './style.js';
import { spanText } from './times.js';

/** Cells of the words before the sentences. */
const LABEL = 16;

/** One finding with why it matters and what to do, wrapped. */
export function findingDetail(finding: Finding, context: PaintContext, width: number): readonly Spans[] {
  const { ascii, view, model } = context;
  const { rule, severity, fix, evidence, knownSince, suppression } = finding;
  const [glyph, style] = severityMark(severity, ascii);
  const options = { width, label: LABEL };
  const long = (text: string): SafeText => safeText(text, { ascii, max: 1_000 });
  const why = model.doctor.guides?.get(rule.id)?.why;
  const since = knownSince === null ? NaN : Date.parse(knownSince);
  const facts = evidence
    .map(({ name, value }) => `${nameText(name, ascii)} ${freeText(value, ascii)}`)
    .join('; ');
  return [
    [
      span(ownText(' ')),
      span(glyph, style),
      span(ownText(` ${nameText(rule.id, ascii)} ${nameText(rule.slug, ascii)}`), BOLD),
    ],
    ...sentence('', ownText(`${subjectText(finding, view)}: ${detailText(finding, view)}`), {
      width,
      label: 0,
    }),
    ...(suppression === null
      ? []
      : sentence('Does not count', suppressionText(suppression, view), { ...options, style: DIM })),
    ...(why === undefined ? [] : sentence('Why it matters', long(why), options)),
    ...(Number.isNaN(since)
      ? []
      : sentence('Known', ownText(`for at least ${spanText(since, model.nowMs)}`), options)),
    ...(facts === '' ? [] : sentence('Facts', ownText(facts), options)),
    ...sentence('What to do', long(fix.text), options),
    // Never wrapped, so that it can be pasted.
    ...commandTexts({ fix: { ...fix, commands: fix.commands.map(hereOnly(model.identity)) } }, view).map(
      (command): Spans => [span(ownText(' '.repeat(LABEL + 1))), span(command)],
    ),
    ...sentence('More', ownText(`sdctl doctor --explain ${nameText(rule.id, ascii)}`), options),
    BLANK_LINE,
  ];
}
