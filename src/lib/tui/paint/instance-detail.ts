import { formatEndpoint } from '../../model/endpoint.js';
import type { Check, Instance } from '../../model/instance.js';
import { formatDuration } from '../../time/duration.js';
import { detailText } from '../../render/doctor-facts.js';
import { ageText, secondsText } from '../../render/instance-facts.js';
import { ownText, type SafeText } from '../../render/safe-text.js';
import { glyphOf, wordOf } from '../../render/view.js';
import type { InstanceRow } from '../model/rows.js';
import { ttlBar } from './bar.js';
import type { PaintContext } from './context.js';
import { BLANK_LINE, field, guttered, sentence } from './detail-lines.js';
import { severityMark } from './glyphs.js';
import { span, type Span, type Spans } from './line.js';
import { freeText, nameText } from './shown-text.js';
import { sparkline } from './sparkline.js';
import { BOLD, DIM, PLAIN, stateStyle } from './style.js';
import { clockOf, spanText } from './times.js';

/** Everything that is known of one instance, a line each. */
export function instanceDetail(row: InstanceRow, context: PaintContext, width: number): readonly Spans[] {
  const { instance } = row;
  return [
    ...healthLines(row, context, width),
    ...endpointLines(instance, context),
    ...leaseLines(row, context, width),
    ...originLines(instance, context),
    ...checkLines(instance, context),
    ...metadataLines(instance, context),
    ...findingLines(instance, context),
  ];
}

function healthLines(row: InstanceRow, context: PaintContext, width: number): readonly Spans[] {
  const { health, leftAtMs, sinceMs, reason } = row;
  const { model, view, ascii } = context;
  const state = leftAtMs === null ? health : 'left';
  const since =
    leftAtMs !== null
      ? ` ${spanText(leftAtMs, model.nowMs)} ago`
      : sinceMs === null
        ? ''
        : ` since ${clockOf(sinceMs)} (${spanText(sinceMs, model.nowMs)})`;
  const word = `${glyphOf(state, view)} ${wordOf(state)}`;
  return [
    field(
      'health',
      span(ownText(word), stateStyle(state)),
      span(ownText(since), context.isStale ? DIM : PLAIN),
    ),
    ...(reason === null ? [] : sentence('reason', freeText(reason.trim(), ascii), { width }).slice(0, 3)),
  ];
}

function endpointLines({ endpoints }: Instance, { ascii }: PaintContext): readonly Spans[] {
  if (endpoints.length === 0) return [field('endpoint', span(ownText('-'), DIM))];
  return endpoints.map((endpoint, index) =>
    field(index === 0 ? 'endpoint' : '', span(nameText(formatEndpoint(endpoint), ascii))),
  );
}

/** Cells of the long bar of a detail. */
const BAR = 24;

function leaseLines(row: InstanceRow, context: PaintContext, width: number): readonly Spans[] {
  const { lease } = row.instance;
  const { model, ascii } = context;
  if (lease === null) return model.identity.hasNodes ? [] : [field('lease', span(ownText('no lease'), DIM))];
  if (model.identity.hasNodes) return [field('lease', span(nameText(lease.id, ascii)))];
  const ttl = model.ttlOf(row);
  const granted = ttl?.grantedSeconds ?? lease.ttlSeconds;
  const renewals = model.renewalsOf(row);
  const last = renewals.at(-1);
  return [
    field(
      'lease',
      span(nameText(lease.id, ascii)),
      span(ownText(granted === null ? '' : `   granted ${secondsText(granted)}`)),
    ),
    field(
      'ttl left',
      ...ttlBar(ttl, context, { cells: Math.max(6, Math.min(BAR, width - 30)), mark: 2 }),
      span(ownText(last === undefined ? '' : `   last renewed ${clockOf(last)}`)),
    ),
    ...renewalLine(renewals, granted, context),
  ];
}

const MOST_RENEWALS = 15;

/** How far apart renewals were, and how far apart they should be: a third of the TTL. */
function renewalLine(
  renewals: readonly number[],
  granted: number | null,
  { glyphs }: PaintContext,
): readonly Spans[] {
  const last = renewals.slice(-MOST_RENEWALS - 1);
  const gaps = last.slice(1).map((at, index) => at - (last[index] ?? at));
  if (gaps.length === 0) return [];
  const seen = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const wanted = granted === null ? '' : `every ${formatDuration((granted * 1_000) / 3)} wanted, `;
  return [
    field(
      'renewals',
      span(sparkline(gaps, gaps.length, glyphs)),
      span(ownText(`  ${wanted}${formatDuration(seen)} seen`)),
    ),
  ];
}

function originLines(instance: Instance, context: PaintContext): readonly Spans[] {
  const { ascii, model } = context;
  const lines: Spans[] = [];
  const add = (label: string, value: string | null): void => {
    if (value !== null && value !== '') lines.push(field(label, span(nameText(value, ascii))));
  };
  add('owner', ownerText(instance, context));
  add('node', instance.node);
  add('key', instance.key);
  lines.push(field('revision', span(ownText(`modified ${nameText(instance.revision, ascii)}`))));
  add('version', instance.version);
  add('zone', instance.zone);
  add('weight', weightText(instance));
  add('tags', instance.tags.join(', '));
  const age = ageText(instance.registeredAt, model.nowMs);
  if (age !== null) lines.push(field('age', span(ownText(age), context.isStale ? DIM : PLAIN)));
  add('warnings', instance.warnings.join(', '));
  if (instance.readOnly) add('note', 'configuration, or state of a foreign system: never written or removed');
  return lines;
}

/** `etcd, layout kratos`; who writes it, where that is known. */
function ownerText({ owner, layout, consul }: Instance, { model }: PaintContext): string {
  const by = consul?.managedBy ?? consul?.monitoredBy ?? null;
  const process = owner === null ? '' : `, process ${owner.pid} on ${owner.host}`;
  return `${model.identity.backend}, layout ${layout}${by === null ? '' : `, by ${by}`}${process}`;
}

function weightText({ weight, effectiveWeight }: Instance): string | null {
  if (weight === null) return effectiveWeight === null ? null : `taken as ${effectiveWeight}`;
  return effectiveWeight === null ? String(weight) : `${weight}, taken as ${effectiveWeight}`;
}

function checkLines({ checks, nodeChecks }: Instance, context: PaintContext): readonly Spans[] {
  const all: readonly (readonly [Check, string])[] = [
    ...checks.map((check) => [check, ''] as const),
    ...nodeChecks.map((check) => [check, ' of its node'] as const),
  ];
  if (all.length === 0) return [];
  return [
    BLANK_LINE,
    heading(`checks (${all.length})`),
    ...all.flatMap(([check, of]) => oneCheck(check, of, context)),
  ];
}

function oneCheck(check: Check, of: string, context: PaintContext): readonly Spans[] {
  const { health, name, id, type, output } = check;
  const kind = type === '' ? '' : ` (${nameText(type, context.ascii)})`;
  return [
    [
      span(ownText('   ')),
      span(glyphOf(health, context.view), stateStyle(health)),
      span(ownText(` ${wordOf(health)}  ${nameText(name === '' ? id : name, context.ascii)}${kind}${of}`)),
    ],
    ...(output.trim() === '' ? [] : guttered(output, context, 5)),
  ];
}

const MOST_KEY = 24;

function metadataLines({ metadata }: Instance, context: PaintContext): readonly Spans[] {
  const entries = Object.entries(metadata);
  if (entries.length === 0) return [];
  return [
    BLANK_LINE,
    heading(`metadata (${entries.length})`),
    ...entries.map(([key, value]): Spans => {
      const name = nameText(key, context.ascii);
      return [
        span(ownText('   ')),
        span(ownText(name.length < MOST_KEY ? name.padEnd(12) : name)),
        span(ownText('  ')),
        span(freeText(value, context.ascii)),
        ...controlNote(value, context),
      ];
    }),
  ];
}

const CONTROLS = /\p{Cc}/gu;

/** That a value holds what a terminal would obey is said beside it. */
function controlNote(value: string, { ascii }: PaintContext): readonly Span[] {
  if (freeText(value, ascii) === value) return [];
  const count = value.match(CONTROLS)?.length ?? 0;
  if (count === 0) return [];
  return [span(ownText(`   ${count} control character${count === 1 ? '' : 's'}`), DIM)];
}

/** What the doctor has found about this very instance. */
function findingLines({ service, id, node }: Instance, context: PaintContext): readonly Spans[] {
  const { doctor } = context.model;
  const own = doctor.findings.filter(
    ({ finding: { subject } }) =>
      subject.service === service &&
      subject.instance === id &&
      (subject.node === null || subject.node === node),
  );
  if (own.length === 0) return [];
  const lines = own.map(({ finding }): Spans => {
    const [glyph, style] = severityMark(finding.severity, context.ascii);
    const rule: SafeText = nameText(finding.rule.id, context.ascii);
    return [
      span(ownText('   ')),
      span(glyph, style),
      span(ownText(` ${rule} ${detailText(finding, context.view)}`)),
    ];
  });
  return [BLANK_LINE, heading('findings'), ...lines];
}

function heading(text: string): Spans {
  return [span(ownText(` ${text}`), BOLD)];
}
