/** The rules over a mirrored membership. */
import { describe, expect, it } from 'vitest';
import { defaultSettings, type DoctorSettings } from '../../src/lib/doctor/settings.js';
import type { ExaminationReport } from '../../src/lib/model/finding.js';
import { instanceKey, type Instance, type UndecodedEntry } from '../../src/lib/model/instance.js';
import { MirrorState } from '../../src/lib/tui/doctor/mirror-state.js';
import type { LeaseReading, MirrorSetup } from '../../src/lib/tui/doctor/protocol.js';
import { anInstance } from '../support/builders.js';

const moment = { takenAtMs: Date.parse('2026-03-02T10:00:00Z'), monotonicMs: 1_000 };

function aState(overrides: Partial<MirrorSetup> = {}): MirrorState {
  return new MirrorState({
    backend: 'etcd',
    context: null,
    service: null,
    settings: defaultSettings,
    identity: 'here',
    ...overrides,
  });
}

function aReading(id: string, overrides: Partial<LeaseReading> = {}): LeaseReading {
  return { id, grantedSeconds: 30, leftSeconds: 25, isOverdue: false, ...overrides };
}

const withoutLease = anInstance({ id: 'bare', lease: null, warnings: ['no-lease'] });
const found = ({ findings }: ExaminationReport): string[] =>
  findings.map(({ rule, subject }) => `${rule.id} ${subject.instance ?? subject.key ?? ''}`);
const statusOf = ({ outcomes }: ExaminationReport, id: string): string | undefined =>
  outcomes.find(({ rule }) => rule.id === id)?.status;

describe('MirrorState', () => {
  it('judges what it holds now', () => {
    const state = aState();
    state.edit({ type: 'put', items: [withoutLease] });
    expect(found(state.run(moment))).toEqual(['SD101 bare']);
    state.edit({ type: 'put', items: [{ ...withoutLease, lease: anInstance().lease, warnings: [] }] });
    expect(found(state.run(moment))).toEqual([]);
    state.edit({ type: 'put', items: [withoutLease] });
    state.edit({ type: 'remove', items: [instanceKey(withoutLease)] });
    expect(found(state.run(moment))).toEqual([]);
    state.edit({ type: 'put', items: [withoutLease] });
    state.edit({ type: 'clear', partial: false });
    expect(found(state.run(moment))).toEqual([]);
  });

  it('runs the instant rules only; what needs servers is not passed', () => {
    const report = aState().run(moment);
    const modes = new Set(report.outcomes.map(({ rule }) => rule.mode));
    expect(modes).toEqual(new Set(['instant']));
    for (const id of ['SD001', 'SD002', 'SD003']) expect(['skip', 'unknown']).toContain(statusOf(report, id));
  });

  it('leaves out what is suppressed by the config file and by the instance', () => {
    const settings: DoctorSettings = {
      ...defaultSettings,
      suppressions: [
        {
          rule: 'SD101',
          service: 'batch*',
          instance: null,
          node: null,
          key: null,
          reason: 'static',
          until: '2030-01-01',
        },
      ],
    };
    const state = aState({ settings });
    const elsewhere = [{ protocol: 'http', address: '10.0.0.2', port: 8_080 }];
    const marked: Instance = { ...withoutLease, id: 'm', key: '/services/order/m', endpoints: elsewhere };
    state.edit({
      type: 'put',
      items: [
        withoutLease,
        { ...marked, metadata: { 'sdctl.ignore': 'SD101: a batch job' } },
        { ...withoutLease, service: 'batch-1', key: '/services/batch-1/bare' },
      ],
    });
    const report = state.run(moment);
    expect(found(report)).toEqual(['SD101 bare']);
    expect(statusOf(report, 'SD101')).toBe('fail');
  });

  it('keeps an inventory from naming what every object has', () => {
    const inventory = { order: { min: 2, max: null, zones: [], isStatic: false } };
    const state = aState({ settings: structuredClone({ ...defaultSettings, inventory }) });
    const odd = anInstance({ service: 'constructor', id: 'c' });
    state.edit({ type: 'put', items: [odd, anInstance({ health: 'passing' })] });
    const report = state.run(moment);
    expect(report.findings.map(({ rule }) => rule.id)).not.toContain('SD999');
    expect(found(report).some((line) => line.startsWith('SD309'))).toBe(true);
  });

  describe('entries that nobody can read', () => {
    const entry: UndecodedEntry = {
      key: '/services/order/x',
      isBinaryKey: false,
      service: 'order',
      reason: 'no layout knows this value',
      sizeBytes: 3,
      sha256: 'ab',
      leaseId: null,
    };

    it('are found until an instance takes their place', () => {
      const state = aState();
      state.edit({ type: 'undecoded', items: [entry] });
      expect(found(state.run(moment))).toEqual(['SD201 /services/order/x']);
      state.edit({ type: 'put', items: [anInstance({ id: 'x' })] });
      expect(found(state.run(moment))).toEqual([]);
    });
  });

  describe('leases', () => {
    const kept = anInstance({ id: 'a', lease: { id: 'l-1', ttlSeconds: null, leftSeconds: null } });
    const overdue = aReading('l-1', { leftSeconds: 0, isOverdue: true });

    it('count when there is a reading of each', () => {
      const state = aState();
      state.edit({ type: 'put', items: [kept] });
      expect(statusOf(state.run(moment), 'SD106')).toBe('unknown');
      state.readings([aReading('l-1'), aReading('without-keys')], true);
      expect(statusOf(state.run(moment), 'SD106')).toBe('pass');
      state.readings([aReading('l-2', { grantedSeconds: null, leftSeconds: null })], false);
      expect(statusOf(state.run(moment), 'SD106')).toBe('unknown');
      state.readings([aReading('l-2')], true);
      expect(statusOf(state.run(moment), 'SD106')).toBe('unknown');
    });

    it('that are overdue are found once it is known for how long', () => {
      const state = aState();
      state.edit({ type: 'put', items: [kept] });
      state.readings([overdue], true);
      expect(statusOf(state.run(moment), 'SD106')).toBe('unknown');
      state.readings([{ ...overdue, overdueSeconds: 60 }], true);
      expect(found(state.run(moment))).toContain('SD106 a');
    });

    it('tell what was granted, also where not all are known', () => {
      const state = aState();
      const endpoints = [{ protocol: 'http', address: '10.0.0.2', port: 8_080 }];
      const lease = { id: 'l-9', ttlSeconds: null, leftSeconds: null };
      const other = anInstance({ id: 'b', lease, endpoints });
      state.edit({ type: 'put', items: [kept, other] });
      state.readings([aReading('l-1', { grantedSeconds: 7_200, leftSeconds: 7_000 })], true);
      expect(found(state.run(moment))).toEqual(['SD103 a']);
    });
  });
});
