/** Every document and line that the program prints, on every registry, against the schemas it ships. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runBinary, startBinary } from '../support/binary.js';
import { type Consul, type Etcd, startConsul, startEtcd } from '../support/servers/index.js';
import { makeTempDir } from '../support/servers/lifetime.js';

const schemas = new URL('../../schemas/v1/', import.meta.url);
const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
addFormats.default(ajv);
const byKind = new Map<string, string>();
for (const file of readdirSync(schemas)) {
  const schema = JSON.parse(readFileSync(new URL(file, schemas), 'utf8')) as {
    readonly $id: string;
    readonly title: string;
  };
  ajv.addSchema(schema);
  byKind.set(schema.title, schema.$id);
}

/** The kind of a document that is as its schema says. */
function kindOf(text: string): string {
  const document = JSON.parse(text) as { readonly kind: string };
  const id = byKind.get(document.kind);
  if (id === undefined) throw new Error(`no schema for ${document.kind}`);
  expect(ajv.validate(id, document), `${ajv.errorsText()}\n${text.slice(0, 2_000)}`).toBe(true);
  return document.kind;
}

const home = makeTempDir('schemas');
const folder = path.join(home, 'registry');
const servers: { etcd34?: Etcd; etcd35?: Etcd; consul?: Consul } = {};

beforeAll(async () => {
  [servers.etcd34, servers.etcd35, servers.consul] = await Promise.all([
    startEtcd({ version: '3.4' }),
    startEtcd({ version: '3.5' }),
    startConsul({ dev: true }),
  ]);
});

afterAll(async () => {
  await Promise.all(Object.values(servers).map(async (server: Etcd | Consul) => server.stop()));
});

const registries: readonly (readonly [string, () => readonly string[]])[] = [
  ['local', () => ['--backend', 'local', '--dir', folder]],
  ['etcd 3.4', () => ['--backend', 'etcd', '--server', servers.etcd34?.url ?? '']],
  ['etcd 3.5', () => ['--backend', 'etcd', '--server', servers.etcd35?.url ?? '']],
  ['consul', () => ['--backend', 'consul', '--server', servers.consul?.url ?? '']],
];

describe.each(registries)('on %s', (name, flags) => {
  const run = async (...args: string[]) => runBinary([...args, ...flags()], { home });
  const lines = (text: string): string[] =>
    text
      .trimEnd()
      .split('\n')
      .filter((line) => line !== '');

  /** Of a member that renews. */
  async function leasesSayWhatTheirSchemasSay(leaseId: string): Promise<void> {
    for (const format of ['json', 'jsonl']) {
      const inspected = await run('lease', 'inspect', leaseId, '-o', format);
      expect(inspected.ended.code, inspected.said).toBe(0);
      expect(kindOf(inspected.stdout)).toBe('Lease');
      // A TTL check ends with its instance.
      const kind = name === 'consul' ? 'Error' : format === 'json' ? 'RevokeResult' : 'Revocation';
      const revoked = await run('lease', 'revoke', leaseId, '--dry-run', '-o', format);
      expect(kindOf(revoked.stdout), revoked.said).toBe(kind);
    }
    await using follow = startBinary(['lease', 'list', '-w', ...flags(), '-o', 'jsonl'], { home });
    await follow.line(({ type, id }) => type === 'listed' && id === leaseId, 10_000);
    if (name !== 'consul') await follow.line(({ type, id }) => type === 'renewed' && id === leaseId, 15_000);
    follow.signal('SIGTERM');
    await follow.exit(10_000);
    expect(new Set(lines(follow.stdout).map(kindOf))).toEqual(new Set(['LeaseEvent']));
  }

  /** With a baseline that names something that is not there any more, too. */
  async function doctorSaysWhatItsSchemasSay(): Promise<void> {
    const baseline = path.join(home, `${name}.baseline`);
    writeFileSync(baseline, `${'0'.repeat(16)}\tSD101\t2026-03-02\torder/i-9\n`);
    const flags = ['--baseline', baseline, '--fail-on', 'never'];
    const document = await run('doctor', ...flags, '-o', 'json');
    expect(document.ended.code, document.said).toBe(0);
    expect(kindOf(document.stdout)).toBe('DoctorReport');
    const { stdout } = await run('doctor', ...flags, '-o', 'jsonl', '--only', 'SD101,SD204');
    const kinds = new Set(lines(stdout).map(kindOf));
    expect(kinds.has('RuleOutcome')).toBe(true);
    // SD101 is not for Consul, and what was not looked at has not disappeared.
    expect(kinds.has('BaselineEntry'), stdout).toBe(name !== 'consul');
    const one = await run('doctor', 'order', '-o', 'json', '--fail-on', 'never');
    expect(kindOf(one.stdout)).toBe('DoctorReport');
  }

  it('register, list, watch, resolve and deregister say what their schemas say', async () => {
    const details = [
      '--endpoint',
      'grpc://10.0.4.17:9090',
      '--meta',
      'version=1.8.2',
      '--meta',
      'a=',
      '--tag',
      'x',
      '--zone',
      'z',
      '--weight',
      '7',
    ];
    await using member = startBinary(
      ['register', 'order', '--id', 'i-1', ...details, '--ttl', '10s', ...flags(), '-o', 'jsonl'],
      { home },
    );
    const leaseId = String((await member.line('registered', 10_000)).line['leaseId']);
    await using watch = startBinary(['watch', ...flags(), '-o', 'jsonl'], { home });
    await watch.line('synced', 10_000);
    await using second = startBinary(
      [
        'register',
        'order',
        '--id',
        'i-2',
        '--endpoint',
        'http://10.0.4.18:80',
        '--ttl',
        '10s',
        ...flags(),
        '-o',
        'jsonl',
      ],
      { home },
    );
    await second.line('registered', 10_000);
    await watch.line(({ type, instance }) => type === 'joined' && instance === 'i-2', 10_000);

    for (const [args, list, item] of [
      [['list'], 'ServiceList', 'Service'],
      [['list', 'order'], 'InstanceList', 'Instance'],
      [['list', 'order/i-1'], 'InstanceList', 'Instance'],
      [['resolve', 'order', '--all'], 'EndpointList', 'Endpoint'],
      [['deregister', 'order/i-2', '--dry-run'], 'DeregisterResult', 'Deregistration'],
      [['lease', 'list'], 'LeaseList', 'Lease'],
    ] as const) {
      const json = await run(...args, '-o', 'json');
      expect(json.ended.code, json.said).toBe(0);
      expect(kindOf(json.stdout)).toBe(list);
      const jsonl = await run(...args, '-o', 'jsonl');
      expect(new Set(lines(jsonl.stdout).map(kindOf))).toEqual(new Set([item]));
    }
    await leasesSayWhatTheirSchemasSay(leaseId);
    await doctorSaysWhatItsSchemasSay();
    for (const args of [
      ['list', 'nope'],
      ['resolve', 'nope'],
      ['deregister', 'order/nope', '--yes'],
      ['watch', '--until', 'x'],
      ['lease', 'inspect', 'ff'],
      ['lease', 'list', '--observe', '1'],
      ['doctor', 'nope'],
      ['doctor', '--only', 'nope'],
    ]) {
      const failed = await run(...args, '--json');
      expect(kindOf(failed.stdout), args.join(' ')).toBe('Error');
    }
    const undo = path.join(home, `undo-${name}.json`);
    const removed = await run('deregister', 'order/i-1', '--yes', '--undo-file', undo, '-o', 'json');
    expect(kindOf(removed.stdout)).toBe('DeregisterResult');
    // Whatever became of it: its process may have put it back first.
    for (const [format, kinds] of [
      ['json', ['RestoreResult']],
      ['jsonl', ['Restoration', 'Error']],
    ] as const) {
      const back = await run('deregister', '--undo', undo, '-o', format);
      const said = format === 'json' ? [back.stdout] : lines(back.stdout);
      for (const text of said) expect(kinds, back.said).toContain(kindOf(text));
    }
    await member.line(({ type }) => type === 'lost' || type === 'restored', 15_000);
    second.signal('SIGTERM');
    await second.exit(10_000);
    await watch.line(({ type, instance }) => type === 'left' && instance === 'i-2', 10_000);
    watch.signal('SIGTERM');
    await watch.exit(10_000);
    member.signal('SIGTERM');
    await member.exit(10_000);
    for (const stream of [member, second])
      expect(new Set(lines(stream.stdout).map(kindOf))).toEqual(new Set(['RegistrationEvent']));
    expect(new Set(lines(watch.stdout).map(kindOf))).toEqual(new Set(['MembershipEvent']));
    expect(name).toBeTruthy();
  });
});

describe('without a registry', () => {
  const config = path.join(home, 'config.yaml');
  const run = async (...args: string[]) => runBinary([...args, '--config', config], { home });

  it('contexts, settings, the version and failures say what their schemas say', async () => {
    rmSync(config, { force: true });
    const cases: readonly (readonly [string, readonly string[]])[] = [
      [
        'Context',
        [
          'context',
          'add',
          'prod',
          '--backend',
          'etcd',
          '--server',
          'https://10.0.0.5:2379',
          '--ca-file',
          'ca.pem',
          '--username',
          'ops',
          '--password-file',
          'p',
          '--protected',
          '--no-check',
        ],
      ],
      ['Context', ['context', 'add', 'here', '--dir', folder, '--no-check']],
      ['Context', ['context', 'use', 'here']],
      ['ContextList', ['context', 'list']],
      ['Context', ['context', 'show', 'prod']],
      ['ConfigValue', ['config', 'set', 'defaults.timeout', '10s']],
      ['ConfigValue', ['config', 'get', 'defaults.timeout']],
      ['ConfigValue', ['config', 'get', 'contexts']],
      ['ConfigView', ['config', 'view']],
      ['ConfigFile', ['config', 'path']],
      ['ConfigFile', ['config', 'validate']],
      ['Context', ['context', 'remove', 'prod']],
      ['Version', ['version']],
      ['Error', ['context', 'use', 'nope']],
      ['Error', ['config', 'set', 'nope', '1']],
      ['Error', ['config', 'set', 'defaults.output', 'nope']],
    ];
    for (const [kind, args] of cases) {
      const { stdout } = await run(...args, '-o', 'json');
      expect(kindOf(stdout), args.join(' ')).toBe(kind);
    }
    expect(readFileSync(config, 'utf8')).not.toContain('prod');
    writeFileSync(config, 'nope: 1\n');
    expect(kindOf((await run('list', '-o', 'json')).stdout)).toBe('Error');
    expect(kindOf((await run('config', 'path', '-o', 'json')).stdout)).toBe('ConfigFile');
    expect(kindOf((await run('version', '-o', 'json')).stdout)).toBe('Version');
  });
});
