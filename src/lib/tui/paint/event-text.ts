import type { MembershipEvent } from '../../model/membership.js';
import { formatInstanceName } from '../../model/instance-name.js';
import { detailText } from '../../render/event-lines.js';
import { ownText, safeText, type SafeText } from '../../render/safe-text.js';
import type { EventRow } from '../model/rows.js';
import type { PaintContext } from './context.js';
import { nameText } from './shown-text.js';

/** Kept with the event, which is shown in many pictures. */
const details = {
  ascii: new WeakMap<MembershipEvent, SafeText>(),
  all: new WeakMap<MembershipEvent, SafeText>(),
};

/** What has happened, on one line. */
export function eventDetail({ event, summary }: EventRow, { ascii, view }: PaintContext): SafeText {
  if (summary !== undefined) return safeText(ascii ? summary.ascii : summary.all, { ascii, max: 1_000 });
  const known = ascii ? details.ascii : details.all;
  const text = known.get(event) ?? safeText(detailText(event, view), { ascii, max: 1_000 });
  known.set(event, text);
  return text;
}

/** `checkout/i-7f3a`, or the service of a list; `-` where it is about the connection. */
export function eventSubject(event: MembershipEvent, { ascii }: PaintContext): SafeText {
  if ('instance' in event) return nameText(formatInstanceName(event.instance), ascii);
  const service = event.type === 'synced' ? event.snapshot.service : null;
  return service === null ? ownText('-') : nameText(service, ascii);
}

/** The same where the service is known: only the id. */
export function shortSubject(event: MembershipEvent, context: PaintContext): SafeText {
  return 'instance' in event ? nameText(event.instance.id, context.ascii) : ownText('-');
}
