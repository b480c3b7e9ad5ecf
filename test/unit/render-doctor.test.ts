import { describe, expect, it } from 'vitest';
import { subjectOf, type Severity } from '../../src/lib/model/finding.js';
import { subjectName } from '../../src/lib/model/subject-name.js';
import { doctorAnnotations } from '../../src/lib/render/doctor-github.js';
import { doctorMarkdown } from '../../src/lib/render/doctor-markdown.js';
import type { ReportPlace } from '../../src/lib/render/doctor-place.js';
import { doctorText } from '../../src/lib/render/doctor-text.js';
import { pasteable } from '../../src/lib/render/safe-text.js';
import { markdownCode, markdownText } from '../../src/lib/render/markdown-text.js';
import {
  aFinding,
  anOutcome,
  aReport,
  aReportOf,
  aRule,
  aServer,
  suppressionsOf,
} from '../support/doctor-report.js';
import { aView, hostile, LEAK } from './render-samples.js';

const brief = { verbose: false };

const duplicate = aFinding({
  rule: aRule({ id: 'SD204', slug: 'duplicate-endpoint', group: 'data' }),
  severity: 'error',
  detail: 'checkout/i-91c2 and checkout/i-02bd announce http://10.0.4.11:8080, metadata differ',
  fix: {
    text: 'find the process that owns the port',
    commands: [['sdctl', 'deregister', 'checkout/i-91c2']],
  },
});
const report = aReport({
  servers: [aServer(), aServer({ server: 'http://10.0.0.6:2379', problem: 'connection refused' })],
  outcomes: [
    anOutcome('pass', { id: 'SD001', slug: 'no-leader', group: 'backend' }),
    anOutcome('fail'),
    anOutcome('pass', { id: 'SD103', slug: 'ttl-too-long' }),
    anOutcome('unknown', { id: 'SD106', slug: 'expired-not-revoked' }, 'no read permission on /locks/'),
    anOutcome('skip', { id: 'SD102', slug: 'lease-without-keys' }, 'needs --observe'),
    anOutcome('fail', { id: 'SD204', slug: 'duplicate-endpoint', group: 'data' }),
  ],
  findings: [
    duplicate,
    aFinding(),
    aFinding({ suppression: { by: 'config', reason: 'a batch job', until: '2026-12-31' } }),
  ],
  gone: [{ fingerprint: '0'.repeat(16), rule: 'SD101', firstSeen: '2026-01-02', subject: 'legacy/1' }],
  guides: new Map([
    ['SD204', { detects: '', why: 'Callers count it twice.', guard: '', fix: '' }],
    ['SD101', { detects: '', why: 'Nothing removes it.', guard: '', fix: '' }],
  ]),
  verdict: { code: 10, reason: '1 finding counts with --fail-on error' },
});

describe('the report for people', () => {
  it('has sections, the worst first, and says how it ends', () => {
    expect(doctorText(report, aView(), brief)).toBe(`Connection
  ● prod-eu (etcd) answers at http://10.0.0.5:2379 (8ms)
  ▲ http://10.0.0.6:2379: connection refused
  ● 1 rule passed
Leases
  ▲ SD101  order/i-1 has no lease
           Why   Nothing removes it.
           Fix   remove it
                 sdctl deregister order/i-1
  ● 1 other rule passed
Registrations
  ✖ SD204  checkout/i-91c2 and checkout/i-02bd announce http://10.0.4.11:8080, metadata differ
           Why   Callers count it twice.
           Fix   find the process that owns the port
                 sdctl deregister checkout/i-91c2
Unknown
  ◌ SD106  expired-not-revoked: no read permission on /locks/
Suppressed
  ▲ SD101  order/i-1 has no lease (suppressed until 2026-12-31: a batch job)
Not found any more
  ○ SD101  legacy/1 since 2026-01-02
  sdctl doctor --update-baseline takes them out of the baseline.

1 error, 1 warning, 2 passed, 1 unknown, 1 left out, 1 suppressed in 640ms. Exit 10 because of --fail-on error.
`);
  });

  it('says what was seen and left out when it is asked to', () => {
    const seen = aFinding({ knownSince: '2026-03-02T09:38:10.551Z' });
    const text = doctorText({ ...report, findings: [seen] }, aView(), { verbose: true });
    expect(text).toContain('\n           Since at least 2026-03-02T09:38:10Z (1h)\n');
    expect(text).toContain('\n           Facts endpoint http://10.0.4.11:8080\n');
    expect(text).toContain('\nLeft out\n  ◌ SD102  lease-without-keys: needs --observe\n');
  });

  it('gives the reason of a rule once', () => {
    const text = doctorText(aReport({ findings: [aFinding(), aFinding()] }), aView(), brief);
    expect(text.split('Why   ')).toHaveLength(2);
    expect(text.split('Fix   ')).toHaveLength(3);
  });

  it('needs nothing but ASCII, or no glyphs', () => {
    const ascii = doctorText(report, aView({ ascii: true }), brief);
    expect(ascii).toMatch(/^[\x20-\x7e\n]*$/);
    expect(ascii).toContain('  x SD204  checkout');
    const plain = doctorText(report, aView({ plain: true }), brief);
    expect(plain).toContain('  error   SD204  checkout');
    expect(plain).toContain('  passing 1 rule passed');
    expect(plain).not.toMatch(/[●▲✖◌○]/);
  });

  it('is the same with colour, but for the colour', () => {
    const colored = doctorText(report, aView({ color: true }), brief);
    expect(colored).toContain('\u001b[31m✖\u001b[39m SD204');
    expect(colored.replaceAll(/\u001b\[\d+m/g, '')).toBe(doctorText(report, aView(), brief));
  });

  it('says when there is nothing to say', () => {
    const healthy = aReport({ servers: [], backend: 'local', context: null, service: 'order' });
    expect(doctorText(healthy, aView(), brief)).toBe(`Connection
  ● local was read; only order was looked at
Leases
  ● 1 rule passed

0 errors, 0 warnings, 1 passed, 0 unknown, 0 suppressed in 640ms. Exit 0: no finding counts with --fail-on error.
`);
  });

  it('counts the rest of what does not count', () => {
    const hidden = aFinding({ suppression: suppressionsOf('old')[3] ?? null });
    const text = doctorText(aReport({ findings: Array.from({ length: 30 }, () => hidden) }), aView(), brief);
    expect(text).toContain('\n  and 10 more, see -o json\n');
    expect(text.split('\n').filter((line) => line.includes('SD101'))).toHaveLength(20);
    expect(text).toContain('0 suppressed, 30 in the baseline in');
  });

  it.each(Object.entries(hostile))('holds %s harmlessly, on lines of its own', (_name, text) => {
    for (const view of [aView(), aView({ ascii: true }), aView({ plain: true })]) {
      const shown = doctorText(aReportOf(text), view, { verbose: true });
      expect(shown).not.toMatch(LEAK);
      if (view.ascii) expect(shown).toMatch(/^[\x20-\x7e\n]*$/);
      expect(shown).not.toMatch(/^Error: forged/m);
      const ordinary = doctorText(aReportOf('x'), view, { verbose: true });
      // A command that cannot be pasted as it is shown is not offered, and takes its line with it.
      const isOffered = pasteable([text]) !== null && (!view.ascii || /^[\x20-\x7e]*$/.test(text));
      expect(shown.split('\n')).toHaveLength(ordinary.split('\n').length - (isOffered ? 0 : 4));
    }
  });
});

describe('annotations of GitHub', () => {
  const place: ReportPlace = {
    path: 'deploy/a,b.yaml',
    regionOf: (service) => (service === 'order' ? { line: 3, column: 5, endColumn: 10 } : null),
  };
  const many = (severity: Severity, count: number) =>
    Array.from({ length: count }, () => aFinding({ severity }));

  it('say what was found and what to do, where there is a file', () => {
    expect(doctorAnnotations(aReport({ findings: [aFinding()] }), place)).toBe(
      '::warning file=deploy/a%2Cb.yaml,line=3,col=5,endColumn=10,title=SD101 key-without-lease::order/i-1 has no lease%0AFix: remove it%0Asdctl deregister order/i-1\n',
    );
    expect(doctorAnnotations(aReport({ findings: [aFinding({ severity: 'info' })] }), null)).toMatch(
      /^::notice title=SD101 key-without-lease::order/,
    );
  });

  it('are at most ten of each kind, the worst first, the last one counting the rest', () => {
    const findings = [...many('error', 10), ...many('warning', 13), ...many('info', 1)];
    const lines = doctorAnnotations(aReport({ findings }), null).trimEnd().split('\n');
    expect(lines.map((line) => line.slice(2, line.indexOf(' ')))).toEqual([
      ...Array.from({ length: 10 }, () => 'error'),
      ...Array.from({ length: 10 }, () => 'warning'),
      'notice',
    ]);
    expect(lines[19]).toBe('::warning title=sdctl doctor::4 more, see the summary of this step');
  });

  it('leave out what does not count', () => {
    const findings = suppressionsOf('x').map((suppression) => aFinding({ suppression }));
    expect(doctorAnnotations(aReport({ findings }), null)).toBe('');
  });

  it('say first that nobody can rely on the run', () => {
    const verdict = { code: 11, reason: '3 of 4 rules could not be decided' } as const;
    const lines = doctorAnnotations(aReport({ verdict, findings: many('error', 12) }), null)
      .trimEnd()
      .split('\n');
    expect(lines[0]).toBe('::error title=sdctl doctor::3 of 4 rules could not be decided');
    expect(lines).toHaveLength(10);
    expect(lines[9]).toContain('::4 more,');
  });

  it.each([
    ...Object.entries(hostile),
    ['command', 'x\n::add-mask::y'],
    ['percent', '100%0A::error::x'],
    ['property', 'a,file=b::c'],
  ])('are one line each for %s', (_name, text) => {
    const lines = doctorAnnotations(aReportOf(text), { ...place, path: text }).split('\n');
    expect(lines.pop()).toBe('');
    expect(lines).toHaveLength(4);
    for (const line of lines) {
      expect(line).not.toMatch(LEAK);
      // GitHub reads the properties up to the next pair of colons.
      const [, properties = ''] = /^::(?:error|warning|notice) (.*?)::/.exec(line) ?? [];
      expect(properties).toMatch(/,title=SD\d{3} [a-z-]+$/);
      expect(properties.split(',').map((pair) => pair.split('=')[0])).toEqual([
        'file',
        'line',
        'col',
        'endColumn',
        'title',
      ]);
    }
  });
});

describe('Markdown', () => {
  it('has every finding in a table', () => {
    expect(doctorMarkdown(report)).toBe(`### sdctl doctor failed: \`prod-eu\` (etcd)

1 error, 1 warning, 0 info, 2 rules passed, 1 unknown, 1 suppressed, 0 in the baseline. Exit 10: 1 finding counts with \`--fail-on\` error.

| Severity | Rule | Subject | Finding | Fix |
| --- | --- | --- | --- | --- |
| error | SD204 duplicate-endpoint | \`order/i-1\` | \`checkout/i-91c2\` and \`checkout/i-02bd\` announce \`http://10.0.4.11:8080\`, metadata differ | find the process that owns the port<br>\`sdctl deregister checkout/i-91c2\` |
| warning | SD101 key-without-lease | \`order/i-1\` | \`order/i-1\` has no lease | remove it<br>\`sdctl deregister order/i-1\` |

#### Unknown

| Rule | Why |
| --- | --- |
| SD106 expired-not-revoked | no read permission on \`/locks/\` |

#### Suppressed

| Rule | Subject | Finding | Why |
| --- | --- | --- | --- |
| SD101 key-without-lease | \`order/i-1\` | \`order/i-1\` has no lease | suppressed until \`2026-12-31\`: a batch job |

#### Not found any more

| Rule | Subject | First seen |
| --- | --- | --- |
| \`SD101\` | \`legacy/1\` | \`2026-01-02\` |
`);
  });

  it.each([
    ['plain words, and 12 numbers (three): fine.', 'plain words, and 12 numbers (three): fine.'],
    ['order/i-1@node-2 is late', '`order/i-1@node-2` is late'],
    ['see (www.evil.example).', 'see (`www.evil.example`).'],
    ['**bold** #12 @team', '`**bold**` `#12` `@team`'],
    ['a|b', '<code>a&#124;b</code>'],
    ['`x`', '<code>&#96;x&#96;</code>'],
    [String.raw`a\|b`, '<code>a&#92;&#124;b</code>'],
    ['<img/src=x>', '`<img/src=x>`'],
    ['[a](http://b)', '`[a](http://b`)'],
    ['a  b', 'a  b'],
    ['):', '<code>&#41;&#58;</code>'],
    ['', ''],
  ])('takes %j for text', (text, expected) => {
    expect(markdownText(text)).toBe(expected);
  });

  it('takes a name for code as a whole', () => {
    expect(markdownCode('a b')).toBe('`a b`');
    expect(markdownCode('`')).toBe('<code>&#96;</code>');
    expect(markdownCode('')).toBe('');
  });

  it.each([...Object.entries(hostile), ['cell', 'a | b |\n| c']])('keeps its rows for %s', (_name, text) => {
    const shown = doctorMarkdown(aReportOf(text));
    expect(shown).not.toMatch(LEAK);
    const ordinary = doctorMarkdown(aReportOf('x'));
    expect(shown.split('\n')).toHaveLength(ordinary.split('\n').length);
    const cells = (document: string): readonly number[] =>
      document
        .split('\n')
        .filter((line) => line.startsWith('|'))
        .map((line) => line.split('|').length);
    expect(cells(shown)).toEqual(cells(ordinary));
  });

  it('stays below what GitHub takes, and counts the rest', () => {
    const findings = Array.from({ length: 5_000 }, () => aFinding({ detail: `${'long '.repeat(60)}end` }));
    const shown = doctorMarkdown(aReport({ findings }));
    expect(Buffer.byteLength(shown)).toBeLessThan(1024 ** 2);
    expect(shown).toMatch(/\n\nand \d+ more\n/);
  });
});

describe('a subject', () => {
  it.each([
    [{ service: 'order', instance: 'i-1' }, 'order/i-1'],
    [{ service: 'order', instance: 'a/b', node: 'n@1' }, 'order/a%2Fb@n%401'],
    [{ service: 'order', key: '/k' }, 'order'],
    [{ service: 'order', node: 'n1' }, 'order on node n1'],
    [{ node: 'n1' }, 'node n1'],
    [{ lease: 'c1', node: 'n1' }, 'lease c1 on node n1'],
    [{ server: 'http://h:1' }, 'server http://h:1'],
    [{ key: '/k' }, '/k'],
    [{ address: '10.0.0.1:80' }, '10.0.0.1:80'],
    [{ instance: 'i-1' }, 'i-1'],
    [{}, 'the registry'],
  ])('%j is called %s', (parts, expected) => {
    expect(subjectName(subjectOf(parts))).toBe(expected);
  });
});
