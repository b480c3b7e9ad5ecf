import type { Alarm, BackendFacts } from '../model/backend-facts.js';

/** How a server of etcd tells an alarm among its complaints. */
const ALARM = /memberID:\s*(\d+)\s+alarm:\s*([A-Za-z_]+)/;

/** Whether a complaint of a server only repeats an alarm. */
export function isAlarmText(text: string): boolean {
  return ALARM.test(text);
}

/**
 * The alarms of etcd, each once, kinds in capitals: those that were listed, and those that a server tells with its
 * state, which is also told to users who may not list them.
 */
export function alarmsOf({ alarms, servers }: BackendFacts): readonly Alarm[] {
  const told = servers.flatMap(({ errors }) => errors.flatMap(readAlarm));
  const found = new Map<string, Alarm>();
  for (const { memberId, kind } of [...(alarms ?? []), ...told]) {
    const alarm = { memberId, kind: kind.toUpperCase() };
    if (alarm.kind !== 'NONE') found.set(JSON.stringify(alarm), alarm);
  }
  return [...found.values()];
}

function readAlarm(text: string): readonly Alarm[] {
  const [, id, kind] = ALARM.exec(text) ?? [];
  // Ids of members are hexadecimal everywhere else.
  return id === undefined || kind === undefined ? [] : [{ memberId: BigInt(id).toString(16), kind }];
}
