import { describe, expect, it } from 'vitest';
import { orphanNode } from '../../../src/lib/doctor/rules/sd403-orphan-node.js';
import type { Examination } from '../../../src/lib/doctor/types.js';
import type { BackendFacts, MemberFacts, NodeFacts } from '../../../src/lib/model/backend-facts.js';
import type { Instance } from '../../../src/lib/model/instance.js';
import { onConsul } from './entry-premises.js';
import { anExamination, run } from './premises.js';
import { aConsulServer } from './server-premises.js';

/** A node that holds one service and whose agent has failed. */
function aNode(change: Partial<NodeFacts> = {}): NodeFacts {
  const place = { name: 'node-1', address: '10.0.0.1' };
  return { ...place, alive: false, isExternal: false, services: 1, maintenance: null, ...change };
}

function aMember(state: MemberFacts['state'], name = 'node-1'): MemberFacts {
  return { ...aConsulServer(name, state), isServer: false };
}

function withNodes(
  facts: Partial<BackendFacts>,
  instances: readonly Instance[] = [onConsul()],
  change: Partial<Examination> = {},
): Examination {
  const plain = anExamination(instances, { backend: 'consul', ...change });
  return { ...plain, facts: { ...plain.facts, ...facts } };
}

describe('finds', () => {
  it('a node that has failed with what it holds', () => {
    const facts = { nodes: [aNode()], members: [aMember('failed')] };
    expect(run(orphanNode, withNodes(facts))).toMatchObject([
      {
        severity: 'error',
        subject: { node: 'node-1', service: null, instance: null, address: null },
        detail: 'the agent of node node-1 is dead, and the node still holds 1 instance',
        evidence: [
          { name: 'member', value: 'failed' },
          { name: 'check of the agent', value: 'critical' },
          { name: 'address', value: '10.0.0.1' },
          { name: 'holds', value: 'order/order-1@node-1' },
          { name: 'removed by Consul', value: expect.stringContaining('72h') as unknown },
        ],
        fix: {
          commands: [
            ['consul', 'force-leave', 'node-1'],
            ['sdctl', 'deregister', 'order/order-1@node-1'],
          ],
        },
      },
    ]);
  });

  it.each([
    ['one that has left', { nodes: [aNode()], members: [aMember('left')] }],
    ['one that was forgotten as a member', { nodes: [aNode()], members: [aMember('alive', 'node-2')] }],
    ['one where the members may not be seen', { nodes: [aNode()], members: null }],
    [
      'one that the leader has not marked yet',
      { nodes: [aNode({ alive: true })], members: [aMember('failed')] },
    ],
    [
      'one whose name is written otherwise',
      { nodes: [aNode({ name: 'NODE-1' })], members: [aMember('failed')] },
    ],
  ])('%s', (_what, facts) => {
    expect(run(orphanNode, withNodes(facts))).toHaveLength(1);
  });

  it('one that never had an agent and is not marked, and removes nothing by force', () => {
    const facts = { nodes: [aNode({ alive: null })], members: [] };
    const found = run(orphanNode, withNodes(facts));
    expect(found).toMatchObject([
      {
        detail: 'node node-1 has no agent and is not marked as external, and holds 1 instance',
        fix: { commands: [['sdctl', 'deregister', 'order/order-1@node-1']] },
      },
    ]);
  });

  it('what the token lets it see, although access rules hide more', () => {
    const facts = { nodes: [aNode()], members: [aMember('failed')], isFiltered: true };
    expect(run(orphanNode, withNodes(facts))).toHaveLength(1);
  });
});

describe('leaves alone', () => {
  it.each([
    ['a live node', { nodes: [aNode({ alive: true })], members: [aMember('alive')] }],
    ['one that leaves right now', { nodes: [aNode()], members: [aMember('leaving')] }],
    ['one that has just come back', { nodes: [aNode()], members: [aMember('alive')] }],
    ['one that has just joined', { nodes: [aNode({ alive: null })], members: [aMember('alive')] }],
    ['a dead one that holds nothing', { nodes: [aNode({ services: 0 })], members: [aMember('failed')] }],
    ['an external one', { nodes: [aNode({ alive: null, isExternal: true })], members: [] }],
  ])('%s', (_what, facts) => {
    expect(run(orphanNode, withNodes(facts))).toEqual([]);
  });

  it('nodes without the service that was asked about', () => {
    const facts = { nodes: [aNode()], members: [aMember('failed')] };
    const elsewhere = [onConsul({ node: 'node-2' })];
    expect(run(orphanNode, withNodes(facts, elsewhere, { service: 'order' }))).toEqual([]);
    expect(run(orphanNode, withNodes(facts, [onConsul()], { service: 'order' }))).toHaveLength(1);
  });
});

describe('does not know', () => {
  it('without the nodes, and says why', () => {
    const denied = [{ call: 'catalog/nodes', why: 'this token may see none of them' }];
    expect(run(orphanNode, withNodes({ nodes: null }))).toBe('unknown');
    expect(orphanNode.applies?.(withNodes({ nodes: null, denied }))).toMatchObject({
      reason: denied[0]?.why,
    });
  });

  it('where access rules hide some and the others are well', () => {
    const facts = { nodes: [aNode({ alive: true })], members: [aMember('alive')], isFiltered: true };
    expect(run(orphanNode, withNodes(facts))).toBe('unknown');
  });
});
