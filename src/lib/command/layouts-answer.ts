import { layoutUses } from '../model/instance.js';
import type { RegistryHandle } from '../registry/types.js';
import { layoutList } from '../render/documents.js';
import { renderNames } from '../render/fields.js';
import { layoutColumns, layoutFields } from '../render/layout-columns.js';
import { partialLine } from '../render/summary-lines.js';
import type { Invocation } from './invocation.js';
import { originOf } from './list-answer.js';
import { isDocumentFormat, listDocumentText } from './print-document.js';
import { arrange, printRows, type ListFlags } from './print-list.js';

/** Prints which layouts the registry holds, where, and how many services of each: under the roots that are named, else everywhere. */
export async function printLayouts(
  invocation: Invocation,
  handle: RegistryHandle,
  flags: ListFlags,
): Promise<void> {
  const { view, diagnostics, connection } = invocation;
  const { operations } = handle;
  const options = invocation.callOptions();
  const snapshot =
    connection.prefixes.length > 0
      ? await operations.listAll(options)
      : await operations.listEverywhere(options);
  const rows = arrange(layoutUses(snapshot), layoutFields, flags);
  const origin = originOf(invocation);
  if (isDocumentFormat(view.format)) {
    invocation.print(await listDocumentText(layoutList(rows, snapshot, origin), view.format, flags));
  } else if (view.format === 'name') {
    invocation.print(renderNames(new Set(rows.map(({ layout }) => layout))));
  } else {
    invocation.print(await printRows(rows, { columns: layoutColumns, fields: layoutFields }, view, flags));
  }
  if (snapshot.partial) diagnostics.say(partialLine(origin, view));
}
