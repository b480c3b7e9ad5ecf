/** What a row of the table is, and what it is measured with. */
import type { Command } from './measure.js';

/** One figure against its limit. */
export interface Figure {
  readonly what: string;
  readonly limit: number;
  readonly measured: number;
  /** `x` is a ratio to the baseline. */
  readonly unit: 'x' | 'ms' | 'MB' | '%' | '';
  /** What it was measured against or beside, for people. */
  readonly baseline: string;
  /** `below`: the limit itself is too much. `atLeast`: less is too little. Default: the limit is still right. */
  readonly rule?: 'below' | 'atLeast';
}

/** Some figures that need the same servers. */
export interface Row {
  readonly name: string;
  readonly measure: (bench: Bench) => Promise<readonly Figure[]>;
}

export interface Bench {
  /** The built program that is measured. */
  readonly program: string;
  /** Its environment, whole: nothing of the machine's own settings reaches it. */
  readonly env: Readonly<Record<string, string>>;
  /** sdctl with these arguments. */
  sdctl(...args: readonly string[]): Command;
  /** A name for a file that is gone after the bench. */
  file(name: string): string;
}

export function isMet({ measured, limit, rule }: Figure): boolean {
  if (rule === 'atLeast') return measured >= limit;
  return rule === 'below' ? measured < limit : measured <= limit;
}
