/** Ten thousand instances in five hundred services: nothing takes longer to reach, and nothing is left out. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Instance } from '../../src/lib/model/instance.js';
import { anInstance } from '../support/builders.js';
import { largeFixture } from '../support/view/fixtures/others.js';
import { ScriptedView } from '../support/view/scripted-view.js';
import { drain, keys, outputSince, press, selectedLine, WITHIN_MS } from '../support/view/steps.js';
import { lookAgain } from '../support/view/tour.js';
import type { ViewTerminal } from '../support/view/view-terminal.js';

// The machine may be busy with other tests.
vi.setConfig({ testTimeout: 60_000 });

const fixture = largeFixture();
const size = { columns: 160, rows: 45 };
const SERVICES = 500;
const INSTANCES = 10_000;
const grouped = (count: number): string => count.toLocaleString('en-US');

const ofService = (name: string): readonly Instance[] =>
  fixture.instances.filter(({ service }) => service === name);
const isIll = ({ health }: Instance): boolean => health !== 'passing';
const illServices = new Set(fixture.instances.filter(isIll).map(({ service }) => service));

/** First cell of each visible row, from the top. */
function names(terminal: ViewTerminal): readonly string[] {
  const lines = terminal.rows().slice(3, -2);
  const isRow = (line: string): boolean => /^[▌ ][●▲✖◼◌○][* ]\S/.test(line);
  const first = lines.findIndex(isRow);
  const end = lines.findIndex((line, index) => index > first && !isRow(line));
  return lines.slice(first, end === -1 ? undefined : end).map((line) => /^...(\S+)/.exec(line)?.[1] ?? '');
}

const pathOf = (terminal: ViewTerminal): string => terminal.rows()[1] ?? '';
const messageOf = (terminal: ViewTerminal): string => terminal.rows().at(-2) ?? '';
/** The position at the right end of the message line. */
const at =
  (row: number, rows: number) =>
  (terminal: ViewTerminal): boolean =>
    /[\d,]+ of [\d,]+$/.exec(messageOf(terminal).trimEnd())?.[0] === `${grouped(row)} of ${grouped(rows)}`;
const counts = (what: string, shown: number, all: number): string =>
  shown === all ? `${what} (${grouped(all)})` : `${what} (${grouped(shown)} shown of ${grouped(all)})`;

let view: ScriptedView;

beforeAll(async () => {
  view = await ScriptedView.open(fixture, size);
  await view.shown();
});

afterAll(async () => {
  await view[Symbol.asyncDispose]();
});

afterEach(({ task }) => {
  // What was left open by one test must not fail all others.
  if (task.result?.state === 'fail')
    for (let count = 0; count < 3; count += 1) view.terminal.press(keys.escape);
});

async function sortBy(column: string): Promise<void> {
  while (!pathOf(view.terminal).includes(`sort: ${column} `)) {
    const before = pathOf(view.terminal);
    await press(view, 's', (now) => pathOf(now) !== before);
  }
}

async function overview(): Promise<void> {
  await press(view, '1', /^ services \(/m);
  await press(view, 'g', at(1, SERVICES));
}

async function allLeases(): Promise<void> {
  await press(view, '2', /^ leases/m);
  await view.advance(1_100);
  await press(view, 'g', at(1, INSTANCES));
}

test('the first rows are there with the first answer', async () => {
  await view.terminal.until(counts('services', SERVICES, SERVICES), WITHIN_MS);
  expect(pathOf(view.terminal)).toContain(`instances ${grouped(INSTANCES)}`);
  expect(names(view.terminal).length).toBeGreaterThan(20);
  expect(new Set(names(view.terminal)).size).toBe(names(view.terminal).length);
});

test('times that leases have left are asked for step by step, and it is said how far that is', async () => {
  // A row that has nothing to say leaves the line for it.
  await press(view, 'S', 'sort: health ▲');
  await press(view, 'g', at(1, SERVICES));
  const known = (): number => {
    const found = /TTL known for ([\d,]+) of 10,000/.exec(messageOf(view.terminal));
    return Number(found?.[1]?.replaceAll(',', '') ?? -1);
  };
  const seen: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    await view.advance(5_000);
    await lookAgain(view);
    await view.terminal.until('TTL known for', WITHIN_MS);
    seen.push(known());
  }
  expect(seen[0]).toBeGreaterThan(0);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(seen.at(-1)).toBeGreaterThan(seen[0] ?? 0);
  expect(seen.at(-1)).toBeLessThan(INSTANCES);
  const asked = (await view.calls())
    .filter(({ method }) => method === 'leases')
    .map(({ words }) => words[0] as readonly string[]);
  expect(Math.max(...asked.map((ids) => ids.length))).toBeLessThanOrEqual(20);
  await press(view, 'S', 'sort: health ▼');
});

describe('moves', () => {
  test('G and g go to the ends at once', async () => {
    await overview();
    await press(view, 'G', at(SERVICES, SERVICES));
    expect(selectedLine(view.terminal)).toContain(names(view.terminal).at(-1));
    await press(view, 'k', at(SERVICES - 1, SERVICES));
    await press(view, 'g', at(1, SERVICES));
    expect(selectedLine(view.terminal)).toContain(names(view.terminal)[0]);
  });

  test('pages show every service once, down and up', async () => {
    await overview();
    await sortBy('service');
    await press(view, 'g', at(1, SERVICES));
    const wanted = Array.from({ length: SERVICES }, (_one, index) => `svc-${String(index).padStart(3, '0')}`);
    const down = new Set(names(view.terminal));
    for (let page = 0; !at(SERVICES, SERVICES)(view.terminal); page += 1) {
      expect(page).toBeLessThan(SERVICES);
      const before = messageOf(view.terminal);
      await press(view, keys.pageDown, (now) => messageOf(now) !== before);
      for (const name of names(view.terminal)) down.add(name);
    }
    expect([...down]).toEqual(wanted);
    const up = new Set(names(view.terminal).toReversed());
    while (!at(1, SERVICES)(view.terminal)) {
      const before = messageOf(view.terminal);
      await press(view, keys.pageUp, (now) => messageOf(now) !== before);
      for (const name of names(view.terminal).toReversed()) up.add(name);
    }
    expect([...up]).toEqual(wanted.toReversed());
    await sortBy('health');
  });

  test('the last of ten thousand leases is one key away', async () => {
    await allLeases();
    // By what does not change when a row is seen and its time is read.
    await sortBy('lease');
    await press(view, 'G', at(INSTANCES, INSTANCES));
    await press(view, keys.pageUp, (now) => /9,9\d\d of 10,000/.test(messageOf(now)));
    await press(view, 'g', at(1, INSTANCES));
    await sortBy('ttl');
  });
});

describe('a filter', () => {
  test('narrows five hundred services with every letter; esc shows all again', async () => {
    await overview();
    await press(view, '/', (now) => messageOf(now).trimEnd() === '/');
    let typed = '';
    for (const letter of 'svc-123') {
      typed += letter;
      const shown = Array.from(
        { length: SERVICES },
        (_one, index) => `svc-${String(index).padStart(3, '0')}`,
      );
      const count = shown.filter((name) => name.includes(typed)).length;
      await press(view, letter, counts('services', count, SERVICES));
    }
    expect(names(view.terminal)).toEqual(['svc-123']);
    await press(view, keys.escape, counts('services', SERVICES, SERVICES));
  });

  test.each([
    ['!svc-1', 400],
    ['/^svc-(04|31).$/', 20],
    ['!/^svc/', 0],
  ])('%j shows %d services', async (typed, shown) => {
    await overview();
    const check = shown === 0 ? `hides ${SERVICES} services` : counts('services', shown, SERVICES);
    await press(view, `/${typed}`, check);
    await press(view, keys.escape, counts('services', SERVICES, SERVICES));
  });

  test('-l selects services by what their instances say', async () => {
    await overview();
    const having = new Set(
      fixture.instances.filter(({ version }) => version === '1.3.0').map(({ service }) => service),
    );
    await press(view, '/-l version=1.3.0', counts('services', having.size, SERVICES));
    await press(view, keys.escape, counts('services', SERVICES, SERVICES));
  });

  test('narrows ten thousand leases by what hangs on them and by their ids', async () => {
    await allLeases();
    await press(view, '/svc-123/', counts('leases', ofService('svc-123').length, INSTANCES));
    expect(view.terminal.text()).toMatch(/▌. 7000.*svc-123\/svc-123-/);
    await press(view, '\x15', counts('leases', INSTANCES, INSTANCES));
    const id = fixture.leases[7_777]?.id ?? '';
    await press(view, id, counts('leases', 1, INSTANCES));
    await press(view, keys.enter, (now) => !messageOf(now).startsWith('/'));
    await press(view, keys.enter, new RegExp(`leases › ${id}`));
    expect(view.terminal.text()).toContain(fixture.instances[7_777]?.id);
    await press(view, keys.escape, counts('leases', 1, INSTANCES));
    await press(view, keys.escape, counts('leases', INSTANCES, INSTANCES));
  });

  test('f shows problems only', async () => {
    await overview();
    await press(view, 'f', counts('services', illServices.size, SERVICES));
    await press(view, 'G', at(illServices.size, illServices.size));
    for (const name of names(view.terminal)) expect(illServices).toContain(name);
    await press(view, 'f', counts('services', SERVICES, SERVICES));
  });
});

describe('the order', () => {
  /**
   * Goes through all orders of a screen both ways; with all its rows, from the first to the last.
   *
   * @param moving rests on what is read of a row when it is seen: then rows change places
   */
  async function goThrough(
    orders: readonly string[],
    rows: number,
    moving: readonly string[],
  ): Promise<void> {
    for (const column of orders) {
      await press(view, 's', new RegExp(`sort: ${column} [▲▼]`));
      const arrow = pathOf(view.terminal).includes('▲') ? '▼' : '▲';
      const isMoving = moving.includes(column);
      await press(view, 'g', isMoving ? / of 10,000/ : at(1, rows));
      const first = names(view.terminal);
      await press(view, 'S', `sort: ${column} ${arrow}`);
      await press(view, 'G', isMoving ? / of 10,000/ : at(rows, rows));
      expect(selectedLine(view.terminal), column).not.toBeNull();
      // Of equals the names decide, always the same way round.
      if (column === orders[0]) expect(names(view.terminal).toReversed()).toEqual(first);
      await press(view, 'S', `sort: ${column} ${arrow === '▲' ? '▼' : '▲'}`);
    }
    await drain(view);
  }

  test('of five hundred services', async () => {
    await overview();
    await goThrough(['service', 'instances', 'ttl', 'churn', 'lastChange', 'health'], SERVICES, []);
    await press(view, 'g', at(1, SERVICES));
    const ranks = [...view.terminal.rows().slice(3, 20)].map((line) => '✖▲◌◼●'.indexOf(line.charAt(1)));
    expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
  });

  test('of ten thousand leases', async () => {
    await allLeases();
    await goThrough(['lease', 'state', 'granted', 'keys', 'bound', 'ttl'], INSTANCES, [
      'state',
      'granted',
      'ttl',
    ]);
  });
});

test('a service out of the middle can be opened', async () => {
  await overview();
  const instances = ofService('svc-321');
  await press(view, ':svc svc-321\r', /services › svc-321/);
  await view.terminal.until(`${instances.length} instances`, WITHIN_MS);
  await press(view, 's', 'sort: instance ▲');
  await press(view, 'g', at(1, instances.length));
  const shown = new Set(names(view.terminal));
  await press(view, 'G', at(instances.length, instances.length));
  for (const name of names(view.terminal)) shown.add(name);
  expect([...shown].sort()).toEqual(instances.map(({ id }) => id).sort());
  await press(view, keys.enter, /services › svc-321 › svc-321-\d+/);
  expect(view.terminal.text()).toContain('/microservices/svc-321/svc-321-');
  await press(view, keys.escape, /services › svc-321(?! ›)/);
});

describe('two hundred changes at once', () => {
  const joining = (from: number) =>
    Array.from({ length: 200 }, (_one, index) => {
      const service = `new-${String(from + index).padStart(3, '0')}`;
      return {
        type: 'joined',
        instance: anInstance({ service, id: service, lease: null, key: `/microservices/${service}/1` }),
      } as const;
    });

  test('are one picture', async () => {
    await overview();
    await drain(view);
    const from = view.terminal.received;
    await view.emit(...joining(0));
    await view.advance(150);
    await view.terminal.until(
      `services (${SERVICES + 200}) · instances ${grouped(INSTANCES + 200)}`,
      WITHIN_MS,
    );
    const pictures = outputSince(view.terminal, from).split('\x1b[?2026h').length - 1;
    expect(pictures).toBeLessThanOrEqual(2);
    await view.emit(
      ...fixture.instances
        .slice(1_000, 1_200)
        .map(({ service, id }) => ({ type: 'left', service, id }) as const),
    );
    await view.advance(150);
    await view.terminal.until(`instances ${grouped(INSTANCES)}`, WITHIN_MS);
    await press(view, '3', /^ events/m);
    await press(view, '/left', /events \(200 shown of/);
    await press(view, keys.escape, /filter: none/);
  });

  test('wait while the picture is paused, and all are there when it goes on', async () => {
    await press(view, '1', /^ services \(/m);
    await press(view, 'g', at(1, SERVICES + 200));
    await press(view, 'p', 'PAUSED +0');
    await drain(view);
    const body = (): readonly string[] => view.terminal.rows().slice(1);
    const before = body();
    await view.emit(...joining(200));
    await view.advance(5_000);
    await view.terminal.until('PAUSED +200', WITHIN_MS);
    expect(body()).toEqual(before);
    await press(view, 'G', at(SERVICES + 200, SERVICES + 200));
    await press(view, 'g', at(1, SERVICES + 200));
    await press(view, '/new-3', `hides ${SERVICES + 200} services`);
    await press(view, keys.escape, `services (${SERVICES + 200})`);
    await press(view, 'p', `services (${SERVICES + 400}) · instances ${grouped(INSTANCES + 200)}`);
    await press(view, '/new-3', counts('services', 100, SERVICES + 400));
    await press(view, keys.escape, `services (${SERVICES + 400})`);
  });
});
