/** Speed and size against their limits. Ratios compare with a baseline that runs in between, on the same machine. */
import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeTempDir, removeTempDir } from '../test/support/servers/lifetime.js';
import { type Bench, type Figure, isMet, type Row } from './row.js';
import { consulListRow } from './rows/consul-list.js';
import { consulWatchRow } from './rows/consul-watch.js';
import { consulDoctorRow, doctorRow } from './rows/doctor.js';
import { consulLeasesRow, etcdLeasesRow } from './rows/leases.js';
import { etcdWatchRow } from './rows/etcd-watch.js';
import { layoutsRow } from './rows/etcd-layouts.js';
import { largeListRow, listRow } from './rows/etcd-list.js';
import { modulesRow, versionRow } from './rows/start.js';
import { viewRow } from './rows/view.js';

const rows: readonly Row[] = [
  versionRow,
  modulesRow,
  listRow,
  largeListRow,
  layoutsRow,
  etcdLeasesRow,
  consulListRow,
  consulLeasesRow,
  doctorRow,
  consulDoctorRow,
  etcdWatchRow,
  consulWatchRow,
  viewRow,
];

const HELP = `npm run bench -- [ROW...] [--json FILE] [--program FOLDER]

Rows: ${rows.map((row) => row.name).join(', ')}; all without a name.
--json FILE       write the figures there too
--program FOLDER  measure the build in this folder (default: this project's)
`;

/** @returns the exit code: 1 when a limit is missed */
export async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { json: { type: 'string' }, program: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  const unknown = positionals.filter((name) => !rows.some((row) => row.name === name));
  if (values.help === true || unknown.length > 0) {
    process.stdout.write(unknown.length > 0 ? `No row ${unknown.join(', ')}.\n${HELP}` : HELP);
    return unknown.length > 0 ? 2 : 0;
  }
  const folder = makeTempDir('bench');
  try {
    const bench = openBench(values.program ?? fileURLToPath(new URL('..', import.meta.url)), folder);
    const chosen = rows.filter((row) => positionals.length === 0 || positionals.includes(row.name));
    return await runRows(chosen, bench, values.json);
  } finally {
    removeTempDir(folder);
  }
}

async function runRows(chosen: readonly Row[], bench: Bench, json: string | undefined): Promise<number> {
  const figures: (Figure & { readonly row: string; readonly ok: boolean })[] = [];
  process.stdout.write(
    `Node ${process.version}, ${os.availableParallelism()} cores, ${os.cpus()[0]?.model ?? '?'}\n`,
  );
  process.stdout.write(line('what', 'limit', 'measured', 'baseline', ''));
  for (const row of chosen) {
    for (const figure of await measure(row, bench)) {
      const ok = isMet(figure);
      figures.push({ row: row.name, ...figure, ok });
      process.stdout.write(toLine(figure, ok));
    }
  }
  const missed = figures.filter((figure) => !figure.ok);
  const count = `${figures.length - missed.length} of ${figures.length} limits met\n`;
  process.stdout.write(count);
  if (json !== undefined) {
    const document = { node: process.version, at: new Date().toISOString(), figures };
    writeFileSync(json, `${JSON.stringify(document, null, 2)}\n`);
  }
  return missed.length === 0 ? 0 : 1;
}

/** A row that cannot be measured is a limit missed; the others are measured all the same. */
async function measure(row: Row, bench: Bench): Promise<readonly Figure[]> {
  try {
    return await row.measure(bench);
  } catch (error) {
    const baseline = error instanceof Error ? error.message : String(error);
    return [{ what: `${row.name}: not measured`, limit: 0, measured: NaN, unit: '', baseline }];
  }
}

/** As many as the limits of the unit need. */
const DIGITS: Readonly<Record<Figure['unit'], number>> = { x: 2, ms: 1, MB: 2, '%': 2, '': 0 };

function toLine(figure: Figure, ok: boolean): string {
  const sign = figure.rule === 'atLeast' ? '>=' : figure.rule === 'below' ? '<' : '<=';
  const limit = figure.limit === Infinity ? 'reported' : `${sign} ${figure.limit}${spaced(figure.unit)}`;
  const digits = DIGITS[figure.unit];
  const measured = `${figure.measured.toFixed(digits)}${spaced(figure.unit)}`;
  return line(figure.what, limit, measured, figure.baseline, ok ? 'pass' : 'FAIL');
}

function spaced(unit: Figure['unit']): string {
  return unit === '' ? '' : ` ${unit}`;
}

function line(what: string, limit: string, measured: string, baseline: string, verdict: string): string {
  return `${what.padEnd(58)} ${limit.padStart(10)} ${measured.padStart(10)}  ${verdict.padEnd(4)}  ${baseline}\n`;
}

/** The build as it is now: another build under way must not end a running measurement. */
function openBench(source: string, folder: string): Bench {
  const parts = ['bin', 'dist', 'package.json', 'oclif.manifest.json'];
  const missing = parts.filter((part) => !existsSync(path.join(source, part)));
  if (missing.length > 0) throw new Error(`${source} has no ${missing.join(', ')}: npm run build`);
  const program = path.join(folder, 'program');
  for (const part of parts) cpSync(path.join(source, part), path.join(program, part), { recursive: true });
  symlinkSync(path.join(source, 'node_modules'), path.join(program, 'node_modules'));
  const home = path.join(folder, 'home');
  mkdirSync(home);
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: home, LANG: 'C.UTF-8' };
  return {
    program,
    env,
    sdctl: (...args) => ({
      file: process.execPath,
      args: [path.join(program, 'bin', 'run.js'), ...args],
      env,
    }),
    file: (name) => path.join(folder, name),
  };
}
