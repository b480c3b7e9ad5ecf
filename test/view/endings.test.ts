/** However the view ends, and whatever it shows then, the terminal is after it as it was before. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { programFolder } from '../support/binary.js';
import { startBlackHole, startEtcd, startProxy, type Etcd, type Fake } from '../support/servers/index.js';
import { SaneShell, type Ending } from '../support/view/sane.js';
import { ViewTerminal } from '../support/view/view-terminal.js';

const WITHIN_MS = 30_000;
/** A person waits no longer than this for the prompt; the machine may be busy with other tests. */
const END_MS = 3_000;
const SLOW = { timeout: 90_000 };
const LEFT = '\x1b[?1049l';
const ONE_LEFT = /1 shown of 2[\s\S]*filter: ord/;
const LEASES = /^ leases\b.*filter/m;
const DOCTOR = /^ doctor .*passed/m;
const STORED = /order\/i-1 ─+[\s\S]*10\.0\.0\.1:80/;
const HELP = /help ─+[\s\S]*MOVE/;
const DEFECT = String.raw`planted defect \e[31m of the test`;
const support = (name: string): string => fileURLToPath(new URL(`../support/view/${name}`, import.meta.url));
const program = (): string => path.join(programFolder(), 'bin', 'run.js');

let etcd: Etcd;
let blackHole: Fake;
let slowestMs = 0;

beforeAll(async () => {
  [etcd, blackHole] = await Promise.all([startEtcd({ version: '3.5' }), startBlackHole()]);
  for (const [service, id] of [
    ['order', 'i-1'],
    ['order', 'i-2'],
    ['pay', 'i-3'],
  ])
    await etcd.put(`/services/${service}/${id}`, '10.0.0.1:80');
});

afterAll(async () => {
  console.info(`ending | slowest to a prompt | ${Math.round(slowestMs)} ms`);
  await Promise.all([etcd.stop(), blackHole.stop()]);
});

/** What the view shows when its end comes. */
interface Scene {
  readonly name: string;
  /** Flags for the registry, and how to lose it. */
  readonly open?: () => Promise<{ readonly flags: readonly string[]; readonly lose?: () => Promise<void> }>;
  readonly reach: (terminal: ViewTerminal, lose: () => Promise<void>) => Promise<void>;
  /** What the screen shows then; also after it came back. */
  readonly shows: RegExp;
  /** A key that works there, and what it shows. */
  readonly key: readonly [press: string, shows: RegExp];
  /** Keys that lead out from there besides ctrl-c. */
  readonly quits: readonly string[];
}

const live = async (terminal: ViewTerminal): Promise<void> => {
  await terminal.until(/● LIVE[\s\S]*pay/, WITHIN_MS);
};

/** A server that is gone, or one that does not answer any more. */
async function throughProxy(how: 'gone' | 'hangs') {
  const proxy = await startProxy(etcd.url);
  return {
    flags: ['--backend', 'etcd', '--server', proxy.url],
    async lose() {
      if (how === 'hangs') {
        proxy.stall('both');
        return;
      }
      await proxy.refuse(true);
      proxy.cut();
    },
  };
}

const overview: Scene = {
  name: 'live',
  reach: live,
  shows: /● LIVE[\s\S]*order/,
  key: ['2', LEASES],
  quits: ['q', ':q\r'],
};

const scenes: readonly Scene[] = [
  overview,
  {
    name: 'the help',
    async reach(terminal) {
      await live(terminal);
      terminal.press('?');
      await terminal.until(HELP, WITHIN_MS);
    },
    shows: HELP,
    key: ['?', /● LIVE[\s\S]*pay/],
    quits: [],
  },
  {
    name: 'a value as stored',
    async reach(terminal) {
      await live(terminal);
      terminal.press('\r');
      await terminal.until(/services › \w+/, WITHIN_MS);
      terminal.press('y');
      await terminal.until(STORED, WITHIN_MS);
    },
    shows: STORED,
    key: ['\x1b', /services › \w+/],
    quits: [],
  },
  {
    name: 'a filter being typed',
    async reach(terminal) {
      await live(terminal);
      await type(terminal, '/ord');
      await terminal.until(ONE_LEFT, WITHIN_MS);
    },
    shows: ONE_LEFT,
    key: ['x', /filter: ordx/],
    quits: [],
  },
  {
    name: 'a command being typed',
    async reach(terminal) {
      await live(terminal);
      await type(terminal, ':l');
      await terminal.until(/:\s?l/, WITHIN_MS);
    },
    shows: /:\s?l/,
    key: ['x', /:\s?lx/],
    quits: [],
  },
  {
    name: 'loading from a server that does not answer',
    open: () => Promise.resolve({ flags: ['--backend', 'etcd', '--server', blackHole.url] }),
    async reach(terminal) {
      await terminal.until('LOADING', WITHIN_MS);
    },
    shows: /LOADING/,
    key: ['2', LEASES],
    quits: ['q', ':q\r'],
  },
  {
    name: 'the doctor with its thread',
    async reach(terminal) {
      await live(terminal);
      terminal.press('4');
      await terminal.until(DOCTOR, WITHIN_MS);
    },
    shows: DOCTOR,
    key: ['1', /^ services \(/m],
    quits: [],
  },
  ...(['gone', 'hangs'] as const).map((how): Scene => ({
    name: `stale: the server ${how}`,
    open: () => throughProxy(how),
    async reach(terminal, lose) {
      await live(terminal);
      await lose();
      await terminal.until('STALE', WITHIN_MS);
    },
    shows: /STALE[\s\S]*order/,
    key: ['2', LEASES],
    quits: ['q', ':q\r'],
  })),
];

interface Opened extends AsyncDisposable {
  readonly sane: SaneShell;
  readonly terminal: ViewTerminal;
  /** Waits for the end and for a terminal that is as it was. */
  ended(code: number | readonly number[]): Promise<Ending>;
}

interface Begin {
  readonly shell?: 'bash' | 'sh';
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A shell in which the view runs and shows the scene. dash mends nothing by itself. */
async function begin(scene: Scene, { shell = 'sh', command, env = {} }: Begin = {}): Promise<Opened> {
  const usual = { flags: ['--backend', 'etcd', '--server', etcd.url], lose: async () => undefined };
  const { flags, lose = usual.lose } = (await scene.open?.()) ?? usual;
  const sane = await SaneShell.open({ shell, env, ...(command === undefined ? {} : { program: command }) });
  const { terminal } = sane;
  await sane.start(['top', ...flags]);
  await scene.reach(terminal, lose);
  expect(terminal.isAlternate).toBe(true);
  return {
    sane,
    terminal,
    async ended(code) {
      const calledMs = performance.now();
      const ending = await sane.ending();
      const tookMs = performance.now() - calledMs;
      slowestMs = Math.max(slowestMs, tookMs);
      expect(tookMs).toBeLessThan(END_MS);
      expect(typeof code === 'number' ? [code] : code).toContain(ending.code);
      expect(ending.differences).toEqual([]);
      const { isAlternate, isCursorVisible, wraps, mouse, isSynchronized, bracketedPaste } =
        ending.state.modes;
      expect({ isAlternate, isCursorVisible, wraps, mouse, isSynchronized }).toEqual({
        isAlternate: false,
        isCursorVisible: true,
        wraps: true,
        mouse: 'none',
        isSynchronized: false,
      });
      // The prompt of bash switches it on for itself.
      if (shell === 'sh') expect(bracketedPaste).toBe(false);
      // The screen from before has nothing of the view on it.
      expect(terminal.text()).not.toMatch(/LIVE|STALE|LOADING|READ-ONLY/);
      expect(await sane.echoes()).toBe(true);
      return ending;
    },
    [Symbol.asyncDispose]: async () => sane[Symbol.asyncDispose](),
  };
}

/** Keys with pauses between them, as a person types: in one piece they would be a paste. */
async function type(terminal: ViewTerminal, keys: string): Promise<void> {
  for (const key of keys) {
    terminal.press(key);
    await sleep(60);
  }
}

const signals = [
  ['SIGTERM', 143],
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGQUIT', 131],
] as const;

describe.concurrent.each(scenes)('$name', (scene) => {
  test.for([...scene.quits, '\x03'])('key %j: 0', SLOW, async (keys) => {
    await using view = await begin(scene);
    await type(view.terminal, keys);
    await view.ended(0);
  });

  test.for(signals)('%s: %i', SLOW, async ([name, code]) => {
    await using view = await begin(scene);
    process.kill(view.sane.jobPid(), name);
    await view.ended(code);
  });

  test('a second signal', SLOW, async () => {
    await using view = await begin(scene);
    const pid = view.sane.jobPid();
    process.kill(pid, 'SIGTERM');
    process.kill(pid, 'SIGINT');
    await view.ended([143, 130]);
  });

  test.for(['thrown', 'rejected'])('%s where nothing catches it: 70', SLOW, async (how) => {
    const command = [process.execPath, '--import', support('crash-on-signal.mjs'), program()];
    await using view = await begin(scene, { command, env: { SDCTL_TEST_CRASH: how } });
    process.kill(view.sane.jobPid(), 'SIGUSR2');
    await view.ended(70);
    expect(saidAfterTheEnd(view.sane.terminal)).toBe(true);
  });

  test('suspended, and back again', SLOW, async () => {
    await using view = await begin(scene);
    const { sane, terminal } = view;
    terminal.press('\x1a');
    await view.ended(148);
    sane.foreground();
    await terminal.until((one) => one.isAlternate && scene.shows.test(one.text()), WITHIN_MS);
    expect(terminal.modes).toMatchObject({ isCursorVisible: false, wraps: false, bracketedPaste: true });
    const [key, shows] = scene.key;
    terminal.press(key);
    await terminal.until(shows, WITHIN_MS);
    // As a script does, or somebody at another terminal.
    process.kill(sane.jobPid(), 'SIGTSTP');
    await view.ended(148);
    sane.foreground();
    await terminal.until(shows, WITHIN_MS);
    terminal.press('\x03');
    await view.ended(0);
  });
});

describe.concurrent('while it begins', () => {
  test.for([0, 60, 120, 180, 240, 300, 400, 500])('SIGTERM after %i ms', SLOW, async (afterMs) => {
    await using sane = await SaneShell.open({ shell: 'sh' });
    await sane.start(['top', '--backend', 'etcd', '--server', etcd.url]);
    const pid = await programOf(sane);
    await sleep(afterMs);
    process.kill(pid, 'SIGTERM');
    const ending = await sane.ending();
    expect(ending.code).toBe(143);
    expect(ending.differences).toEqual([]);
    expect(await sane.echoes()).toBe(true);
  });
});

/** The job of the shell once it is the program, and not what the shell ran before it. */
async function programOf(sane: SaneShell): Promise<number> {
  for (const startedMs = performance.now(); ;) {
    try {
      const pid = sane.jobPid();
      if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('run.js')) return pid;
    } catch {
      // Between two jobs.
    }
    if (performance.now() - startedMs > WITHIN_MS) throw new Error('the shell runs nothing');
    await sleep(2);
  }
}

/** The report of a defect stands behind the switch back to the normal screen, and can be read there. */
function saidAfterTheEnd(terminal: ViewTerminal): boolean {
  const { output } = terminal;
  const at = output.indexOf(DEFECT);
  expect(terminal.text().replaceAll('\n', '')).toContain(DEFECT);
  expect(terminal.text()).toMatch(/^sdctl hit a defect: /m);
  return at > output.lastIndexOf(LEFT) && output.lastIndexOf(LEFT) > 0;
}

describe.concurrent('bash', () => {
  test.for(['\x03', 'q'])('key %j: 0', SLOW, async (keys) => {
    await using view = await begin(overview, { shell: 'bash' });
    view.terminal.press(keys);
    await view.ended(0);
  });

  test.for(scenes.map((scene) => [scene.name, scene] as const))(
    'stopped, and back again: %s',
    SLOW,
    async ([, scene]) => {
      await using view = await begin(scene, { shell: 'bash' });
      const { sane, terminal } = view;
      // Nobody could clean up before this; the shell shows its prompt wherever the cursor stands.
      const pid = sane.jobPid();
      process.kill(pid, 'SIGSTOP');
      await untilStopped(pid);
      await terminal.until('Stopped', WITHIN_MS);
      sane.foreground();
      await terminal.until(
        (one) => scene.shows.test(one.text()) && !/sane>|Stopped/.test(one.text()),
        WITHIN_MS,
      );
      expect(terminal.modes).toMatchObject({ isAlternate: true, isCursorVisible: false, wraps: false });
      const [key, shows] = scene.key;
      terminal.press(key);
      await terminal.until(shows, WITHIN_MS);
      terminal.press('\x03');
      await view.ended(0);
    },
  );

  test('suspended, continued in the background, and back', SLOW, async () => {
    await using view = await begin(overview, { shell: 'bash' });
    const { sane, terminal } = view;
    const pid = sane.jobPid();
    terminal.press('\x1a');
    await view.ended(148);
    // A job in the background may not touch the terminal: it stops again, and nothing of it is seen.
    const before = terminal.received;
    process.kill(pid, 'SIGCONT');
    await untilStopped(pid);
    await sleep(500);
    expect(stateOf(pid)).toBe('T');
    expect(terminal.isAlternate).toBe(false);
    expect(terminal.received - before).toBeLessThan(200);
    sane.foreground();
    await live(terminal);
    terminal.resize(100, 30);
    await terminal.until((one) => /q quit/.test(one.rows()[29] ?? ''), WITHIN_MS);
    terminal.press('q');
    await view.ended(0);
  });

  test('a size that changed while it was suspended', SLOW, async () => {
    await using view = await begin(overview, { shell: 'bash' });
    const { sane, terminal } = view;
    terminal.press('\x1a');
    await view.ended(148);
    terminal.resize(120, 40);
    sane.foreground();
    await terminal.until((one) => /q quit/.test(one.rows()[39] ?? ''), WITHIN_MS);
    terminal.press('q');
    await view.ended(0);
  });
});

describe.concurrent('a defect of the program itself', () => {
  // Painting, keys and loops all ask the clock.
  test.for(['nowMs', 'monotonicMs', 'sleep'])('%s throws: 70', SLOW, async (how) => {
    const env = { SDCTL_TEST_CRASH: how, SDCTL_TEST_PROGRAM: programFolder() };
    const command = [process.execPath, support('crashing-clock.mjs')];
    await using view = await begin(overview, { command, env });
    process.kill(view.sane.jobPid(), 'SIGUSR2');
    const ending = await view.sane.ending();
    expect(ending.code).toBe(70);
    expect(ending.differences).toEqual([]);
    expect(saidAfterTheEnd(view.sane.terminal)).toBe(true);
  });
});

// A terminal of the tests is closed only when no younger one is open: its process would hold it open.
describe('without a shell', () => {
  async function opened(scene: Scene, options: { readonly command?: readonly [string, ...string[]] } = {}) {
    const usual = { flags: ['--backend', 'etcd', '--server', etcd.url], lose: async () => undefined };
    const { flags, lose = usual.lose } = (await scene.open?.()) ?? usual;
    const terminal = new ViewTerminal(['top', ...flags], options);
    await scene.reach(terminal, lose);
    return terminal;
  }

  test.for(scenes.map((scene) => [scene.name, scene] as const))(
    'a closed terminal ends it: %s',
    SLOW,
    async ([, scene]) => {
      await using terminal = await opened(scene);
      const { pid } = terminal;
      const closedMs = performance.now();
      terminal.closeTerminal();
      await gone(pid, closedMs);
      expect(await terminal.ended).toEqual({ code: 129, signal: null });
    },
  );

  test('a closed terminal without the signal ends it', SLOW, async () => {
    // In a session of its own, a program is not told: it reads an end of file, and writing fails.
    await using terminal = await opened(overview, {
      command: ['setsid', '--wait', process.execPath, program()],
    });
    const pid = childOf(terminal.pid);
    const closedMs = performance.now();
    terminal.closeTerminal();
    await gone(pid, closedMs);
  });

  test('a terminal that only fails to be written on ends it', SLOW, async () => {
    // stdin and stdout are two terminals, and the second one is closed: every write is an input/output error.
    await using screen = new ViewTerminal(['60'], { command: ['sleep'] });
    const closeOthers = 'for fd in /proc/$$/fd/*; do fd=${fd##*/}; ((fd > 2)) && eval "exec $fd>&-"; done';
    const run = `exec '${process.execPath}' '${program()}' top --backend etcd --server ${etcd.url} > ${screen.device}`;
    await using keyboard = new ViewTerminal([], { command: ['bash', '-c', `${closeOthers}; ${run}`] });
    await live(screen);
    const before = keyboard.sttyOf();
    expect(before).toContain('-icanon');
    screen.closeTerminal();
    expect((await keyboard.exit(END_MS)).code).toBe(129);
  });

  test('stopped and continued by signals: painted anew, keys work', SLOW, async () => {
    await using terminal = await opened(overview);
    terminal.signal('SIGSTOP');
    await sleep(300);
    const before = terminal.received;
    terminal.signal('SIGCONT');
    await terminal.until((one) => one.received > before + 1_000, 5_000);
    await live(terminal);
    terminal.press('?');
    await terminal.until(HELP, 5_000);
    terminal.press('\x03');
    expect(await terminal.exit(END_MS)).toEqual({ code: 0, signal: null });
  });

  test('ctrl-z where no shell could wake it: it comes back by itself', SLOW, async () => {
    await using terminal = await opened(overview);
    terminal.press('\x1a');
    await terminal.until(({ isAlternate }) => !isAlternate, 5_000);
    // The process that started it is no shell: it may be stopped for good, or not at all.
    await sleep(600);
    if (stateOf(terminal.pid) === 'T') terminal.signal('SIGCONT');
    await terminal.until((one) => one.isAlternate && /LIVE/.test(one.text()), 5_000);
    terminal.press('q');
    expect(await terminal.exit(END_MS)).toEqual({ code: 0, signal: null });
  });
});

/** Waits until there is no such process any more. */
async function gone(pid: number, sinceMs: number): Promise<void> {
  while (existsSync(`/proc/${pid}`) && stateOf(pid) !== 'Z') {
    if (performance.now() - sinceMs > END_MS) throw new Error(`${pid} still runs: ${stateOf(pid)}`);
    await sleep(20);
  }
  console.info(`ending | closed terminal | ${Math.round(performance.now() - sinceMs)} ms`);
}

async function untilStopped(pid: number): Promise<void> {
  for (const startedMs = performance.now(); stateOf(pid) !== 'T';) {
    if (performance.now() - startedMs > WITHIN_MS) throw new Error(`${pid} does not stop: ${stateOf(pid)}`);
    await sleep(10);
  }
}

function childOf(pid: number): number {
  const pids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  expect(pids).toHaveLength(1);
  return Number(pids[0]);
}

/** `S`, `T` for stopped, `Z`; empty when there is none. */
function stateOf(pid: number): string {
  try {
    return /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? '';
  } catch {
    return '';
  }
}
