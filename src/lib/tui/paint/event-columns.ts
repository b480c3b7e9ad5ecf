import { ownText } from '../../render/safe-text.js';
import type { EventRow } from '../model/rows.js';
import type { Column } from './column.js';
import { eventDetail, eventSubject } from './event-text.js';
import { span } from './line.js';
import { exactClockOf } from './times.js';

/** Columns of the event log. */
export const eventColumns: readonly Column<EventRow>[] = [
  { key: 'time', header: 'TIME', width: 12, cell: ({ atMs }) => span(exactClockOf(atMs)) },
  {
    key: 'event',
    header: 'EVENT',
    width: 7,
    leaves: 1,
    from: 60,
    cell: ({ event }) => span(ownText(event.type)),
  },
  {
    key: 'instance',
    header: 'INSTANCE',
    width: 17,
    flex: { share: 1, most: 48 },
    leaves: 3,
    from: 0,
    cell: ({ event }, context) => span(eventSubject(event, context)),
  },
  {
    key: 'detail',
    header: 'DETAIL',
    width: 16,
    flex: { share: 8, most: 400 },
    leaves: 2,
    from: 60,
    cell: (row, context) => span(eventDetail(row, context)),
  },
];
