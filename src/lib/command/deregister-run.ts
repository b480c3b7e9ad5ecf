import { parseTarget, type Target } from '../discovery/target.js';
import { SdctlError } from '../errors.js';
import { formatEndpoint } from '../model/endpoint.js';
import type { Instance } from '../model/instance.js';
import type { DeregisterOutcome, RegistryHandle } from '../registry/types.js';
import { deregisterResult } from '../render/documents.js';
import { instanceText } from '../render/event-lines.js';
import { escapeField, safeName } from '../render/safe-text.js';
import { stateText } from '../render/view.js';
import { confirm, type ConfirmFlags } from './confirm.js';
import type { Invocation } from './invocation.js';
import { originOf } from './list-answer.js';
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
  const target = toTarget(argument, flags.id, handle.capabilities.nodes);
  const snapshot = await handle.registry.list(target.service, invocation.callOptions());
  const instance = chooseOne(snapshot.instances, target, invocation);
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

function toTarget(argument: string, id: string | undefined, hasNodes: boolean): Target {
  const target = id === undefined ? parseTarget(argument, hasNodes) : { service: argument, id, node: null };
  if (target !== null && target.service !== '' && target.id !== '') return target;
  throw usageError(
    `"${argument}" does not name an instance`,
    'an instance is written SERVICE/INSTANCE',
    `sdctl list ${argument.split('/')[0] ?? ''}`,
  );
}

function chooseOne(instances: readonly Instance[], target: Target, invocation: Invocation): Instance {
  const found = instances.filter(
    (instance) => instance.id === target.id && (target.node === null || instance.node === target.node),
  );
  const [first, second] = found;
  if (first === undefined) {
    throw new SdctlError('E_NOT_FOUND', `no instance "${target.id}" in ${target.service}`, {
      why: `${instances.length} instances exist in ${invocation.place}`,
      hint: `sdctl list ${target.service}`,
    });
  }
  if (second === undefined) return first;
  const names = found.map(({ service, id, node }) =>
    node === null ? `${service}/${id}` : `${service}/${id}@${node}`,
  );
  throw new SdctlError('E_AMBIGUOUS', `"${target.id}" exists ${found.length} times in ${target.service}`, {
    why: `ids are unique per node only: ${names.join(', ')}`,
    hint: `sdctl deregister ${names[0] ?? ''}`,
    details: { candidates: names },
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
  const name = `${instance.service}/${instance.id}`;
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
    invocation.print(`${escapeField(`${instance.service}/${instance.id}`)}\n`);
  }
  if (outcome === 'absent') invocation.diagnostics.say(`${instanceText(instance, view)} was already gone.`);
  if (outcome === 'planned') invocation.diagnostics.say('Dry run: nothing was removed.');
}
