/** Every screen of a registry on etcd, at all sizes. */
import { afterAll, beforeAll, describe, test } from 'vitest';
import { prodEuBefore, prodEuStory, storyStartMs } from '../support/view/fixtures/prod-eu.js';
import { expectGoldens } from '../support/view/golden-sizes.js';
import { ScriptedView } from '../support/view/scripted-view.js';
import { press, rerunDoctor, untilLive } from '../support/view/steps.js';
import { etcdStops, goTo, leave } from '../support/view/tour.js';

const dresses = [
  { dress: 'color', args: ['watch', '-i'], env: {} },
  { dress: 'no-color', args: ['watch', '-i'], env: { NO_COLOR: '1' } },
  { dress: 'ascii', args: ['watch', '-i', '--ascii'], env: {} },
] as const;
const plainly = ['services', 'service', 'instance', 'leases', 'doctor', 'events', 'help'];

describe.each(dresses)('in $dress', ({ dress, args, env }) => {
  let view: ScriptedView;

  beforeAll(async () => {
    const options = { args, env, startMs: storyStartMs, columns: 160, rows: 45 };
    view = await ScriptedView.open(prodEuBefore(), options);
    await untilLive(view);
    await view.tell(prodEuStory);
    // Leases are read while somebody looks at them.
    await press(view, '2', /^ leases/m);
    await view.advance(500);
    await press(view, '4', /^ doctor/m);
    await rerunDoctor(view);
  });

  afterAll(async () => {
    await view[Symbol.asyncDispose]();
  });

  const stops = etcdStops.filter(({ name }) => dress === 'color' || plainly.includes(name));
  test.each(stops)('$name', async (stop) => {
    await goTo(view, stop);
    try {
      await expectGoldens(`prod-eu/${stop.name}.${dress}`, view, { check: stop.check });
    } finally {
      await leave(view, stop);
    }
  });
});
