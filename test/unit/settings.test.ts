import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Env } from '../../src/lib/config/env.js';
import type { ConnectionFlags } from '../../src/lib/config/layers.js';
import type { ConfigFile } from '../../src/lib/config/schema.js';
import { requireLayout } from '../../src/lib/registry/open.js';
import { resolveSettings } from '../../src/lib/config/settings.js';
import { SdctlError } from '../../src/lib/errors.js';

type Flags = ConnectionFlags & { readonly context?: string | undefined };

const home = { HOME: '/home/u' };
const resolve = (flags: Flags, env: Env = {}, config: ConfigFile = {}) =>
  resolveSettings({ flags, env: { ...home, ...env }, config });

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof SdctlError) return `${error.code} ${error.message} ${error.why ?? ''}`;
    throw error;
  }
  return 'none';
}

const file: ConfigFile = {
  contexts: {
    prod: {
      backend: 'etcd',
      servers: ['https://10.0.0.5:2379'],
      prefix: '/context/',
      layout: 'plain',
      tls: { caFile: '~/context.pem' },
      auth: { username: 'context', passwordFile: '/context.password' },
    },
    lab: { backend: 'consul', servers: ['http://lab:8500'], datacenter: 'context' },
  },
};

describe('precedence', () => {
  // For each setting: how each layer gives it, strongest first.
  const layers = ['flag', 'SDCTL', 'context', 'native'] as const;
  type LayerName = (typeof layers)[number];
  const given = (chosen: readonly LayerName[]) => {
    const has = (name: LayerName): boolean => chosen.includes(name);
    const flags: Flags = has('flag')
      ? { prefix: ['flag'], layout: 'sdctl', server: ['http://flag:2379'], username: 'flag' }
      : {};
    const env: Env = {
      ...(has('SDCTL')
        ? {
            SDCTL_PREFIX: 'SDCTL',
            SDCTL_LAYOUT: 'auto',
            SDCTL_SERVERS: 'http://sdctl:2379',
            SDCTL_USERNAME: 'SDCTL',
          }
        : {}),
      ...(has('native') ? { ETCDCTL_ENDPOINTS: 'native:2379', ETCDCTL_USER: 'native:secret' } : {}),
    };
    const config = has('context') ? { ...file, currentContext: 'prod' } : {};
    return resolve({ ...flags, ...(chosen.length === 0 ? {} : { backend: 'etcd' }) }, env, config).connection;
  };

  it('is flag, SDCTL_*, context, native variable, default, whatever is set', () => {
    fc.assert(
      fc.property(fc.subarray([...layers]), (chosen) => {
        const connection = given(chosen);
        if (chosen.length === 0) return connection === null;
        const [first] = chosen;
        const servers = {
          flag: 'http://flag:2379',
          SDCTL: 'http://sdctl:2379',
          context: 'https://10.0.0.5:2379',
          native: 'native:2379',
        };
        expect(connection?.servers).toEqual([servers[first ?? 'flag']]);
        const named = chosen.find((layer) => layer !== 'native');
        const prefixes = { flag: ['flag/'], SDCTL: ['SDCTL/'], context: ['/context/'], native: [] };
        expect(connection?.prefixes).toEqual(named === undefined ? [] : prefixes[named]);
        // Credentials stay with the servers of the place that names them.
        const user = first === 'native' ? 'native' : first === 'context' ? 'context' : (first ?? null);
        expect(connection?.username).toBe(user);
        return true;
      }),
    );
  });

  it('lets a context named by flag outrank SDCTL_* and says so', () => {
    const settings = resolve(
      { context: 'prod' },
      { SDCTL_SERVERS: 'http://elsewhere:2379', SDCTL_TOKEN: 'secret', SDCTL_PREFIX: '' },
      file,
    );
    expect(settings.connection?.servers).toEqual(['https://10.0.0.5:2379']);
    expect(settings.connection?.token).toBeNull();
    expect(settings.ignored.map(({ name }) => name).sort()).toEqual([
      'SDCTL_PREFIX',
      'SDCTL_SERVERS',
      'SDCTL_TOKEN',
    ]);
    expect(settings.ignored.every(({ quiet, why }) => !quiet && why === '--context was given')).toBe(true);
  });

  it('takes the context of --context, then SDCTL_CONTEXT, then the file', () => {
    const config = { ...file, currentContext: 'prod' };
    expect(resolve({}, {}, config).context).toMatchObject({ name: 'prod', from: 'config file' });
    expect(resolve({}, { SDCTL_CONTEXT: 'lab' }, config).context).toMatchObject({
      name: 'lab',
      from: 'SDCTL_CONTEXT',
    });
    expect(resolve({ context: 'lab' }, { SDCTL_CONTEXT: 'prod' }, config).context).toMatchObject({
      name: 'lab',
      from: '--context',
    });
    expect(codeOf(() => resolve({ context: 'prd' }, {}, config))).toMatch(
      /^E_CONFIG no context "prd" named by --context; known: prod, lab/,
    );
  });

  it('counts native variables only where no context is in force', () => {
    const env = { CONSUL_HTTP_ADDR: '10.0.0.9:8500', CONSUL_HTTP_TOKEN: 'secret' };
    expect(resolve({}, env).connection).toMatchObject({
      backend: 'consul',
      servers: ['http://10.0.0.9:8500'],
    });
    const inContext = resolve({}, env, { ...file, currentContext: 'lab' });
    expect(inContext.connection?.servers).toEqual(['http://lab:8500']);
    expect(inContext.connection?.token).toBeNull();
    expect(inContext.ignored.map(({ name }) => name)).toEqual(['CONSUL_HTTP_ADDR', 'CONSUL_HTTP_TOKEN']);
  });
});

describe('a registry', () => {
  it('must be named', () => {
    expect(resolve({}).connection).toBeNull();
    expect(codeOf(() => resolve({ server: ['http://h:7777'] }))).toMatch(
      /^E_USAGE it is not clear which kind/,
    );
    expect(resolve({ server: ['http://h:8501'] }).connection?.backend).toBe('consul');
    expect(resolve({ dir: '/tmp/r' }, {}, { ...file, currentContext: 'prod' }).connection).toMatchObject({
      backend: 'local',
      context: null,
      directory: '/tmp/r',
    });
  });

  it('is not chosen between two families of native variables', () => {
    const both = { ETCDCTL_ENDPOINTS: 'h:2379', CONSUL_HTTP_ADDR: 'h:8500' };
    expect(codeOf(() => resolve({}, both))).toMatch(
      /^E_USAGE .*both.* set: ETCDCTL_ENDPOINTS, CONSUL_HTTP_ADDR/,
    );
    expect(resolve({ backend: 'consul' }, both).connection?.servers).toEqual(['http://h:8500']);
    expect(resolve({}, { ...both, SDCTL_BACKEND: 'etcd' }).connection?.servers).toEqual(['h:2379']);
  });

  it('of another kind than the current context leaves nothing of that context', () => {
    const config: ConfigFile = {
      contexts: { prod: { backend: 'etcd', protected: true, readOnly: true } },
      currentContext: 'prod',
    };
    const settings = resolve({ backend: 'consul' }, {}, config);
    expect(settings.context).toBeNull();
    expect(settings.connection).toMatchObject({ backend: 'consul', context: null });
    expect(settings.ignored).toEqual([
      { name: 'context prod', why: 'it is for etcd, not consul', quiet: false },
    ]);
    expect(codeOf(() => resolve({ backend: 'consul', context: 'prod' }, {}, config))).toMatch(
      /^E_USAGE --context prod is for etcd, not consul/,
    );
  });

  it('has a layout that exists on its backend, on Consul also by its short name', async () => {
    const missing = requireLayout('etcd', 'plian');
    await expect(missing).rejects.toMatchObject({ code: 'E_USAGE', hint: '--layout plain' });
    await expect(requireLayout('etcd', 'consul-kratos')).rejects.toMatchObject({ code: 'E_USAGE' });
    await expect(requireLayout('consul', 'rpcx')).rejects.toMatchObject({ code: 'E_USAGE' });
    for (const name of ['auto', 'sdctl', 'kratos', 'consul-kratos']) await requireLayout('consul', name);
  });

  it('takes several roots from a context', () => {
    const contexts = { a: { backend: 'etcd', prefix: ['/a', '/b/'] } } as const;
    const config: ConfigFile = {
      contexts: { ...contexts, a: { ...contexts.a, prefix: ['/a', '/b/'] } },
      currentContext: 'a',
    };
    expect(resolve({}, {}, config).connection?.prefixes).toEqual(['/a/', '/b/']);
  });

  it.each([
    [[''], ['']],
    [['/a'], ['/a/']],
    [
      ['/a/', 'b'],
      ['/a/', 'b/'],
    ],
    [undefined, []],
  ])('has roots that end in the separator: %o', (prefix, expected) => {
    const flags: Flags = { backend: 'etcd', ...(prefix === undefined ? {} : { prefix }) };
    expect(resolve(flags).connection?.prefixes).toEqual(expected);
    const env: Env = prefix === undefined ? {} : { SDCTL_PREFIX: prefix.join(',') };
    expect(resolve({ backend: 'etcd' }, env).connection?.prefixes).toEqual(expected);
  });

  it('is a directory or servers, not both', () => {
    expect(codeOf(() => resolve({ backend: 'etcd', dir: '/x' }))).toMatch(
      /^E_USAGE --dir has no meaning for etcd/,
    );
    expect(codeOf(() => resolve({ backend: 'local', server: ['http://h:1'] }))).toMatch(
      /^E_USAGE --server has no meaning/,
    );
    expect(resolve({ backend: 'local' }, { SDCTL_SERVERS: 'http://h:2379' }).connection).toMatchObject({
      servers: [],
    });
    expect(codeOf(() => resolveSettings({ flags: { backend: 'local' }, env: {}, config: {} }))).toMatch(
      /SDCTL_STATE_DIR, XDG_STATE_HOME and HOME/,
    );
  });
});

describe('credentials', () => {
  it('of a context go to its own servers only', () => {
    const config = { ...file, currentContext: 'prod' };
    const own = resolve({ server: ['https://10.0.0.5:2379'] }, {}, config).connection;
    expect(own).toMatchObject({ username: 'context', tls: { caFile: '/home/u/context.pem' } });
    for (const server of ['https://10.0.0.6:2379', 'http://10.0.0.5:2379', 'https://10.0.0.5:2380']) {
      const settings = resolve({ server: [server] }, {}, config);
      expect(settings.connection).toMatchObject({ username: null, password: null, tls: { caFile: null } });
      expect(settings.ignored.map(({ name }) => name)).toContain(
        'password of file named by context prod'.replace('file named by ', ''),
      );
    }
  });

  it('of native variables go to their own servers only', () => {
    const env = {
      CONSUL_HTTP_ADDR: 'http://10.0.0.9:8500',
      CONSUL_HTTP_AUTH: 'ops:pass:word',
      CONSUL_HTTP_TOKEN: 'secret',
    };
    expect(resolve({ server: ['http://10.0.0.8:8500'] }, env).connection).toMatchObject({
      username: null,
      password: null,
      token: null,
    });
    const { connection } = resolve({}, env);
    expect(connection?.username).toBe('ops');
    expect(connection?.password?.read()).toBe('pass:word');
    expect(connection?.token?.read()).toBe('secret');
  });

  it('are never among the values that are shown', () => {
    const secret = 's3cr3t';
    const { sources } = resolve(
      { server: [`http://ops:${secret}@h:8500`] },
      { SDCTL_TOKEN: secret, SDCTL_PASSWORD: secret, SDCTL_USERNAME: 'ops' },
    );
    expect(JSON.stringify(sources)).not.toContain(secret);
    expect(sources).toContainEqual({ setting: 'token', value: '(set, hidden)', from: 'SDCTL_TOKEN' });
  });

  it('takes a server as another registry where the context is the embedded one', () => {
    const config = {
      currentContext: 'dev',
      contexts: { dev: { backend: 'local', directory: '/d' } },
    } as const;
    const servers = ['http://127.0.0.1:2379'];
    expect(resolve({ server: servers }, {}, config).connection).toMatchObject({ backend: 'etcd', servers });
    const fromEnv = resolve({}, { SDCTL_SERVERS: 'http://127.0.0.1:8500' }, config);
    expect(fromEnv.connection).toMatchObject({ backend: 'consul', context: null });
    expect(fromEnv.ignored.map(({ name }) => name)).toEqual(['context dev']);
    expect(codeOf(() => resolve({}, { SDCTL_SERVERS: 'http://registry:81' }, config))).toMatch(
      /^E_USAGE SDCTL_SERVERS has no meaning/,
    );
  });
});
