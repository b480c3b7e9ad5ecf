import { detailText, subjectText } from '../../render/doctor-facts.js';
import { ownText } from '../../render/safe-text.js';
import type { FindingRow } from '../model/rows.js';
import type { Column } from './column.js';
import { span } from './line.js';
import { nameText } from './shown-text.js';
import { severityMark } from './glyphs.js';

/** Columns of the doctor's findings. */
export const findingColumns: readonly Column<FindingRow>[] = [
  {
    key: 'rule',
    header: 'RULE',
    width: 5,
    cell: ({ finding }, { ascii }) => span(nameText(finding.rule.id, ascii)),
  },
  {
    key: 'word',
    header: 'LEVEL',
    width: 7,
    leaves: 1,
    wide: true,
    cell: ({ finding: { severity } }, { ascii }) => {
      const [, style] = severityMark(severity, ascii);
      return span(ownText(severity), style);
    },
  },
  {
    key: 'subject',
    header: 'SUBJECT',
    width: 22,
    flex: { share: 1, most: 48 },
    leaves: 3,
    from: 0,
    cell: ({ finding }, { view }) => span(subjectText(finding, view)),
  },
  {
    key: 'finding',
    header: 'FINDING',
    width: 16,
    flex: { share: 8, most: 400 },
    leaves: 2,
    from: 60,
    cell: ({ finding }, { view }) => span(detailText(finding, view)),
  },
];
