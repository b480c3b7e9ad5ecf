import { toService, type Instance, type Snapshot } from '../model/instance.js';
import { formatInstanceName } from '../model/instance-name.js';
import type { LeftReason, MembershipEvent } from '../model/membership.js';
import { changedFields, changedMetadata, type ChangedField } from './changed-fields.js';
import { tsvLine, type Field } from './fields.js';
import { firstEndpoint, secondsText } from './instance-facts.js';
import { errorSentence } from './error-sentence.js';
import { clockText } from './local-time.js';
import { ownText, safeName, safeText, type SafeText } from './safe-text.js';
import { healthCounts } from './service-columns.js';
import { countText } from './summary-lines.js';
import { isNarrow } from './text-width.js';
import { arrowOf, paint, wordOf, type StyleName, type View } from './view.js';

/** What a watch was asked for: one service, or all with null. */
export interface WatchSubject {
  readonly service: string | null;
}

export interface EventLineOptions extends WatchSubject {
  /** Cells of the third column; longer subjects push their own line. Default 16. See `subjectWidth`. */
  readonly subjectWidth?: number;
}

const TYPE_WIDTH = 'updated'.length;
const LEAST_SUBJECT_WIDTH = 16;
const MOST_SUBJECT_WIDTH = 48;

const STYLES: Readonly<Record<MembershipEvent['type'], StyleName | undefined>> = {
  synced: 'dim',
  joined: 'passing',
  updated: undefined,
  left: 'left',
  stale: 'warning',
};

/** One event as a line for people, without newline: local time, type, subject, what happened. */
export function eventLine(event: MembershipEvent, options: EventLineOptions, view: View): string {
  const subject = subjectText(event, options, view);
  const width = options.subjectWidth ?? LEAST_SUBJECT_WIDTH;
  const padding = isNarrow(subject) ? ' '.repeat(Math.max(0, width - subject.length)) : '';
  const type = paint(event.type, STYLES[event.type], view) + ' '.repeat(TYPE_WIDTH - event.type.length);
  return `${clockText(event.at)}  ${type}  ${subject}${padding}  ${detailText(event, view)}`;
}

/** Width of the subject column that suits the instances known at the start. */
export function subjectWidth(snapshot: Snapshot): number {
  let width = LEAST_SUBJECT_WIDTH;
  for (const { service, id } of snapshot.instances) width = Math.max(width, service.length + 1 + id.length);
  return Math.min(width, MOST_SUBJECT_WIDTH);
}

function subjectText(event: MembershipEvent, subject: WatchSubject, view: View): SafeText {
  if ('instance' in event) return instanceText(event.instance, view);
  const service = event.type === 'synced' ? event.snapshot.service : subject.service;
  return service === null ? ownText('-') : safeName(service, view);
}

/** `checkout/i-7f3a`; on registries with nodes `checkout/i-7f3a@node-2`. */
export function instanceText(
  instance: Pick<Instance, 'service' | 'id' | 'node'>,
  view: Pick<View, 'ascii'>,
): SafeText {
  return safeName(formatInstanceName(instance), { ascii: view.ascii });
}

/** What has happened, on one line. */
export function detailText(event: MembershipEvent, view: View): string {
  switch (event.type) {
    case 'synced':
      return syncedText(event.snapshot, view);
    case 'joined':
      return joinedText(event.instance, view) + (event.resync ? ', found after reconnect' : '');
    case 'updated':
      return (
        updatedText(event.previous, event.instance, view) + (event.resync ? ', found after reconnect' : '')
      );
    case 'left':
      return leftText(event.instance, event.reason);
    case 'stale':
      return `${errorSentence(event.cause, view)}; ${retryText(event.attempt, event.retryInMs)}`;
  }
}

function syncedText(snapshot: Snapshot, view: View): string {
  const { health } = toService('', snapshot.instances);
  const counts = healthCounts(health, view)
    .spans.map((span) => paint(span.text, span.style, view))
    .join('');
  const services = new Set(snapshot.instances.map((instance) => instance.service)).size;
  const of = snapshot.service === null ? ` of ${countText(services, 'service')}` : '';
  const states = snapshot.instances.length === 0 ? '' : ` (${counts})`;
  const unread = snapshot.undecoded.length === 0 ? '' : `; ${snapshot.undecoded.length} could not be read`;
  const hidden = snapshot.partial ? '; access rules hide a part' : '';
  const revision = safeName(snapshot.revision, { ascii: view.ascii });
  return `${countText(snapshot.instances.length, 'instance')}${of}${states} at rev ${revision}${unread}${hidden}`;
}

function joinedText(instance: Instance, view: View): string {
  const endpoint = firstEndpoint(instance);
  const where = endpoint === null ? 'no endpoint' : safeName(endpoint, { ascii: view.ascii });
  if (instance.health === 'passing') return where;
  return `${where} ${paint(wordOf(instance.health), instance.health, view)}`;
}

function updatedText(previous: Instance, instance: Instance, view: View): string {
  const changed = changedFields(previous, instance);
  const parts = changed
    .map((field) => changeText(field, previous, instance, view))
    .filter((part) => part !== '');
  return parts.length === 0 ? 'written again' : parts.join('; ');
}

function changeText(field: ChangedField, previous: Instance, instance: Instance, view: View): string {
  const ascii = { ascii: view.ascii };
  const step = (from: string | number | null, to: string | number | null): string =>
    `${safeName(String(from ?? '-'), ascii)} ${arrowOf(view)} ${safeName(String(to ?? '-'), ascii)}`;
  switch (field) {
    case 'health': {
      const reason = instance.healthReason === null ? '' : `: ${safeText(instance.healthReason, ascii)}`;
      const before = paint(wordOf(previous.health), previous.health, view);
      return `${before} ${arrowOf(view)} ${paint(wordOf(instance.health), instance.health, view)}${reason}`;
    }
    case 'healthReason':
      // Said with the change of health, if there is one.
      if (previous.health !== instance.health || instance.healthReason === null) return '';
      return `${wordOf(instance.health)}: ${safeText(instance.healthReason, ascii)}`;
    case 'endpoints':
      return `endpoint ${step(firstEndpoint(previous), firstEndpoint(instance))}${moreEndpoints(previous, instance)}`;
    case 'version':
    case 'weight':
    case 'zone':
    case 'node':
    case 'layout':
      return `${field} ${step(previous[field], instance[field])}`;
    case 'tags':
      return `tags ${step(previous.tags.join(',') || null, instance.tags.join(',') || null)}`;
    case 'metadata': {
      const names = changedMetadata(previous, instance).map((name) => safeName(name, { max: 64, ...ascii }));
      const shown = names.slice(0, 5).join(', ');
      return `metadata ${shown}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`;
    }
    case 'lease':
      return `lease ${step(previous.lease?.id ?? null, instance.lease?.id ?? null)}`;
    case 'owner':
      return 'another process registered it';
    case 'registeredAt':
      return 'registered again';
    case 'checks':
      return previous.health === instance.health ? 'checks' : '';
  }
}

function moreEndpoints(previous: Instance, instance: Instance): string {
  const most = Math.max(previous.endpoints.length, instance.endpoints.length);
  return most > 1 ? ` (of ${instance.endpoints.length})` : '';
}

const LEFT_WORDS: Readonly<Record<LeftReason, string>> = {
  deleted: 'key deleted',
  expired: 'expired, not renewed in time',
  replaced: 'its key holds another entry now',
  resync: 'found missing after reconnect',
  unknown: 'lease ended',
};

function leftText(instance: Instance, reason: LeftReason): string {
  if (reason === 'deleted' && instance.key === null) return 'deregistered';
  if (reason === 'unknown' && instance.lease === null) return 'gone, the registry does not say why';
  return LEFT_WORDS[reason];
}

function retryText(attempt: number, retryInMs: number): string {
  const pause = retryInMs < 950 ? `${Math.round(retryInMs)}ms` : secondsText(retryInMs / 1_000);
  return attempt > 1 ? `retry ${attempt} in ${pause}` : `retry in ${pause}`;
}

interface EventRow extends WatchSubject {
  readonly event: MembershipEvent;
}

/**
 * Columns of `watch -o tsv`, in this order for good; new ones are added at the end. `detail` is the number of
 * instances (`synced`), the endpoint (`joined`), the names of changed fields (`updated`), the reason (`left`) or the
 * error code (`stale`).
 */
export const eventFields: readonly Field<EventRow>[] = [
  { key: 'at', value: ({ event }) => event.at },
  { key: 'type', value: ({ event }) => event.type },
  { key: 'service', value: serviceOf },
  { key: 'instance', value: ({ event }) => ('instance' in event ? event.instance.id : null) },
  { key: 'detail', value: detailField },
  { key: 'revision', value: ({ event }) => event.revision },
  { key: 'health', value: ({ event }) => ('instance' in event ? event.instance.health : null) },
  { key: 'node', value: ({ event }) => ('instance' in event ? event.instance.node : null) },
  { key: 'resync', value: ({ event }) => ('resync' in event ? event.resync : null) },
];

function serviceOf({ event, service }: EventRow): string | null {
  if ('instance' in event) return event.instance.service;
  return event.type === 'synced' ? event.snapshot.service : service;
}

function detailField({ event }: EventRow): string | number | null | readonly string[] {
  switch (event.type) {
    case 'synced':
      return event.snapshot.instances.length;
    case 'joined':
      return firstEndpoint(event.instance);
    case 'updated':
      return changedFields(event.previous, event.instance);
    case 'left':
      return event.reason;
    case 'stale':
      return event.cause.code;
  }
}

/** One event as a tab-separated line, ended by a newline. */
export function eventTsv(event: MembershipEvent, subject: WatchSubject): string {
  return tsvLine(eventFields, { event, service: subject.service });
}
