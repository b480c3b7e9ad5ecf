import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBaseline, writeBaseline } from '../../../src/lib/command/doctor-baseline.js';
import {
  formatBaseline,
  goneFrom,
  nextBaseline,
  parseBaseline,
  type Baseline,
} from '../../../src/lib/doctor/baseline.js';
import type { BaselineEntry } from '../../../src/lib/model/doctor-report.js';
import { subjectOf, type ExaminationReport } from '../../../src/lib/model/finding.js';
import { escapeField, unescapeField } from '../../../src/lib/render/safe-text.js';
import { aFinding, anOutcome, aRule, suppressionsOf } from '../../support/doctor-report.js';
import { leak, vectors } from '../../support/hostile.js';
import { makeTempDir } from '../../support/servers/lifetime.js';

const whole = { service: null, isComplete: true };

function anEntry(index: number, change: Partial<BaselineEntry> = {}): BaselineEntry {
  const fingerprint = index.toString(16).padStart(16, '0');
  return { fingerprint, rule: 'SD101', firstSeen: '2026-01-02', subject: `order/i-${index}`, ...change };
}

function aBaseline(...entries: readonly BaselineEntry[]): Baseline {
  return new Map(entries.map((entry) => [entry.fingerprint, entry]));
}

function read(text: string): Baseline {
  const parsed = parseBaseline(text);
  if (!parsed.ok) throw new Error(`line ${parsed.line}: ${parsed.why}`);
  return parsed.baseline;
}

describe('the text of a baseline', () => {
  it('has one sorted line for each finding below a comment', () => {
    const lines = formatBaseline(aBaseline(anEntry(11), anEntry(2, { rule: 'SD203' }))).split('\n');
    expect(lines.filter((line) => !line.startsWith('#'))).toEqual([
      '0000000000000002\tSD203\t2026-01-02\torder/i-2',
      '000000000000000b\tSD101\t2026-01-02\torder/i-11',
      '',
    ]);
    expect(lines[0]).toMatch(/^# /);
  });

  it('does not depend on the order of what was found', () => {
    const entries = [anEntry(3), anEntry(1), anEntry(2)];
    expect(formatBaseline(aBaseline(...entries))).toBe(formatBaseline(aBaseline(...entries.reverse())));
  });

  it('is read as it was written', () => {
    const entry = fc.record({
      fingerprint: fc.stringMatching(/^[0-9a-f]{16}$/),
      rule: fc.stringMatching(/^SD[0-9]{3}$/),
      firstSeen: fc.constantFrom('2026-01-02', '2024-02-29'),
      subject: fc.string({ unit: 'binary' }).map(escapeField),
    });
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        const baseline = aBaseline(...entries);
        expect(read(formatBaseline(baseline))).toEqual(baseline);
      }),
    );
  });

  it('may have been touched by people and editors', () => {
    const text = `\ufeff# ours\r\n\r\n0000000000000001\tSD101\t2026-01-02\torder/i-1\r\n  \n`;
    expect(read(text)).toEqual(aBaseline(anEntry(1)));
  });

  it('merged from two branches keeps the earlier day', () => {
    const [early, late] = [anEntry(1, { firstSeen: '2025-12-31' }), anEntry(1)];
    for (const both of [
      [early, late],
      [late, early],
    ]) {
      const text = both.map((entry) => Object.values(entry).join('\t')).join('\n');
      expect(read(text).get(early.fingerprint)?.firstSeen).toBe('2025-12-31');
    }
  });

  it.each([
    ['<<<<<<< HEAD', 'it has 1 fields in place of 4'],
    ['0000000000000001 SD101 2026-01-02 x', 'it has 1 fields in place of 4'],
    ['000000000000001\tSD101\t2026-01-02\tx', 'its fingerprint is not 16 hex digits'],
    ['0000000000000001\tkey-without-lease\t2026-01-02\tx', 'its rule is no id such as SD101'],
    ['0000000000000001\tSD101\t2026-02-30\tx', 'its day is not one such as 2026-03-02'],
    ['0000000000000001\tSD101\t2026-01-02\tx\ty', 'it has 5 fields in place of 4'],
  ])('is refused for %j', (line, why) => {
    expect(parseBaseline(`# x\n${line}\n`)).toEqual({ ok: false, line: 2, why });
  });
});

const other = aRule({ id: 'SD203' });

function aReport(change: Partial<ExaminationReport> = {}): ExaminationReport {
  return { outcomes: [anOutcome('pass'), anOutcome('pass', other)], findings: [], ...change };
}

describe('what the baseline names in vain', () => {
  const baseline = aBaseline(anEntry(1), anEntry(2, { rule: 'SD203' }));

  it('is gone', () => {
    const found = aFinding({ fingerprint: anEntry(1).fingerprint });
    expect(goneFrom(baseline, aReport({ findings: [found] }), whole)).toEqual([
      anEntry(2, { rule: 'SD203' }),
    ]);
  });

  it('is not, while it is found, suppressed or not', () => {
    for (const suppression of [null, ...suppressionsOf('x')]) {
      const found = aFinding({ fingerprint: anEntry(1).fingerprint, suppression });
      const report = aReport({ findings: [found] });
      expect(goneFrom(baseline, report, whole).map(({ fingerprint }) => fingerprint)).toEqual([
        anEntry(2).fingerprint,
      ]);
    }
  });

  it('is not, where its rule was not decided, or not everything was looked at', () => {
    for (const status of ['skip', 'unknown'] as const)
      expect(goneFrom(baseline, { outcomes: [anOutcome(status)], findings: [] }, whole)).toEqual([]);
    expect(goneFrom(baseline, aReport(), { ...whole, service: 'order' })).toEqual([]);
    expect(goneFrom(baseline, aReport(), { ...whole, isComplete: false })).toEqual([]);
  });
});

describe('the next baseline', () => {
  const change = { old: null, scope: whole, today: '2026-03-02', escape: escapeField };

  it('accepts what is found, and keeps the day it was seen first', () => {
    const findings = [
      aFinding({ fingerprint: anEntry(1).fingerprint }),
      aFinding({ fingerprint: anEntry(2).fingerprint }),
    ];
    const next = nextBaseline({ ...change, old: aBaseline(anEntry(1)), report: aReport({ findings }) });
    expect([...next.values()].map(({ firstSeen, subject }) => [firstSeen, subject])).toEqual([
      ['2026-01-02', 'order/i-1'],
      ['2026-03-02', 'order/i-1'],
    ]);
  });

  it('drops what is gone and what is hidden elsewhere, and keeps what is in it already', () => {
    const findings = suppressionsOf('x').map((suppression, index) =>
      aFinding({ fingerprint: anEntry(index).fingerprint, suppression }),
    );
    const old = aBaseline(...[0, 1, 2, 3, 4].map((index) => anEntry(index)));
    const next = nextBaseline({ ...change, old, report: aReport({ findings }) });
    expect([...next.keys()]).toEqual([anEntry(3).fingerprint]);
  });

  it('keeps what this run could not judge', () => {
    const old = aBaseline(anEntry(1), anEntry(2, { rule: 'SD203' }));
    const report = { outcomes: [anOutcome('pass'), anOutcome('unknown', other)], findings: [] };
    expect([...nextBaseline({ ...change, old, report }).keys()]).toEqual([anEntry(2).fingerprint]);
    const scope = { ...whole, service: 'order' };
    expect(nextBaseline({ ...change, old, report, scope })).toEqual(old);
  });

  it('never accepts a rule that broke', () => {
    const report = aReport({ findings: [aFinding({ rule: aRule({ id: 'SD999' }) })] });
    expect(nextBaseline({ ...change, report }).size).toBe(0);
  });

  it.each(Object.entries(vectors))('holds %s in one harmless line', (_name, text) => {
    const subject = subjectOf({ service: text });
    const next = nextBaseline({ ...change, report: aReport({ findings: [aFinding({ subject })] }) });
    const written = formatBaseline(next);
    expect(written).not.toMatch(leak);
    const [entry] = read(written).values();
    expect(unescapeField(entry?.subject ?? '')).toBe(text);
  });
});

describe('the file of a baseline', () => {
  const place = (): string => path.join(makeTempDir('baseline'), 'baseline.txt');

  it('may be missing only where it is about to be written', () => {
    const file = place();
    expect(readBaseline(file, true)).toBeNull();
    expect(() => readBaseline(file, false)).toThrow(
      expect.objectContaining({ code: 'E_FILE', why: 'no such file' }) as Error,
    );
  });

  it('is read as it was written, and nothing is left beside it', () => {
    const file = place();
    writeBaseline(file, aBaseline(anEntry(1)));
    writeBaseline(file, aBaseline(anEntry(1), anEntry(2)));
    expect(readBaseline(file, false)).toEqual(aBaseline(anEntry(1), anEntry(2)));
    expect(readdirSync(path.dirname(file))).toEqual(['baseline.txt']);
  });

  it('keeps its mode, and the link that leads to it', () => {
    const file = place();
    writeBaseline(file, new Map());
    chmodSync(file, 0o664);
    const link = path.join(path.dirname(file), 'link.txt');
    symlinkSync(file, link);
    writeBaseline(link, aBaseline(anEntry(1)));
    expect(statSync(file).mode & 0o777).toBe(0o664);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readBaseline(file, false)).toEqual(aBaseline(anEntry(1)));
  });

  it('is named with the line that is none', () => {
    const file = place();
    writeFileSync(file, '# x\n\nnope\n');
    expect(() => readBaseline(file, true)).toThrow(`${file} line 3 is no line of a baseline`);
  });

  it('is no folder', () => {
    const file = place();
    mkdirSync(file);
    expect(() => readBaseline(file, true)).toThrow(
      expect.objectContaining({ code: 'E_FILE', why: 'it is no regular file' }) as Error,
    );
    expect(() => {
      writeBaseline(file, new Map());
    }).toThrow(expect.objectContaining({ code: 'E_FILE', why: 'it is not a regular file' }) as Error);
    expect(readdirSync(path.dirname(file))).toEqual(['baseline.txt']);
  });

  it('that cannot be replaced stays as it was', () => {
    const file = place();
    writeBaseline(file, aBaseline(anEntry(1)));
    const before = readFileSync(file, 'utf8');
    const missing = path.join(path.dirname(file), 'none', 'baseline.txt');
    expect(() => {
      writeBaseline(missing, new Map());
    }).toThrow(expect.objectContaining({ code: 'E_FILE', why: 'ENOENT' }) as Error);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });
});
