import { it } from 'vitest';
import { writeFileSync } from 'node:fs';
import { paintFrame } from '../../src/lib/tui/paint/paint-frame.js';
import { aPaintModel, places, sizes } from '../support/tui-models.js';
function draw(frame: any, size: any) {
  const g = Array.from({ length: size.rows }, () => new Array(size.columns).fill(' '));
  const put = (r: number, c: number, t: string) => { let x = c; for (const ch of t) { if (g[r] && x < size.columns) g[r][x] = ch; x++; } };
  for (const p of frame.chrome) {
    const a = p.area;
    if (p.kind === 'title') put(a.top, a.left, `${p.text} `.padEnd(a.width, '─').slice(0, a.width));
    if (p.kind === 'divider') for (let i = 0; i < a.height; i++) put(a.top + i, a.left, '│');
    if (p.kind === 'keys') put(a.top, a.left, ' ' + p.keys.map((k: any) => `${k.key} ${k.does}`).join('  '));
    if (p.kind === 'lines') p.lines.forEach((l: string, i: number) => put(a.top + i, a.left, l));
    if (p.kind === 'prompt') put(a.top, a.left, ' ' + p.label + p.text + '_ ' + p.completion + ' ' + (p.problem ?? ''));
  }
  for (const s of frame.slots) s.lines.forEach((l: string, i: number) => {
    let x = s.area.left;
    const re = /\x1b\[(\d+)G|\x1b\[[\d;]*m|([^\x1b])/gu;
    for (const m of l.matchAll(re)) { if (m[1]) x = Number(m[1]) - 1; else if (m[2]) { put(s.area.top + i, x, m[2]); x++; } }
  });
  return g.map((r) => r.join('') + '|').join('\n');
}
it('shows', async () => {
  let out = '';
  for (const nodes of [false, true]) for (const size of sizes) for (const place of places) {
    if (nodes && !['services', 'service', 'leases', 'instance','lease'].includes(place.screen)) continue;
    if (nodes && size.columns !== 80 && size.columns!==160) continue;
    const id = { ...aPaintModel(place).identity, hasNodes: nodes, backend: nodes ? 'consul' : 'etcd' };
    const m = aPaintModel(place, { size, identity: id, dress: { color: false, ascii: false, wide: size.columns > 160 } });
    out += `--- ${place.screen} ${size.columns}x${size.rows}\n${draw(paintFrame(m), size)}\n`;
  }
  const size = { columns: 80, rows: 24 };
  const P = places;
  const base = aPaintModel(P[0]!);
  const more: any[] = [
    { dress: { color: false, ascii: true, wide: false } },
    { dress: { color: false, ascii: false, wide: true } },
    { connection: { kind: 'loading', sinceMs: 497_900, problem: null, retryAtMs: null }, table: { ...base.table, rows: [], total: 0 }, revision: null },
    { connection: { kind: 'stale', sinceMs: 458_000, problem: (await import('../support/tui-models.js')).unreachable, retryAtMs: 500_800 } },
    { connection: { kind: 'failed', problem: (await import('../support/tui-models.js')).unreachable }, table: { ...base.table, rows: [], total: 0 } },
    { paused: 14, table: { ...base.table, filter: 'pay', rows: [], marks: new Set(['a']) } },
    { partial: { hidden: true, undecoded: 2 }, table: { ...base.table, rows: base.table.rows.slice(3, 6), selected: 1 , marks: new Set(['auth'])} },
    { prompt: { kind: 'command', text: 'ctx pr', completion: 'ctx prod-eu', problem: 'no such context' } },
    { dialog: { kind: 'help', top: 0 } },
    { dialog: { kind: 'text', title: 'checkout/i-7f3a', lines: ['{"a": 1}', 'x'.repeat(200)], top: 0 } },
    { table: { ...base.table, rows: [], total: 0 } },
    { knownTtls: { known: 900, all: 10000 }, table: { ...base.table, selected: 4 } },
    { size: { columns: 60, rows: 16 } },
    { size: { columns: 120, rows: 30 } },
    { size: { columns: 32, rows: 8 } },
    { size: { columns: 12, rows: 4 } },
    { size: { columns: 3, rows: 2 } },
  ];
  for (const o of more) { const m = aPaintModel(P[0]!, o); out += `--- ${JSON.stringify(o).slice(0, 100)}\n${draw(paintFrame(m), m.size)}\n`; }
  writeFileSync('/tmp/h/p/out.txt', out);
});
