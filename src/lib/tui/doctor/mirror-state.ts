import { globMatcher, isGlob } from '../../discovery/selector.js';
import { withLeases } from '../../discovery/ttl.js';
import { examine, type Premises } from '../../doctor/examine.js';
import { allRules } from '../../doctor/rule-names.js';
import { rules } from '../../doctor/rules/index.js';
import type { DoctorSettings } from '../../doctor/settings.js';
import { suppress } from '../../doctor/suppress.js';
import { nothingKnown } from '../../model/backend-facts.js';
import type { ExaminationReport } from '../../model/finding.js';
import {
  instanceKey,
  type Instance,
  type SkippedEntry,
  type Snapshot,
  type UndecodedEntry,
} from '../../model/instance.js';
import type { Lease } from '../../registry/types.js';
import { toLeaseListing } from './mirrored-leases.js';
import type { Edit, LeaseReading, MirrorSetup, RunMoment } from './protocol.js';

/** Rules that need neither several looks, nor connections, nor earlier runs. */
const instantRules = rules.filter(({ mode }) => mode === 'instant');
/** They ask the servers, which the view leaves alone. */
const ofServers = new Set(['SD001', 'SD002', 'SD003']);
const NOT_ASKED = 'servers are not asked here: sdctl doctor does';
const everyRule = { only: null, skip: new Set<string>() };

/** The membership as the view has it, and the doctor's instant rules over it. */
export class MirrorState {
  readonly #setup: MirrorSetup;
  readonly #instances = new Map<string, Instance>();
  readonly #undecoded = new Map<string, UndecodedEntry>();
  readonly #skipped = new Map<string, SkippedEntry>();
  readonly #readings = new Map<string, LeaseReading>();
  #partial = false;

  constructor(setup: MirrorSetup) {
    this.#setup = { ...setup, settings: restored(setup.settings) };
  }

  edit(edit: Edit): void {
    switch (edit.type) {
      case 'clear':
        for (const map of [this.#instances, this.#undecoded, this.#skipped]) map.clear();
        this.#partial = edit.partial;
        break;
      case 'put':
        for (const instance of edit.items) this.#put(instance);
        break;
      case 'remove':
        for (const key of edit.items) this.#instances.delete(key);
        break;
      case 'undecoded':
        for (const entry of edit.items)
          this.#undecoded.set(entry.isBinaryKey ? `binary ${entry.key}` : entry.key, entry);
        break;
      case 'skipped':
        for (const entry of edit.items) this.#skipped.set(entry.key, entry);
        break;
    }
  }

  /** Takes over what the view knows of leases. @param isFirst what was known before is out of date */
  readings(items: readonly LeaseReading[], isFirst: boolean): void {
    if (isFirst) this.#readings.clear();
    for (const reading of items) this.#readings.set(reading.id, reading);
  }

  /** What counts of the findings, and what became of every rule. */
  run({ takenAtMs, monotonicMs }: RunMoment): ExaminationReport {
    const { settings, identity, service, backend, context } = this.#setup;
    const snapshot = withLeases(this.#snapshot(takenAtMs), this.#knownLeases());
    const leases = toLeaseListing(backend, snapshot, this.#readings);
    const premises: Premises = {
      backend,
      context,
      service,
      takenAtMs,
      snapshot,
      leases: leases?.listing ?? null,
      facts: nothingKnown,
      samples: [
        { atMs: monotonicMs, leases: leases?.byKey ?? new Map(), instances: this.#instances, term: null },
      ],
      probes: null,
      history: null,
      settings,
    };
    const report = suppress(examine(premises, instantRules, everyRule, identity), {
      suppressions: settings.suppressions,
      severities: settings.severities,
      rules: allRules,
      instances: snapshot.instances,
      baseline: null,
      takenAtMs,
      service,
      choice: everyRule,
      identity,
      history: null,
      matcher: (pattern) => (isGlob(pattern) ? globMatcher(pattern) : (name) => name === pattern),
    });
    return {
      ...report,
      findings: report.findings.filter(({ suppression }) => suppression === null),
      outcomes: report.outcomes.map((one) =>
        one.status === 'unknown' && ofServers.has(one.rule.id) ? { ...one, reason: NOT_ASKED } : one,
      ),
    };
  }

  /** An entry that can be read now is none of the others any more. */
  #put(instance: Instance): void {
    this.#instances.set(instanceKey(instance), instance);
    if (instance.key === null) return;
    this.#undecoded.delete(instance.key);
    this.#skipped.delete(instance.key);
  }

  #snapshot(takenAtMs: number): Snapshot {
    return {
      service: this.#setup.service,
      instances: [...this.#instances.values()],
      undecoded: [...this.#undecoded.values()],
      skipped: [...this.#skipped.values()],
      // No rule looks at it, and events of several streams have no common one.
      revision: '0',
      takenAtMs,
      partial: this.#partial,
    };
  }

  #knownLeases(): ReadonlyMap<string, Lease> {
    const known = new Map<string, Lease>();
    for (const [id, { grantedSeconds, leftSeconds, isOverdue }] of this.#readings)
      if (grantedSeconds !== null && leftSeconds !== null)
        known.set(id, { id, grantedSeconds, leftSeconds, isOverdue });
    return known;
  }
}

/** A service may have the name of something that every object has, and a copy for another thread is an ordinary object. */
function restored(settings: DoctorSettings): DoctorSettings {
  const bare = Object.create(null) as DoctorSettings['inventory'];
  return { ...settings, inventory: Object.assign(bare, settings.inventory) };
}
