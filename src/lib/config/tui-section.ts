import * as v from 'valibot';

const text = v.pipe(v.string(), v.nonEmpty());

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

/** What the interactive view takes from the config file. */
export const tuiSection = v.strictObject({
  hide: v.optional(v.array(text)),
  sort: v.optional(v.picklist(viewSorts)),
  start: v.optional(v.picklist(startScreens)),
  keepEvents: v.optional(v.pipe(v.number(), v.integer(), v.minValue(10), v.maxValue(100_000))),
});
