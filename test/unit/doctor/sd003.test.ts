import { describe, expect, it } from 'vitest';
import { dbNearQuota } from '../../../src/lib/doctor/rules/sd003-db-near-quota.js';
import { defaultSettings, defaultThresholds } from '../../../src/lib/doctor/settings.js';
import type { Found } from '../../../src/lib/model/finding.js';
import { run } from './premises.js';
import { aServer, aSilentServer, withFacts } from './server-premises.js';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** A server with a database of that size, all of it in use. */
function sized(sizeBytes: number, quotaBytes: number | null = null, inUseBytes = sizeBytes) {
  return aServer('s1', { dbSizeBytes: sizeBytes, dbInUseBytes: inUseBytes, quotaBytes });
}

describe('near the quota', () => {
  it('is a warning at 80 % and an error at 95 %', () => {
    expect(run(dbNearQuota, withFacts({ servers: [sized(0.8 * GIB, GIB)] }))).toMatchObject([
      { severity: 'warning', subject: { server: 's1' }, identity: ['quota'] },
    ]);
    expect(run(dbNearQuota, withFacts({ servers: [sized(0.95 * GIB, GIB)] }))).toMatchObject([
      { severity: 'error' },
    ]);
    expect(run(dbNearQuota, withFacts({ servers: [sized(0.79 * GIB, GIB)] }))).toEqual([]);
  });

  it('is never an error against a quota that is only assumed, and says so', () => {
    const found = run(dbNearQuota, withFacts({ servers: [sized(1.99 * GIB)] }));
    expect(found).toMatchObject([{ severity: 'warning' }]);
    expect((found as readonly Found[])[0]?.evidence).toContainEqual({
      name: 'quota',
      value: '2.0 GiB, assumed: etcd does not tell it',
    });
  });

  it('is not said of a database that has passed the quota which was assumed', () => {
    expect(run(dbNearQuota, withFacts({ servers: [sized(2.5 * GIB)] }))).toEqual([]);
  });

  it('is not said where there is no quota', () => {
    expect(run(dbNearQuota, withFacts({ servers: [sized(7 * GIB, -1)] }))).toEqual([]);
  });

  it('is one finding of all servers, about the fullest', () => {
    const servers = [
      aServer('s1', { dbSizeBytes: 0.85 * GIB, quotaBytes: GIB }),
      aServer('s2', { dbSizeBytes: 0.96 * GIB, quotaBytes: GIB }),
      aSilentServer('s3'),
    ];
    expect(run(dbNearQuota, withFacts({ servers }))).toMatchObject([
      { severity: 'error', subject: { server: 's2' }, identity: ['quota'] },
    ]);
  });

  it('follows the thresholds of the settings', () => {
    const thresholds = { ...defaultThresholds, quotaWarningShare: 0.5 };
    const settings = { ...defaultSettings, thresholds };
    expect(run(dbNearQuota, withFacts({ servers: [sized(0.6 * GIB, GIB)] }, { settings }))).toHaveLength(1);
  });
});

describe('fragmentation', () => {
  it('is information about a large file that is used to less than half', () => {
    expect(run(dbNearQuota, withFacts({ servers: [sized(300 * MIB, null, 100 * MIB)] }))).toMatchObject([
      { severity: 'info', subject: { server: 's1' }, identity: ['fragmentation'] },
    ]);
  });

  it.each([
    ['a small file', sized(100 * MIB, null, 10 * MIB)],
    ['half in use', sized(300 * MIB, null, 150 * MIB)],
    ['a server that does not say what is in use', aServer('s1', { dbSizeBytes: GIB, dbInUseBytes: null })],
  ])('is not said of %s', (_what, server) => {
    expect(run(dbNearQuota, withFacts({ servers: [server] }))).toEqual([]);
  });

  it('is no second finding beside a full database', () => {
    const found = run(dbNearQuota, withFacts({ servers: [sized(0.9 * GIB, GIB, 100 * MIB)] }));
    expect(found).toMatchObject([{ identity: ['quota'] }]);
  });
});

describe('applies', () => {
  const servers = [sized(GIB, GIB)];
  const alarms = [{ memberId: 's1', kind: 'NOSPACE' }];
  const earlier = new Map([['SD002', [{ severity: 'error' } as Found]]]);

  it('leaves a full database to SD002 where that has told of it', () => {
    expect(run(dbNearQuota, withFacts({ servers, alarms }, { earlier }))).toBe('skip');
    expect(run(dbNearQuota, withFacts({ servers, alarms }))).toHaveLength(1);
    const other = [{ memberId: 's1', kind: 'CORRUPT' }];
    expect(run(dbNearQuota, withFacts({ servers, alarms: other }, { earlier }))).toHaveLength(1);
  });

  it('does not know where no server tells its size', () => {
    expect(run(dbNearQuota, withFacts({ servers: [aSilentServer('s1')] }))).toBe('unknown');
  });
});
