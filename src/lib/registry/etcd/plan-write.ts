import type { IKeyValue } from 'etcd3/lib/rpc.js';
import { SdctlError } from '../../errors.js';
import { etcdLayouts, sdctlLayout } from '../../layouts/etcd/index.js';
import { etcdLayout } from '../../layouts/index.js';
import type { Encoded, EtcdLayout, LayoutWriter } from '../../layouts/types.js';
import type { Instance } from '../../model/instance.js';
import type { RegistrationSpec } from '../types.js';
import type { Calls, CallLimits } from './calls.js';
import { readEntry, type Roots } from './entries.js';
import { prefixRange } from './key-range.js';

/** So many entries are looked at before the first write. */
const LOOKED_AT = 100;

/** In which layout and where a registration is written. */
export interface WritePlan {
  readonly layout: EtcdLayout;
  readonly writer: LayoutWriter;
  readonly prefix: string;
}

/**
 * The layout and root of a registration.
 *
 * @throws {SdctlError} E_USAGE for a layout that sdctl does not write, for several roots, and for a root that belongs to
 *   another system
 */
export function planWrite(roots: Roots): WritePlan {
  const layout = roots.layout === 'auto' ? sdctlLayout : etcdLayout(roots.layout);
  const writer = layout?.writer;
  if (layout === undefined || writer === undefined) {
    throw new SdctlError('E_USAGE', `sdctl does not register in the layout ${roots.layout}`, {
      why:
        layout?.facts.readOnly === true ? 'it is read-only: the state of another system' : 'it is only read',
      hint: `--layout ${etcdLayouts.flatMap((one) => (one.writer === undefined ? [] : [one.name])).join(', ')}`,
    });
  }
  const [prefix = '', ...others] = roots.prefixes;
  if (others.length > 0) {
    throw new SdctlError('E_USAGE', 'a registration needs one root', {
      why: `these are named: ${roots.prefixes.join(', ')}`,
      hint: `--prefix ${prefix}`,
    });
  }
  if (writer.needsPrefix === true && prefix === '') {
    throw new SdctlError('E_USAGE', `the layout ${layout.name} has no root of its own`, {
      why: 'each application chooses its base path',
      hint: '--prefix with the base path of the application, such as /rpcx/',
    });
  }
  const owner = etcdLayouts.find(
    ({ facts, root }) => facts.readOnly && facts.leaseless && root !== '' && prefix.startsWith(root),
  );
  if (owner !== undefined) {
    throw new SdctlError('E_USAGE', `${prefix} belongs to ${owner.name} and is never written`, {
      hint: `--prefix ${layout.root === '' ? '/services/' : layout.root}`,
    });
  }
  return { layout, writer, prefix };
}

/**
 * Key and value of a registration.
 *
 * @param lease decimal id and granted seconds
 * @throws {SdctlError} E_USAGE for what the layout cannot hold
 */
export function encodeWith(
  { layout, writer, prefix }: WritePlan,
  spec: RegistrationSpec,
  lease: { readonly id: string; readonly ttlSeconds: number },
  neighbours: readonly Instance[],
): Encoded {
  const result = writer.encode(spec, {
    prefix,
    leaseId: lease.id,
    ttlSeconds: lease.ttlSeconds,
    neighbours,
  });
  if (result.ok) {
    requireReadable(layout, prefix, spec, result);
    return result;
  }
  throw new SdctlError('E_USAGE', `cannot register ${spec.service} in the layout ${layout.name}`, {
    why: result.why,
    hint: result.hint,
  });
}

/** What would not be read back as what it is must not be written: its readers could not either. @throws {SdctlError} */
function requireReadable(
  layout: EtcdLayout,
  prefix: string,
  spec: RegistrationSpec,
  { key, value }: Encoded,
): void {
  const kv = { key: Buffer.from(key), value: Buffer.from(value), lease: '1', mod_revision: '1' };
  const decoded = readEntry(kv as IKeyValue, { prefixes: [prefix], layout: layout.name });
  if (decoded.state === 'instance' && decoded.instance.service === spec.service) return;
  throw new SdctlError('E_USAGE', `cannot register ${spec.service} in the layout ${layout.name}`, {
    why: `its clients would not take ${key} for an instance of that service`,
    hint:
      layout.root === ''
        ? 'another --prefix'
        : `--prefix ${layout.root}, and names and metadata that it does not use itself`,
  });
}

/**
 * Looks at what stands where an entry is going to be written.
 *
 * @param own the entry itself, to know what readers take it for
 * @returns the instances of the service
 * @throws {SdctlError} E_CONFLICT where another layout stands, because its readers would take ours for one of theirs, or
 *   break; else as `Calls.run`
 */
export async function lookAround(
  calls: Calls,
  plan: WritePlan,
  own: Encoded,
  service: string,
  limits: () => CallLimits,
): Promise<readonly Instance[]> {
  const kv = { key: Buffer.from(own.key), value: Buffer.from(own.value), lease: '1', mod_revision: '1' };
  const taken = decodedLayout(kv as IKeyValue, plan.prefix);
  const isAlike = (name: string | null): boolean => name === plan.layout.name || name === taken;
  const place = own.key.slice(0, own.key.lastIndexOf('/') + 1);
  const neighbours: Instance[] = [];
  for (const found of await firstEntries(calls, place, limits)) {
    const name = decodedLayout(found, plan.prefix);
    if (name !== null && !isAlike(name)) throw otherLayout(plan, service, place, name);
    const decoded = readEntry(found, { prefixes: [plan.prefix], layout: 'auto' });
    if (decoded.state === 'instance') neighbours.push(decoded.instance);
  }
  if (plan.prefix === '' || plan.prefix === place) return neighbours;
  for (const found of await firstEntries(calls, plan.prefix, limits)) {
    const name = decodedLayout(found, plan.prefix);
    const breaks =
      plan.writer.readersBreak === true ||
      etcdLayouts.find((layout) => layout.name === name)?.writer?.readersBreak === true;
    if (name !== null && breaks && !isAlike(name)) throw otherLayout(plan, service, plan.prefix, name);
  }
  return neighbours;
}

async function firstEntries(
  calls: Calls,
  prefix: string,
  limits: () => CallLimits,
): Promise<readonly IKeyValue[]> {
  try {
    const { kvs } = await calls.run(limits(), ({ kv }) =>
      kv.range({ ...prefixRange(prefix), limit: LOOKED_AT }),
    );
    return kvs;
  } catch (error) {
    // Who may write only its own key cannot look at others; that is no reason to refuse what is allowed.
    if (!(error instanceof SdctlError) || error.code !== 'E_FORBIDDEN') throw error;
    const text = `whether other layouts stand under ${prefix} is not known: the user may not read it`;
    limits().notify?.({ level: 'detail', text });
    return [];
  }
}

/** Whose entry it is; null where nobody can tell. */
function decodedLayout(kv: IKeyValue, prefix: string): string | null {
  const decoded = readEntry(kv, { prefixes: [prefix], layout: 'auto' });
  if (decoded.state === 'instance') return decoded.instance.layout;
  return decoded.state === 'skipped' ? decoded.entry.layout : null;
}

function otherLayout(plan: WritePlan, service: string, place: string, found: string): SdctlError {
  const mayWrite = etcdLayout(found)?.writer !== undefined;
  return new SdctlError(
    'E_CONFLICT',
    `${service} was not registered: ${place} holds entries in the layout ${found}`,
    {
      why: `an entry in the layout ${plan.layout.name} would not be understood by their readers, or break them`,
      hint: mayWrite ? `--layout ${found}, or another --prefix` : 'another --prefix',
      details: { service, place, layout: found },
    },
  );
}
