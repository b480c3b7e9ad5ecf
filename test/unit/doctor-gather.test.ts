/** What a run of doctor does when its time is up while something is still being read. */
import { describe, expect, it } from 'vitest';
import { gather, type GatherOptions } from '../../src/lib/command/doctor-gather.js';
import { listFormats } from '../../src/lib/command/choose-view.js';
import { defaultSettings } from '../../src/lib/doctor/settings.js';
import type { Premises } from '../../src/lib/doctor/examine.js';
import { abortedError, type SdctlError } from '../../src/lib/errors.js';
import type { BackendFacts } from '../../src/lib/model/backend-facts.js';
import type { Snapshot } from '../../src/lib/model/instance.js';
import type { CallOptions, RegistryHandle } from '../../src/lib/registry/types.js';
import { anInstance } from '../support/builders.js';
import { commandRun, type CommandRun } from '../support/command-run.js';

type Part = 'services' | 'leases' | 'facts';

const facts = { servers: [], denied: [], isFiltered: false } as unknown as BackendFacts;
const snapshot: Snapshot = {
  service: null,
  instances: [anInstance()],
  undecoded: [],
  skipped: [],
  revision: '1',
  takenAtMs: 0,
  partial: false,
};

/** Never answers; ends as every call of a registry does when it is broken off. */
function mute({ signal }: CallOptions): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => {
      reject(abortedError(signal));
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

/** @param isMute asked before each call: whether it gets an answer */
function registry(isMute: (part: Part) => boolean): RegistryHandle {
  const answer =
    <T>(part: Part, value: T) =>
    async (options: CallOptions): Promise<T> =>
      isMute(part) ? mute(options) : Promise.resolve(value);
  const operations = {
    listAll: answer('services', snapshot),
    listLeases: answer('leases', { leases: [], hidden: null }),
    readFacts: answer('facts', facts),
  };
  return { backend: 'etcd', operations } as unknown as RegistryHandle;
}

interface Gathered {
  readonly run: CommandRun;
  readonly said: readonly string[];
  readonly result: Promise<Premises>;
}

async function start(
  isMute: (part: Part) => boolean,
  overrides: Partial<GatherOptions> = {},
): Promise<Gathered> {
  const run = await commandRun({}, { formats: listFormats });
  const said: string[] = [];
  const result = gather(run.invocation, registry(isMute), {
    service: null,
    observeMs: null,
    probes: null,
    settings: defaultSettings,
    history: null,
    notify: ({ text }) => said.push(text),
    ...overrides,
  });
  result.catch(() => undefined);
  return { run, said, result };
}

describe('the time of a whole run', () => {
  it('services that are not read by then end it: 4', async () => {
    const { run, result } = await start((part) => part === 'services');
    await run.clock.advance(60_000);
    const error = await result.then(
      () => expect.fail('it has ended well'),
      (thrown: unknown) => thrown as SdctlError,
    );
    expect(error).toMatchObject({ code: 'E_TIMEOUT', exitCode: 4 });
    expect(error.why).toContain('1m');
  });

  it.each([
    ['leases' as const, 'not all leases could be read within 1m: rules about them are unknown'],
    ['facts' as const, 'the servers could not be asked how they are within 1m: rules about them are unknown'],
  ])('%s that are not read by then are unknown, which is said', async (part, text) => {
    const { run, said, result } = await start((asked) => asked === part);
    await run.clock.advance(60_000);
    const premises = await result;
    expect(premises.snapshot.instances).toHaveLength(1);
    expect(part === 'leases' ? premises.leases : premises.facts.members).toBeNull();
    expect(said).toEqual([text]);
  });

  it('what was observed until then counts, and the time to observe is no part of it', async () => {
    let looks = 0;
    const { run, said, result } = await start((part) => part === 'services' && (looks += 1) > 3, {
      observeMs: 90_000,
    });
    await run.clock.advance(150_000);
    expect((await result).samples).toHaveLength(3);
    expect(said).toEqual(['observing ended after 3 looks: a run takes at most 2m 30s']);
  });

  it('Ctrl-C stays one', async () => {
    const { run, result } = await start((part) => part === 'leases');
    await run.clock.settle();
    run.abort.abort();
    await expect(result).rejects.toMatchObject({ code: 'E_ABORTED' });
  });

  it('leaves no timer behind', async () => {
    const { run, result } = await start(() => false);
    await result;
    expect(run.clock.sleeps).toEqual([60_000]);
    expect(run.clock.isIdle).toBe(true);
  });
});
