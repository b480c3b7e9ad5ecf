/** The way to each screen of the view, the same for every test that goes to all of them. */
import type { ScriptedView } from './scripted-view.js';
import { keys, press, type Check } from './steps.js';

export interface Stop {
  readonly name: string;
  /** Keys from the overview with its first row selected, and what the screen shows after each. */
  readonly way: readonly (readonly [typed: string, check: Check])[];
  /** What the screen shows at every size. */
  readonly check: Check;
  /** Keys that leave a dialog or a line that is typed. */
  readonly leave?: string;
}

const onRow = (text: string): RegExp => new RegExp(`^[▌>][^\\n]*${text}`, 'm');
const checkout = [keys.enter, /services [›>] checkout/] as const;
const warned = ['j', onRow('i-7f3a')] as const;

/** Screens and dialogs of a registry on etcd: `prodEu`. */
export const etcdStops: readonly Stop[] = [
  { name: 'services', way: [], check: /^ services/m },
  { name: 'service', way: [checkout, warned], check: onRow('i-7f3a') },
  {
    name: 'instance',
    way: [checkout, warned, [keys.enter, /checkout [›>] i-7f3a/]],
    check: /[›>] i-7f3a/,
  },
  {
    name: 'leases',
    way: [
      ['2', /^ leases/m],
      // Times that were read since the last second get their places.
      ['S', /sort: ttl [▼v]/],
      ['S', /sort: ttl [▲^]/],
      ['g', onRow('694d')],
    ],
    check: 'leases (',
  },
  { name: 'lease', way: [checkout, warned, ['l', /leases [›>] 694d8c1f/]], check: /leases [›>] 694d8c1f/ },
  { name: 'host', way: [checkout, ['h', /host [›>] 10\.0\.4\.11/]], check: /host [›>] 10\.0\.4\.11/ },
  { name: 'doctor', way: [['4', onRow('SD\\d')]], check: /^ doctor/m },
  { name: 'events', way: [['3', /events \(/]], check: 'events (' },
  { name: 'help', way: [['?', /[▌>]help/]], check: /[▌>]help/, leave: keys.escape },
  {
    name: 'raw',
    way: [checkout, warned, ['y', /[▌>]checkout\/i-7f3a/]],
    check: /[▌>]checkout\/i-7f3a/,
    leave: keys.escape,
  },
  {
    name: 'filter',
    way: [
      ['/', /^\//m],
      ['cart', /^\/cart/m],
    ],
    check: /^\/cart/m,
    leave: keys.escape,
  },
  {
    name: 'command',
    way: [
      [':', /^:/m],
      ['ctx sta', /^:ctx sta/m],
    ],
    check: /^:ctx sta/m,
    leave: keys.escape,
  },
];

/** Those that a Consul shows in another way: `consulFixture`. */
export const consulStops: readonly Stop[] = [
  { name: 'services', way: [], check: /^ services/m },
  { name: 'service', way: [[keys.enter, /services [›>] web/]], check: /services [›>] web/ },
  {
    name: 'instance',
    way: [
      [keys.enter, /services [›>] web/],
      [keys.enter, /web [›>] web-1/],
    ],
    check: /[›>] web-1/,
  },
  { name: 'leases', way: [['2', onRow('\\S')]], check: 'leases (' },
];

/** Goes to a screen from wherever one is; no time passes. */
export async function goTo(view: ScriptedView, { way }: Stop): Promise<void> {
  await press(view, '1', /^ services \(/m);
  await press(view, 'g', (terminal) => /^[▌>]/.test(terminal.rows()[3] ?? ''));
  for (const [typed, check] of way) await press(view, typed, check);
  await lookAgain(view);
}

/** What the view asked for has come, and is in the picture; no time passes. */
export async function lookAgain(view: ScriptedView): Promise<void> {
  // Each question is answered when all that waits has had its turn.
  await view.nowMs();
  await view.nowMs();
  // Means nothing anywhere, and every key is answered by a picture.
  view.terminal.press(keys.left);
}

/** Back to the overview. */
export async function leave(view: ScriptedView, { leave: typed }: Stop): Promise<void> {
  if (typed === undefined) return;
  view.terminal.press(typed);
  await press(view, '1', /^ services \(/m);
}
