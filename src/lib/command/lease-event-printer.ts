import type { LeaseEvent } from '../model/lease-event.js';
import { renderTsv } from '../render/fields.js';
import { leaseEventDocument } from '../render/lease-documents.js';
import { leaseEventFields, leaseEventLine, type TimedLeaseEvent } from '../render/lease-lines.js';
import { toJson } from '../render/safe-text.js';
import { toRfc3339 } from '../time/clock.js';
import type { Invocation } from './invocation.js';

/** Writes what happened to leases, a line each. */
export class LeaseEventPrinter {
  readonly #invocation: Invocation;
  #isFirst = true;
  /** Cells of the column of ids; longer ones push their own line. */
  idWidth = 0;

  constructor(invocation: Invocation) {
    this.#invocation = invocation;
  }

  print(events: readonly LeaseEvent[]): void {
    const { deps } = this.#invocation;
    const at = toRfc3339(deps.clock.nowMs());
    const text = this.#text(events.map((event) => ({ ...event, at })));
    // Printing nothing would still erase the status line.
    if (text !== '') this.#invocation.print(text);
    this.#isFirst = false;
  }

  #text(events: readonly TimedLeaseEvent[]): string {
    const { view, connection } = this.#invocation;
    if (view.format === 'jsonl')
      return events.map((event) => `${toJson(leaseEventDocument(event, connection.backend))}\n`).join('');
    if (view.format === 'tsv')
      return renderTsv(leaseEventFields, events, { headers: this.#isFirst && view.headers === true });
    return events.map((event) => `${leaseEventLine(event, this.idWidth, view)}\n`).join('');
  }
}
