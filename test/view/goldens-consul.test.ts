/** What a registry with nodes and checks shows in another way, at all sizes. */
import { afterAll, beforeAll, describe, test } from 'vitest';
import { consulFixture } from '../support/view/fixtures/consul.js';
import { expectGoldens } from '../support/view/golden-sizes.js';
import { ScriptedView } from '../support/view/scripted-view.js';
import { press, rerunDoctor, untilLive } from '../support/view/steps.js';
import { consulStops, goTo } from '../support/view/tour.js';

const dresses = [
  { dress: 'color', args: ['watch', '-i'], env: {} },
  { dress: 'no-color', args: ['watch', '-i'], env: { NO_COLOR: '1' } },
  { dress: 'ascii', args: ['watch', '-i', '--ascii'], env: {} },
] as const;

describe.each(dresses)('in $dress', ({ dress, args, env }) => {
  let view: ScriptedView;

  beforeAll(async () => {
    view = await ScriptedView.open(consulFixture(), { args, env, columns: 160, rows: 45 });
    await untilLive(view);
    await view.advance(1_000);
    await press(view, '2', /^ leases/m);
    await view.advance(500);
    await press(view, '4', /^ doctor/m);
    await rerunDoctor(view);
  });

  afterAll(async () => {
    await view[Symbol.asyncDispose]();
  });

  test.each(consulStops)('$name', async (stop) => {
    await goTo(view, stop);
    await expectGoldens(`consul/${stop.name}.${dress}`, view, { check: stop.check });
  });
});
