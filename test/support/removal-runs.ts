/** `sdctl deregister` run by the built program, once for people and once for programs. */
import { type Binary, type Exit, runBinary } from './binary.js';

/** One entry as documents show it, as far as tests here ask. */
export interface ShownEntry {
  readonly key: string | null;
  readonly layout: string;
  readonly lease: { readonly idDecimal: string | null } | null;
  readonly owner: { readonly host: string; readonly pid: number } | null;
}

/** What became of one target. */
export interface RemovalItem {
  readonly service: string;
  readonly instance: string;
  readonly outcome: string;
  readonly how: string | null;
  readonly falls: readonly string[];
  readonly goneForSeconds: number | null;
  readonly error: { readonly code: string; readonly message: string; readonly why: string | null } | null;
  readonly comeback: { readonly afterSeconds: number; readonly entry: ShownEntry } | null;
}

type Ended = Binary & { readonly ended: Exit };

/** The longest default look, and time for everything around it. */
const WITHIN_MS = 60_000;

/** Removes without asking and without a floor. */
export async function deregister(args: readonly string[]): Promise<Ended> {
  return runBinary(['deregister', ...args, '--yes', '--force'], { withinMs: WITHIN_MS });
}

/** The targets of a document that is whole. */
export function itemsOf({ stdout }: Pick<Binary, 'stdout'>): readonly RemovalItem[] {
  const document = JSON.parse(stdout) as { readonly kind: string; readonly items: readonly RemovalItem[] };
  if (document.kind !== 'DeregisterResult') throw new Error(`no result but ${stdout}`);
  return document.items;
}

/** The only target of a document. */
export function itemOf(run: Pick<Binary, 'stdout'>): RemovalItem {
  const [item, ...others] = itemsOf(run);
  if (item === undefined || others.length > 0) throw new Error(`not one target: ${run.stdout}`);
  return item;
}
