import type { Area, Panes } from '../model/frame.js';
import type { PaneName, Place, Size } from '../model/paint-model.js';
import { regionsOf } from './regions.js';

/** Where the panes of a place are at a size: for paging and for the focus. */
export function panesOf(place: Place, size: Size): Panes {
  const { table, detail, findings, events } = regionsOf(place, size);
  const areas: readonly (readonly [PaneName, Area | null])[] = [
    ['table', table],
    // What is known of a lease stands above its instances, and cannot be anything else.
    ['detail', place.screen === 'lease' ? null : detail],
    ['findings', findings],
    ['events', events],
  ];
  return {
    // Without its header.
    tableRows: table === null ? 0 : Math.max(0, table.height - 1),
    panes: areas.flatMap(([name, area]) => (area === null ? [] : [name])),
  };
}
