import { isGlob } from '../discovery/selector.js';
import { parseUntil, type Condition } from '../discovery/until.js';
import { SdctlError } from '../errors.js';
import { instanceKey, type Instance, type Snapshot } from '../model/instance.js';
import type { MembershipEvent } from '../model/membership.js';
import { defaultTimeouts } from '../registry/connection.js';
import type { RegistryHandle } from '../registry/types.js';
import { membershipEventDocument } from '../render/event-documents.js';
import { eventLine, eventTsv, subjectWidth } from '../render/event-lines.js';
import { countText } from '../render/summary-lines.js';
import { toJson } from '../render/safe-text.js';
import { formatDuration } from '../time/duration.js';
import type { FormatChoice } from './choose-view.js';
import type { Invocation } from './invocation.js';
import { originOf } from './list-answer.js';
import { narrow, type Selection } from './select.js';
import { requireDuration, usageError } from './usage.js';

/** A stream has no end, so it is never one document. */
export const streamFormats: FormatChoice = {
  allowed: ['table', 'wide', 'tsv', 'jsonl'],
  terminal: 'table',
  pipe: 'tsv',
};

export const eventTypes = ['synced', 'joined', 'updated', 'left', 'stale'] as const;
type EventType = (typeof eventTypes)[number];

export interface WatchFlags {
  readonly service?: string | undefined;
  readonly until?: string | undefined;
  readonly events?: string | undefined;
  readonly 'no-initial'?: boolean | undefined;
  readonly 'retry-start'?: string | undefined;
}

/** What a watch was asked for, read from its flags. */
export interface WatchPlan {
  /** null: all services, narrowed by the selection. */
  readonly service: string | null;
  readonly selection: Selection;
  readonly until: Condition | null;
  readonly untilText: string;
  readonly types: ReadonlySet<EventType>;
  readonly initial: boolean;
  readonly retryStartMs: number;
  /** Shows the first set instead of its event. */
  readonly onFirst?: (snapshot: Snapshot) => Promise<void>;
  /** The whole wait; null: for ever. */
  readonly wholeMs: number | null;
}

/** @throws {SdctlError} E_USAGE for a flag that cannot be read */
export function watchPlan(invocation: Invocation, flags: WatchFlags, selection: Selection): WatchPlan {
  const { service } = flags;
  const until = flags.until === undefined ? null : parseUntil(flags.until);
  if (until?.ok === false)
    throw usageError(`--until ${flags.until ?? ''} cannot be read`, until.reason, "--until 'passing>=3'");
  return {
    service: service === undefined || isGlob(service) ? null : service,
    selection,
    until: until?.holds ?? null,
    untilText: flags.until ?? '',
    types: parseTypes(flags.events),
    initial: flags['no-initial'] !== true,
    retryStartMs: parseRetryStart(flags['retry-start']),
    wholeMs: invocation.timeoutFlagMs,
  };
}

function parseTypes(text: string | undefined): ReadonlySet<EventType> {
  if (text === undefined) return new Set(eventTypes);
  const types = new Set<EventType>();
  for (const word of text.split(',').map((part) => part.trim())) {
    const type = eventTypes.find((known) => known === word);
    if (type === undefined)
      throw usageError(
        `--events ${word} is no event`,
        `valid: ${eventTypes.join(', ')}`,
        '--events joined,left',
      );
    types.add(type);
  }
  return types;
}

/** `forever` or a duration; 0 when absent. */
export function parseRetryStart(text: string | undefined): number {
  if (text === undefined) return 0;
  return text === 'forever' ? Infinity : requireDuration('--retry-start', text);
}

/**
 * Prints events until the caller aborts (`aborted`), the condition holds (`reached`) or `--timeout` is over (`over`).
 *
 * @throws {SdctlError} what the registry reports before the first `synced`; E_NOT_REACHED; E_TIMEOUT when the time
 *   was over before anything was read
 */
export async function followMembership(
  invocation: Invocation,
  handle: RegistryHandle,
  plan: WatchPlan,
): Promise<'aborted' | 'reached' | 'over'> {
  const waiting = new AbortController();
  const { wholeMs } = plan;
  const done = new AbortController();
  if (wholeMs !== null) {
    // The clock's sleep, because a timer of Node's holds 24 days at most.
    void invocation.deps.clock.sleep(wholeMs, done.signal).then(() => {
      if (!done.signal.aborted) waiting.abort();
    });
  }
  const signal = AbortSignal.any([invocation.signal, waiting.signal]);
  const callMs = callLimit(invocation.timeoutSettingMs, wholeMs);
  const printer = new EventPrinter(invocation, plan);
  const set = new Map<string, Instance>();
  const startedMs = invocation.deps.clock.monotonicMs();
  try {
    const events = handle.registry.watch(plan.service, {
      signal,
      notify: invocation.diagnostics.notify,
      retryStartMs: plan.retryStartMs,
      ...(callMs === null ? {} : { timeoutMs: callMs }),
    });
    for await (const event of events) {
      if (event.type === 'synced' && !printer.synced)
        await plan.onFirst?.(narrow(event.snapshot, plan.selection));
      printer.print(event);
      track(set, event, plan.selection);
      if (event.type !== 'stale' && plan.until?.(set.values()) === true) return 'reached';
    }
  } catch (error) {
    // The whole wait was over while the first read was under way.
    if (!waiting.signal.aborted || invocation.signal.aborted) throw error;
  } finally {
    done.abort();
    printer.sayTotal(invocation.deps.clock.monotonicMs() - startedMs);
  }
  if (!waiting.signal.aborted) return 'aborted';
  if (!printer.synced) throw neverSynced(invocation, wholeMs ?? 0);
  if (plan.until === null) return 'over';
  throw new SdctlError(
    'E_NOT_REACHED',
    `${plan.untilText} was not reached within ${formatDuration(wholeMs ?? 0)}`,
    {
      why: `${countText(set.size, 'instance')} at the end`,
      hint: plan.service === null ? 'sdctl list' : `sdctl list ${plan.service}`,
    },
  );
}

/** So that a short whole wait ends with the cause of the first failure, which the end of the wait would cut off. */
function callLimit(settingMs: number | null, wholeMs: number | null): number | null {
  if (wholeMs === null || wholeMs > defaultTimeouts.listMs) return settingMs;
  const beforeEndMs = Math.max(1, Math.round(0.9 * wholeMs), wholeMs - 250);
  return Math.min(settingMs ?? Infinity, beforeEndMs);
}

function neverSynced(invocation: Invocation, wholeMs: number): SdctlError {
  return new SdctlError(
    'E_TIMEOUT',
    `nothing could be read from ${invocation.place} within ${formatDuration(wholeMs)}`,
    {
      why: 'the first answer did not come in time',
      hint: '-v shows the attempts',
    },
  );
}

/** Keeps the set that the condition is about. */
function track(set: Map<string, Instance>, event: MembershipEvent, selection: Selection): void {
  switch (event.type) {
    case 'synced':
      set.clear();
      for (const instance of event.snapshot.instances)
        if (selection.matches(instance)) set.set(instanceKey(instance), instance);
      return;
    case 'joined':
    case 'updated':
      if (selection.matches(event.instance)) set.set(instanceKey(event.instance), event.instance);
      else set.delete(instanceKey(event.instance));
      return;
    case 'left':
      set.delete(instanceKey(event.instance));
      return;
    case 'stale':
      return;
  }
}

/** Writes the events that were asked for, each as one line. */
class EventPrinter {
  readonly #invocation: Invocation;
  readonly #plan: WatchPlan;
  #changes = 0;
  #width = 0;
  #isSynced = false;

  constructor(invocation: Invocation, plan: WatchPlan) {
    this.#invocation = invocation;
    this.#plan = plan;
  }

  get synced(): boolean {
    return this.#isSynced;
  }

  print(event: MembershipEvent): void {
    const { selection, types, initial } = this.#plan;
    const first = !this.#isSynced;
    if (event.type === 'synced') {
      this.#isSynced = true;
      this.#width = subjectWidth(event.snapshot);
      this.#invocation.diagnostics.clear();
    } else if (event.type !== 'stale') {
      if (
        !selection.matches(event.instance) &&
        !(event.type === 'updated' && selection.matches(event.previous))
      )
        return;
      this.#changes += 1;
    }
    if (!types.has(event.type) || (first && event.type === 'synced' && !initial)) return;
    this.#invocation.print(this.#text(event.type === 'synced' ? this.#narrowed(event) : event));
  }

  sayTotal(elapsedMs: number): void {
    const { deps, diagnostics } = this.#invocation;
    if (this.#isSynced && deps.stdout.isTerminal)
      diagnostics.say(`${countText(this.#changes, 'change')} in ${formatDuration(elapsedMs)}.`);
  }

  #narrowed(event: Extract<MembershipEvent, { type: 'synced' }>): MembershipEvent {
    return { ...event, snapshot: narrow(event.snapshot, this.#plan.selection) };
  }

  #text(event: MembershipEvent): string {
    const { view } = this.#invocation;
    const { service } = this.#plan;
    if (view.format === 'jsonl')
      return `${toJson(membershipEventDocument(event, { service, ...originOf(this.#invocation) }))}\n`;
    if (view.format === 'tsv') return eventTsv(event, { service });
    return `${eventLine(event, { service, subjectWidth: this.#width }, view)}\n`;
  }
}
