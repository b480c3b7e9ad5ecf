import { compareText } from '../model/instance.js';
import type { DeclaredService } from './settings.js';
import type { Examination } from './types.js';

/** A service as the inventory declares it. */
export interface Declaration {
  readonly service: string;
  readonly declared: DeclaredService;
}

/** What the inventory says of the services that were asked for, in order of their names. */
export function declarations({ settings, service: asked }: Examination): readonly Declaration[] {
  return Object.entries(settings.inventory)
    .filter(([service]) => asked === null || service === asked)
    .sort(([a], [b]) => compareText(a, b))
    .map(([service, declared]) => ({ service, declared }));
}

/** Names of declared services that have no entry at all, although they may not be empty. */
export function declaredWithout(examination: Examination): readonly string[] {
  const there = new Set(examination.snapshot.instances.map(({ service }) => service));
  return declarations(examination)
    .filter(({ service, declared }) => declared.min !== 0 && !there.has(service))
    .map(({ service }) => service);
}
