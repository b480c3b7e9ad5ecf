import { describe, expect, it } from 'vitest';
import { noLeader } from '../../../src/lib/doctor/rules/sd001-no-leader.js';
import { run } from './premises.js';
import { aServer, aSilentServer, withFacts } from './server-premises.js';

const leaderless = { leader: '', canReadFromLeader: false } as const;

describe('finds', () => {
  it('one error however many servers know no leader, and names the silent ones', () => {
    const servers = [aServer('s1', leaderless), aServer('s2', leaderless), aSilentServer('s3')];
    const found = run(noLeader, withFacts({ servers }));
    expect(found).toMatchObject([{ severity: 'error', subject: { server: null }, identity: ['no-leader'] }]);
    expect(found).toMatchObject([
      {
        evidence: [
          { name: 's1', value: expect.stringContaining('no leader') as string },
          { name: 's2' },
          { name: 's3', value: 'no answer: connection refused' },
        ],
        fix: { text: expect.stringContaining('no answer from s3') as string },
      },
    ]);
  });

  it('the server itself where it is the only one', () => {
    const found = run(noLeader, withFacts({ servers: [aServer('s1', leaderless)] }));
    expect(found).toMatchObject([{ severity: 'error', subject: { server: 's1' } }]);
  });

  it('an error where a leader is named and nobody can read through it', () => {
    const servers = [
      aServer('s1', { canReadFromLeader: false }),
      aServer('s2', { canReadFromLeader: false }),
    ];
    expect(run(noLeader, withFacts({ servers }))).toMatchObject([
      { severity: 'error', identity: ['unreachable-leader'] },
    ]);
  });

  it('a warning for one server that has no leader while others follow one', () => {
    const servers = [aServer('s1'), aServer('s2', leaderless), aServer('s3')];
    expect(run(noLeader, withFacts({ servers }))).toMatchObject([
      { severity: 'warning', subject: { server: 's2' }, identity: ['cut-off', 's2'] },
    ]);
  });

  it('a warning for one server that cannot read through the leader that it names', () => {
    const servers = [aServer('s1'), aServer('s2', { canReadFromLeader: false })];
    expect(run(noLeader, withFacts({ servers }))).toMatchObject([
      { severity: 'warning', subject: { server: 's2' } },
    ]);
  });

  it('different leaders of one term', () => {
    const servers = [aServer('s1'), aServer('s2', { leader: '2b' })];
    expect(run(noLeader, withFacts({ servers }))).toMatchObject([
      { severity: 'error', identity: ['rivals'] },
    ]);
  });

  it('a Consul without a leader', () => {
    const servers = [aServer('s1', { ...leaderless, term: null })];
    expect(run(noLeader, withFacts({ servers }, { backend: 'consul' }))).toMatchObject([
      { severity: 'error', subject: { server: 's1' } },
    ]);
  });
});

describe('leaves alone', () => {
  it.each([
    ['servers that follow one leader', [aServer('s1'), aServer('s2'), aServer('s3')]],
    ['two leaders of two terms', [aServer('s1'), aServer('s2', { leader: '2b', term: '8' })]],
    ['two clusters', [aServer('s1'), aServer('s2', { leader: '2b', clusterId: 'c2' })]],
    ['a server that is merely silent', [aServer('s1'), aSilentServer('s2')]],
    ['a server that may not tell its leader and reads', [aServer('s1', { leader: null, term: null })]],
  ])('%s', (_what, servers) => {
    expect(run(noLeader, withFacts({ servers }))).toEqual([]);
  });

  it('two answers of Consul in the course of an election', () => {
    const servers = [
      aServer('s1', { leader: '10.0.0.1:8300', term: null }),
      aServer('s2', { leader: '10.0.0.2:8300', term: null }),
    ];
    expect(run(noLeader, withFacts({ servers }, { backend: 'consul' }))).toEqual([]);
  });
});

it('does not know where no server says anything', () => {
  expect(run(noLeader, withFacts({ servers: [aSilentServer('s1')] }))).toBe('unknown');
  const mute = aServer('s1', { leader: null, canReadFromLeader: null });
  expect(run(noLeader, withFacts({ servers: [mute] }))).toBe('unknown');
});
