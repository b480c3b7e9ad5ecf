import { goneFrom, nextBaseline, type Baseline } from '../doctor/baseline.js';
import { examine, type RuleChoice } from '../doctor/examine.js';
import { verdictOf } from '../doctor/exit.js';
import type { HistoryKind } from '../doctor/history.js';
import { observedStates } from '../doctor/observed-states.js';
import { allRules } from '../doctor/rule-names.js';
import { rules } from '../doctor/rules/index.js';
import type { DoctorSettings } from '../doctor/settings.js';
import { suppress } from '../doctor/suppress.js';
import { globMatcher, isGlob } from '../discovery/selector.js';
import { abortedError, isAborted } from '../errors.js';
import type { DoctorReport, FailOn, RuleGuide } from '../model/doctor-report.js';
import type { ExaminationReport } from '../model/finding.js';
import type { ProbeKind } from '../probe/probe-answer.js';
import type { CallOptions, RegistryHandle } from '../registry/types.js';
import { escapeField } from '../render/safe-text.js';
import { toRfc3339 } from '../time/clock.js';
import { gather } from './doctor-gather.js';
import { DoctorState } from './doctor-state.js';
import { writeBaseline } from './doctor-baseline.js';
import type { Invocation } from './invocation.js';
import { identityOf } from './registry-identity.js';
import { noSuchService } from './names.js';

/** One run of `doctor`, as its flags and settings ask for it. */
export interface DoctorPlan {
  /** null: all services. */
  readonly service: string | null;
  readonly choice: RuleChoice;
  readonly settings: DoctorSettings;
  readonly failOn: FailOn;
  readonly allowUnknown: boolean;
  readonly observeMs: number | null;
  readonly probes: ReadonlySet<ProbeKind> | null;
  readonly isStateless: boolean;
  readonly baselineFile: string | null;
  readonly baseline: Baseline | null;
  readonly updatesBaseline: boolean;
}

/** Between two examinations of `--wait`. */
const WAIT_PAUSE_MS = 5_000;

/** Examines until nothing is found any more, or the time is up. */
export async function examineUntilClean(
  invocation: Invocation,
  handle: RegistryHandle,
  plan: DoctorPlan,
  waitMs: number | null,
): Promise<DoctorReport> {
  const { clock } = invocation.deps;
  const endMs = clock.monotonicMs() + (waitMs ?? 0);
  const notify = onlyOnce(invocation.diagnostics.notify);
  for (;;) {
    const report = await examineOnce(invocation, handle, plan, notify);
    const leftMs = endMs - clock.monotonicMs();
    if (report.verdict.code === 0 || leftMs <= 0) return report;
    invocation.diagnostics.notify({
      level: 'progress',
      text: `Not clean yet (${report.verdict.reason}); looking again …`,
    });
    await clock.sleep(Math.min(WAIT_PAUSE_MS, leftMs), invocation.signal);
    if (isAborted(invocation.signal)) throw abortedError(invocation.signal);
  }
}

type Notify = NonNullable<CallOptions['notify']>;

/** A registry is read many times, and says each time what it goes without. */
function onlyOnce(notify: Notify): Notify {
  const said = new Set<string>();
  return (note) => {
    if (said.has(note.text)) return;
    if (note.level !== 'progress') said.add(note.text);
    notify(note);
  };
}

async function examineOnce(
  invocation: Invocation,
  handle: RegistryHandle,
  plan: DoctorPlan,
  notify: Notify,
): Promise<DoctorReport> {
  const { deps, diagnostics } = invocation;
  const { service, choice, settings } = plan;
  const startedMs = deps.clock.monotonicMs();
  const identity = identityOf(invocation);
  const state = new DoctorState({
    env: deps.env,
    identity,
    isOff: plan.isStateless,
    nowMs: deps.clock.nowMs(),
    warn: (text) => {
      diagnostics.notify({ level: 'warning', text });
    },
  });
  const premises = await gather(invocation, handle, { ...plan, history: state.history, notify });
  const { snapshot, takenAtMs } = premises;
  // A pattern that matches nothing is no failure.
  const isName = service !== null && !isGlob(service);
  if (isName && snapshot.instances.length === 0 && snapshot.undecoded.length === 0)
    throw noSuchService(service, invocation.place);
  const examined = examine(premises, rules, choice, identity);
  const report = suppress(examined, {
    suppressions: settings.suppressions,
    severities: settings.severities,
    rules: allRules,
    instances: snapshot.instances,
    baseline: plan.baseline,
    takenAtMs,
    service,
    choice,
    identity,
    history: state.history,
    matcher: (pattern) => (isGlob(pattern) ? globMatcher(pattern) : (name) => name === pattern),
  });
  // What nobody can decode was read all the same: SD201 tells of it.
  const isComplete = !snapshot.partial;
  const scope = { service, isComplete };
  state.save(
    [
      ...observedStates({ ...premises, earlier: new Map() }),
      ...report.findings.map(({ fingerprint, rule }) => ({
        kind: 'finding' as const,
        key: fingerprint,
        of: rule.id,
      })),
    ],
    (kind, of) => judges(kind, of, report, scope),
  );
  const gone = plan.baseline === null ? [] : goneFrom(plan.baseline, report, scope);
  if (plan.updatesBaseline && plan.baselineFile !== null)
    writeBaseline(
      plan.baselineFile,
      nextBaseline({
        old: plan.baseline,
        report,
        scope,
        today: toRfc3339(takenAtMs).slice(0, 10),
        escape: escapeField,
      }),
    );
  const terms = { failOn: plan.failOn, allowUnknown: plan.allowUnknown, isComplete };
  return {
    ...report,
    context: invocation.connection.context,
    backend: handle.backend,
    service,
    revision: snapshot.revision,
    takenAtMs,
    tookMs: deps.clock.monotonicMs() - startedMs,
    servers: premises.facts.servers,
    failOn: plan.failOn,
    verdict: plan.updatesBaseline
      ? { code: 0, reason: 'the baseline was written' }
      : verdictOf(report, terms),
    gone,
    guides: new Map(allRules.map(({ id, text }): [string, RuleGuide] => [id, text])),
  };
}

/** What this run could see: what it could not is remembered as it was. */
function judges(
  kind: HistoryKind,
  of: string,
  { outcomes }: ExaminationReport,
  { service, isComplete }: { readonly service: string | null; readonly isComplete: boolean },
): boolean {
  if (!isComplete) return false;
  if (kind !== 'finding') return service === null || of === service;
  return (
    service === null &&
    outcomes.some(({ rule, status }) => rule.id === of && (status === 'pass' || status === 'fail'))
  );
}
