import { describe, expect, it } from 'vitest';
import { clusterAlarm } from '../../../src/lib/doctor/rules/sd002-cluster-alarm.js';
import { noLeader } from '../../../src/lib/doctor/rules/sd001-no-leader.js';
import type { Found } from '../../../src/lib/model/finding.js';
import { run } from './premises.js';
import { aConsulServer, aServer, aSilentServer, withFacts } from './server-premises.js';

const threeServers = ['n1', 'n2', 'n3'].map((name) => aConsulServer(name));

describe('on etcd', () => {
  it('finds one alarm once, whichever servers raise it, and also where they repeat it', () => {
    // 26 is 1a in decimal.
    const errors = ['memberID:26 alarm:NOSPACE '];
    const servers = [aServer('https://1a', { errors }), aServer('https://2b', { errors })];
    const alarms = [
      { memberId: '1a', kind: 'Nospace' },
      { memberId: '2b', kind: 'NOSPACE' },
    ];
    expect(run(clusterAlarm, withFacts({ servers, alarms }))).toMatchObject([
      {
        severity: 'error',
        subject: { server: null },
        identity: ['alarm', 'NOSPACE'],
        evidence: [
          { name: 'alarm', value: 'NOSPACE' },
          { name: 'raised by', value: 'https://1a' },
          { name: 'raised by', value: 'https://2b' },
        ],
      },
    ]);
  });

  it('names the only server that raises it', () => {
    const servers = [aServer('https://1a'), aServer('https://2b')];
    const alarms = [{ memberId: '2b', kind: 'CORRUPT' }];
    const found = run(clusterAlarm, withFacts({ servers, alarms }));
    expect(found).toMatchObject([{ subject: { server: 'https://2b' } }]);
    expect(JSON.stringify((found as readonly Found[])[0]?.fix.commands)).not.toContain('disarm');
  });

  it('reads alarms from what the servers say where they may not be listed', () => {
    const servers = [aServer('https://1a', { errors: ['memberID:26  alarm:CORRUPT'] })];
    expect(run(clusterAlarm, withFacts({ servers, alarms: null }))).toMatchObject([
      { identity: ['alarm', 'CORRUPT'], subject: { server: 'https://1a' } },
    ]);
  });

  it('finds what servers complain about, once for all of them', () => {
    const errors = ['disk 93 is slow'];
    const servers = [aServer('s1', { errors }), aServer('s2', { errors }), aServer('s3')];
    expect(run(clusterAlarm, withFacts({ servers, alarms: [] }))).toMatchObject([
      {
        severity: 'error',
        identity: ['complaint', 'disk # is slow'],
        evidence: [{ value: 's1' }, { value: 's2' }],
      },
    ]);
  });

  it('leaves a well cluster alone, and the missing leader to SD001', () => {
    const well = withFacts({ servers: [aServer('s1')], alarms: [] });
    expect(run(clusterAlarm, well)).toEqual([]);
    const errors = ['etcdserver: no leader'];
    const leaderless = withFacts({ servers: [aServer('s1', { leader: '', errors })], alarms: null });
    expect(run(clusterAlarm, leaderless)).toEqual([]);
    expect(run(noLeader, leaderless)).toHaveLength(1);
  });

  it('does not know where neither alarms nor servers can be read', () => {
    expect(run(clusterAlarm, withFacts({ servers: [aSilentServer('s1')] }))).toBe('unknown');
    const denied = [
      { call: 'alarm list', why: 'permission denied: whether an alarm is raised is not known' },
    ];
    const mute = aServer('s1', { leader: null });
    expect(clusterAlarm.applies?.(withFacts({ servers: [mute], denied }))).toEqual({
      status: 'unknown',
      reason: denied[0]?.why,
    });
  });
});

describe('on Consul', () => {
  const backend = 'consul' as const;

  it('finds servers that are not healthy, and names the one that is away', () => {
    const members = [...threeServers.slice(1), aConsulServer('n1', 'failed')];
    const facts = { isHealthy: false, failureTolerance: 0, members };
    expect(run(clusterAlarm, withFacts(facts, { backend }))).toMatchObject([
      { severity: 'error', subject: { server: 'n1' }, identity: ['unhealthy'] },
    ]);
  });

  it('warns where three servers may not lose one', () => {
    const facts = { isHealthy: true, failureTolerance: 0, members: threeServers };
    expect(run(clusterAlarm, withFacts(facts, { backend }))).toMatchObject([
      { severity: 'warning', identity: ['tolerance'] },
    ]);
  });

  it.each([
    ['three servers of which one may fail', { failureTolerance: 1, members: threeServers }],
    ['one server, which cannot do without itself', { failureTolerance: 0, members: [aConsulServer('n1')] }],
    [
      'two servers beside one that has left',
      { failureTolerance: 0, members: [...threeServers.slice(1), aConsulServer('n1', 'left')] },
    ],
    [
      'agents that are no servers',
      {
        failureTolerance: 0,
        members: threeServers.map((member, at) => ({ ...member, isServer: at === 0 })),
      },
    ],
  ])('leaves alone %s', (_what, facts) => {
    expect(run(clusterAlarm, withFacts({ isHealthy: true, ...facts }, { backend }))).toEqual([]);
  });

  it('leaves it to SD001 that nobody is healthy without a leader', () => {
    const facts = { isHealthy: false, failureTolerance: 0, members: threeServers };
    const severe = [{ severity: 'error' } as Found];
    const mild = [{ severity: 'warning' } as Found];
    const after = (found: readonly Found[]): unknown =>
      run(clusterAlarm, withFacts(facts, { backend, earlier: new Map([['SD001', found]]) }));
    expect(after(severe)).toEqual([]);
    expect(after(mild)).toHaveLength(1);
  });

  it('does not know where autopilot may not be read', () => {
    expect(run(clusterAlarm, withFacts({ members: threeServers }, { backend }))).toBe('unknown');
  });
});
