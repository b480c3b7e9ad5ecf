import { SdctlError } from '../errors.js';
import { formatEndpoint } from '../model/endpoint.js';
import { formatInstanceName, parseInstanceName } from '../model/instance-name.js';
import type { Instance } from '../model/instance.js';
import type { DeregisterOutcome, RegistryHandle } from '../registry/types.js';
import { deregisterResult } from '../render/documents.js';
import { instanceText } from '../render/event-lines.js';
import { escapeField, safeName } from '../render/safe-text.js';
import { stateText } from '../render/view.js';
import { confirm, type ConfirmFlags } from './confirm.js';
import type { Invocation } from './invocation.js';
import { originOf } from './list-answer.js';
import { lookUp, type Named } from './look-up.js';
import { isDocumentFormat, listDocumentText } from './print-document.js';
import { usageError } from './usage.js';

export interface DeregisterFlags extends ConfirmFlags {
  readonly id?: string | undefined;
  readonly 'dry-run'?: boolean | undefined;
}

/**
 * Removes one instance: reads it, says what will happen, asks, removes exactly what was read.
 *
 * @throws {SdctlError} E_NOT_FOUND, E_AMBIGUOUS, E_CONFIRM, E_CONFLICT when it changed meanwhile
 */
export async function deregisterOne(
  invocation: Invocation,
  handle: RegistryHandle,
  argument: string,
  flags: DeregisterFlags,
): Promise<void> {
  const { diagnostics, view } = invocation;
  refuseNoInstance(argument, flags.id, handle.capabilities.nodes);
  const instance = chooseOne(await lookUp(invocation, handle, argument, flags.id), argument);
  diagnostics.clear();
  diagnostics.say(planText(invocation, instance));
  if (flags['dry-run'] === true) {
    await print(invocation, instance, 'planned');
    return;
  }
  const question = `Remove ${instanceText(instance, view)} from ${safeName(invocation.place)}?`;
  await confirm(invocation, question, flags);
  const outcome = await handle.registry.deregister(
    {
      service: instance.service,
      id: instance.id,
      ...(instance.node === null ? {} : { node: instance.node }),
    },
    { ...invocation.callOptions(), expected: instance },
  );
  refuseOutcome(outcome, instance);
  await print(invocation, instance, outcome);
}

function refuseNoInstance(argument: string, id: string | undefined, hasNodes: boolean): void {
  const isNamed =
    id === undefined ? parseInstanceName(argument, hasNodes) !== null : argument !== '' && id !== '';
  if (!isNamed) throw noInstanceName(argument);
}

function noInstanceName(argument: string): SdctlError {
  return usageError(
    `"${argument}" does not name an instance`,
    'an instance is written SERVICE/INSTANCE',
    `sdctl list ${argument.split('/')[0] ?? ''}`,
  );
}

function chooseOne(named: Named, argument: string): Instance {
  if (named.type === 'service') throw noInstanceName(argument);
  const [first, ...others] = named.snapshot.instances;
  if (first === undefined) throw noInstanceName(argument);
  if (others.length === 0) return refuseReadOnlyLayout(first);
  const found = [first, ...others];
  const keys = found.flatMap(({ key }) => (key === null ? [] : [key]));
  const names = found.map((instance) => formatInstanceName(instance));
  const what = `"${named.name.id}" exists ${found.length} times in ${named.name.service}`;
  if (keys.length > 0)
    throw new SdctlError('E_AMBIGUOUS', what, {
      why: `it is the name of several keys: ${keys.join(', ')}; --layout and --prefix tell them apart`,
      hint: `sdctl deregister ${names[0] ?? ''} --layout ${first.layout} --prefix ${first.root || "''"}`,
      details: { candidates: names, keys },
    });
  throw new SdctlError('E_AMBIGUOUS', what, {
    why: `ids are unique per node only: ${names.join(', ')}`,
    hint: `sdctl deregister ${names[0] ?? ''}`,
    details: { candidates: names },
  });
}

function refuseReadOnlyLayout(instance: Instance): Instance {
  if (!instance.readOnly) return instance;
  throw new SdctlError('E_USAGE', `${formatInstanceName(instance)} is never removed by sdctl`, {
    why: `the layout ${instance.layout} is read-only: the state of another system`,
    hint: 'change it with the tools of that system',
  });
}

function planText(invocation: Invocation, instance: Instance): string {
  const { view } = invocation;
  const endpoint = instance.endpoints[0];
  const parts = [
    instanceText(instance, view),
    endpoint === undefined ? 'no endpoint' : safeName(formatEndpoint(endpoint)),
    stateText(instance.health, view),
    instance.lease === null ? 'no lease' : `lease ${safeName(instance.lease.id)}`,
    ...(instance.owner === null
      ? []
      : [`kept by ${safeName(instance.owner.host)}, pid ${instance.owner.pid}`]),
  ];
  const { context } = invocation.connection;
  const where = context === null ? '' : ` (${safeName(invocation.serverNames)})`;
  return `Registry ${safeName(invocation.place)}${where}\n  ${parts.join('   ')}`;
}

function refuseOutcome(outcome: DeregisterOutcome, instance: Instance): void {
  const name = formatInstanceName(instance);
  if (outcome === 'changed') {
    throw new SdctlError('E_CONFLICT', `${name} changed meanwhile and was left alone`, {
      why: 'it is not the entry that was shown any more',
      hint: `sdctl list ${name}`,
    });
  }
  if (outcome === 'not-owner') {
    throw new SdctlError('E_CONFLICT', `${name} can only be removed by its own agent`, {
      why: `the agent of node ${instance.node ?? ''} owns it and would put it back`,
      hint: `sdctl deregister ${name} --server with the address of that agent`,
    });
  }
}

async function print(
  invocation: Invocation,
  instance: Instance,
  outcome: 'planned' | DeregisterOutcome,
): Promise<void> {
  const { view } = invocation;
  const origin = originOf(invocation);
  if (isDocumentFormat(view.format)) {
    const document = deregisterResult(
      [{ service: instance.service, id: instance.id, node: instance.node, outcome, entry: instance }],
      origin,
      { dryRun: outcome === 'planned' },
    );
    invocation.print(await listDocumentText(document, view.format, {}));
  } else if (outcome === 'removed') {
    invocation.print(
      `${escapeField(formatInstanceName({ ...instance, node: null }, instance.node !== null))}\n`,
    );
  }
  if (outcome === 'absent') invocation.diagnostics.say(`${instanceText(instance, view)} was already gone.`);
  if (outcome === 'planned') invocation.diagnostics.say('Dry run: nothing was removed.');
}
