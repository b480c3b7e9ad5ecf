import type { LayoutUse } from '../model/instance.js';
import type { Column } from './columns.js';
import type { Field } from './fields.js';
import { ownText, safeName } from './safe-text.js';

/** Columns of the list of layouts for people. */
export const layoutColumns: readonly Column<LayoutUse>[] = [
  {
    key: 'layout',
    header: 'LAYOUT',
    align: 'left',
    cell: (row, view) => ({ text: safeName(row.layout, view) }),
  },
  {
    key: 'root',
    header: 'ROOT',
    align: 'left',
    cut: 'end',
    cell: (row, view) => ({ text: row.root === null ? ownText('-') : safeName(row.root || "''", view) }),
  },
  {
    key: 'services',
    header: 'SERVICES',
    align: 'left',
    cell: (row) => ({ text: ownText(String(row.services)) }),
  },
  {
    key: 'instances',
    header: 'INSTANCES',
    align: 'left',
    cell: (row) => ({ text: ownText(String(row.instances)) }),
  },
];

/** Columns of `list --layouts -o tsv`, in this order for good; new ones are added at the end. */
export const layoutFields: readonly Field<LayoutUse>[] = [
  { key: 'layout', value: (row) => row.layout },
  { key: 'root', value: (row) => row.root },
  { key: 'services', value: (row) => row.services },
  { key: 'instances', value: (row) => row.instances },
];
