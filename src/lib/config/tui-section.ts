import * as v from 'valibot';

/** Screens that the view can begin with. */
const startScreens = ['services', 'leases', 'events', 'doctor'] as const;

/** Orders that more than one screen has. */
const viewSorts = [
  'health',
  'service',
  'instances',
  'instance',
  'endpoint',
  'ttl',
  'churn',
  'lastChange',
  'version',
  'zone',
  'age',
] as const;

/** Columns that some table can do without. The first one of a table always stays. */
export const hideableColumns = [
  'age',
  'bound',
  'churn',
  'critical',
  'detail',
  'endpoint',
  'event',
  'finding',
  'granted',
  'instance',
  'instances',
  'key',
  'keys',
  'kind',
  'lastChange',
  'layout',
  'lease',
  'maintenance',
  'node',
  'output',
  'passing',
  'renewed',
  'root',
  'state',
  'subject',
  'tags',
  'ttl',
  'unknown',
  'version',
  'versions',
  'warning',
  'weight',
  'zone',
] as const;

/** What the interactive view takes from the config file. */
export const tuiSection = v.strictObject({
  hide: v.optional(v.array(v.picklist(hideableColumns))),
  sort: v.optional(v.picklist(viewSorts)),
  start: v.optional(v.picklist(startScreens)),
  keepEvents: v.optional(v.pipe(v.number(), v.integer(), v.minValue(10), v.maxValue(100_000))),
});
