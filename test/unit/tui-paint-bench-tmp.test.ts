import { it } from 'vitest';
import { paintFrame } from '../../src/lib/tui/paint/paint-frame.js';
import { aPaintModel, aServiceRow, aTtl, anInstanceRow, places } from '../support/tui-models.js';
it('bench', () => {
  for (const [screen, asc] of [['services', false], ['service', false], ['services', true]] as const) {
    const place = places.find((p) => p.screen === screen)!;
    const times: number[] = [];
    let bytes = 0;
    for (let f = 0; f < 2000; f++) {
      const rows = screen === 'services'
        ? Array.from({ length: 45 }, (_, i) => aServiceRow({ name: `service-${i}-${f % 7}`, key: `s${i}`, instances: (f + i) % 100, lastChangeMs: 1e12 - f * 1000,
            churn: Array.from({ length: 60 }, (_, k) => (k * (f + i)) % 5), joined: Array.from({ length: 60 }, (_, k) => (k + f) % 3), left: Array.from({ length: 60 }, (_, k) => (k + i) % 2) }))
        : Array.from({ length: 45 }, (_, i) => anInstanceRow({ key: `k${i}` }, { id: `i-${i}-${f % 50}`, key: `/a/${i}` }));
      const base = aPaintModel(place);
      const m = aPaintModel(place, { size: { columns: 200, rows: 50 }, dress: { color: true, ascii: asc, wide: false }, revision: String(f), monotonicMs: f * 100,
        table: { ...base.table, rows, total: 45, selected: f % 20 }, ttlOf: () => aTtl((f * 7) % 30), lowestTtlOf: (r) => ({ ttl: aTtl((f + r.instances) % 30), isPartial: false }) });
      const t = performance.now();
      const frame = paintFrame(m);
      times.push(performance.now() - t);
      bytes = frame.slots.reduce((s, x) => s + x.lines.join('').length, 0);
    }
    times.sort((a, b) => a - b);
    console.log(screen, asc, 'p50', times[1000]!.toFixed(3), 'p95', times[1900]!.toFixed(3), 'p99', times[1980]!.toFixed(3), 'chars', bytes);
  }
});
