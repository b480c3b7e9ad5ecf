/** How the view looks while something is not as it should be, at all sizes. */
import { describe, test } from 'vitest';
import { brokenFixture, deniedFixture, emptyFixture, refused } from '../support/view/fixtures/others.js';
import { prodEu } from '../support/view/fixtures/prod-eu.js';
import { expectGoldens } from '../support/view/golden-sizes.js';
import { ScriptedView, type ScriptedViewOptions } from '../support/view/scripted-view.js';
import { keys, press, untilLive, untilPainted, type Check } from '../support/view/steps.js';
import type { Fixture } from '../support/view/fixture.js';

interface State {
  readonly name: string;
  readonly fixture: Fixture;
  readonly options?: ScriptedViewOptions;
  readonly steps: (view: ScriptedView) => Promise<void>;
  /** What can be seen of it at every size. */
  readonly check: Check;
}

const nothing = async (): Promise<void> => undefined;

const states: readonly State[] = [
  {
    name: 'loading',
    fixture: prodEu({ faults: { watch: { hang: true } } }),
    steps: async (view) => view.advance(2_100),
    check: /LOADING/,
  },
  {
    name: 'loading-with-problem',
    fixture: brokenFixture(),
    steps: async (view) => view.advance(2_100),
    check: /LOADING/,
  },
  { name: 'denied', fixture: deniedFixture(), steps: async (view) => view.advance(2_100), check: /LOADING/ },
  {
    name: 'failed',
    fixture: prodEu({
      faults: {
        open: {
          error: {
            code: 'E_CONFIG',
            message: 'cannot read the certificate /etc/sdctl/ca.pem',
            why: 'ENOENT: no such file or directory',
            hint: 'sdctl config explain',
          },
        },
      },
    }),
    steps: nothing,
    check: 'FAILED',
  },
  {
    name: 'stale',
    fixture: prodEu(),
    steps: async (view) => {
      await view.advance(5_000);
      await view.fail('watch', refused, 8_000);
      await view.advance(42_300);
    },
    check: 'STALE',
  },
  {
    name: 'stale-leases',
    fixture: prodEu(),
    steps: async (view) => {
      await press(view, '2', /^ leases/m);
      await view.advance(5_000);
      await view.fail('watch', refused, 8_000);
      await view.advance(42_300);
    },
    check: 'STALE',
  },
  {
    name: 'paused-events',
    fixture: prodEu(),
    steps: async (view) => {
      await press(view, '3', 'events (');
      await press(view, 'p', 'PAUSED +0');
      for (let number = 1; number <= 7; number += 1) {
        await view
          .emit({ type: 'left', service: 'auth', id: `i-${number % 6}`, reason: 'deleted' })
          .catch(nothing);
        await view.advance(150);
      }
    },
    check: /‖ (PAUSED )?\+5/,
  },
  {
    name: 'empty',
    fixture: emptyFixture(),
    steps: async (view) => view.advance(1_000),
    check: 'No services',
  },
  {
    name: 'empty-leases',
    fixture: emptyFixture(),
    steps: async (view) => {
      await press(view, '2', /^ leases/m);
      await view.advance(1_000);
    },
    check: 'No leases',
  },
  {
    name: 'no-match',
    fixture: prodEu(),
    steps: async (view) => {
      await press(view, '/nosuch\r', 'hides 19 services');
    },
    check: /Filter/,
  },
  {
    name: 'partial',
    fixture: prodEu({
      partial: true,
      undecoded: [1, 2].map((number) => ({
        key: `/microservices/broken/${number}`,
        isBinaryKey: false,
        service: 'broken',
        reason: 'Unexpected token < in JSON at position 0',
        sizeBytes: 12,
        sha256: 'ab'.repeat(32),
        leaseId: null,
      })),
    }),
    steps: async (view) => {
      await view.advance(1_000);
      await press(view, '/auth\r', '/ filter: auth');
    },
    check: 'auth',
  },
  {
    name: 'ghost',
    fixture: prodEu(),
    steps: async (view) => {
      await press(view, keys.enter, 'services › checkout');
      await press(view, 's', 'sort: instance');
      await view.emit({ type: 'left', service: 'checkout', id: 'i-02bd', reason: 'expired' });
      await view.advance(4_200);
    },
    check: '○ i-02bd',
  },
  {
    name: 'broken-filter',
    fixture: prodEu(),
    steps: async (view) => {
      await press(view, '//[a', /^\/\/\[a/m);
    },
    check: /^\/\/\[a/m,
  },
  {
    name: 'marked',
    fixture: prodEu(),
    steps: async (view) => {
      await press(view, '  ', '2 marked');
    },
    check: '2 marked',
  },
];

describe('states', () => {
  test.each(states)('$name', async ({ name, fixture, options, steps, check }) => {
    await using view = await ScriptedView.open(fixture, { columns: 160, rows: 45, ...options });
    if (Object.keys(fixture.faults).length > 0) await view.shown();
    else await untilLive(view);
    await steps(view);
    // Its thread takes the time it takes.
    await untilPainted(view, (terminal) => !terminal.text().includes('the doctor is looking'));
    await expectGoldens(`states/${name}`, view, { check });
  });
});
