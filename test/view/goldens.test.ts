/** Every screen of a registry on etcd, at all sizes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PICTURE_MS } from '../support/view/fixture.js';
import { prodEuBefore, prodEuStory, storyStartMs } from '../support/view/fixtures/prod-eu.js';
import { expectGoldens } from '../support/view/golden-sizes.js';
import { ScriptedView } from '../support/view/scripted-view.js';
import { drain, keys, press, rerunDoctor, untilLive } from '../support/view/steps.js';
import { etcdStops, goTo, leave, lookAgain } from '../support/view/tour.js';

const dresses = [
  { dress: 'color', args: ['watch', '-i'], env: {} },
  { dress: 'no-color', args: ['watch', '-i'], env: { NO_COLOR: '1' } },
  { dress: 'ascii', args: ['watch', '-i', '--ascii'], env: {} },
] as const;
/** When the pictures are taken: late enough that leases have been followed for a while. */
const pictureMs = PICTURE_MS + 37_350;

/**
 * Leases stand as they do in `prodEu`, only later. While the story is told nobody asks for them: the doctor's thread is
 * done when it is done, and its pictures would decide in which moment they are asked.
 */
const fixture = prodEuBefore({
  leases: prodEuBefore().leases.map((lease) => ({ ...lease, atMs: pictureMs })),
  faults: { leases: { hang: true } },
});
const story = prodEuStory.map((step) => ('recover' in step ? { recover: 'watch' as const } : step));
const plainly = ['services', 'service', 'instance', 'leases', 'doctor', 'events', 'help'];

describe.each(dresses)('in $dress', ({ dress, args, env }) => {
  let view: ScriptedView;

  beforeAll(async () => {
    const options = { args, env, startMs: storyStartMs, columns: 160, rows: 45 };
    view = await ScriptedView.open(fixture, options);
    await untilLive(view);
    await view.tell(story);
    // Renewals are seen for half a minute.
    await view.recover('leases');
    await view.advance(30_000);
    await view.hang('leases');
    await view.advance(6_000);
    await press(view, '4', /^ doctor/m);
    await rerunDoctor(view);
    expect(await view.nowMs()).toBe(pictureMs);
    // No answer is young enough now, so that all leases are asked at the moment of the pictures.
    await view.recover('leases');
    await press(view, '2', /^ leases/m);
    for (let page = 0; page < 12; page += 1) {
      view.terminal.press(page % 6 === 0 ? 'g' : keys.pageDown);
      await lookAgain(view);
    }
    await drain(view);
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
