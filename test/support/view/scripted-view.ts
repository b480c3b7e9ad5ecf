/** The built program at a terminal, with registries and a clock that do what the test says. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { programFolder } from '../binary.js';
import { makeTempDir } from '../servers/lifetime.js';
import {
  PICTURE_MS,
  type FaultyCall,
  type Fixture,
  type FixtureError,
  type FixtureLease,
  type ScriptedEvent,
  type Story,
} from './fixture.js';
import { ViewTerminal, type ViewTerminalOptions } from './view-terminal.js';

export interface ScriptedViewOptions extends Omit<ViewTerminalOptions, 'entry' | 'command'> {
  /** What stands behind the program's name. Default `watch -i`. */
  readonly args?: readonly string[];
  /** Wall clock at the start. Default: the moment of the pictures. */
  readonly startMs?: number;
  /** Registries of other contexts than `prod-eu`. */
  readonly contexts?: Readonly<Record<string, Fixture>>;
  /** Added to the config file. */
  readonly config?: string;
}

/** A call that the view made. */
export interface SeenCall {
  readonly method: string;
  readonly words: readonly unknown[];
  /** Wall clock of the script. */
  readonly atMs: number;
}

const CONFIG = `version: 1
currentContext: prod-eu
contexts:
  prod-eu:
    backend: BACKEND
    servers: [https://10.0.0.5:2379, https://10.0.0.6:2379, https://10.0.0.7:2379]
    prefix: /microservices/
    layout: kratos
    protected: true
    color: red
  stage:
    backend: etcd
    servers: [http://10.1.0.5:2379]
  broken:
    backend: etcd
    servers: [http://10.9.9.9:2379]
`;
const CONSUL = `version: 1
currentContext: prod-eu
contexts:
  prod-eu:
    backend: consul
    servers: [http://10.0.0.5:8500]
    protected: true
    color: red
  stage:
    backend: etcd
    servers: [http://10.1.0.5:2379]
  broken:
    backend: etcd
    servers: [http://10.9.9.9:2379]
`;
const entry = fileURLToPath(new URL('entry.mjs', import.meta.url));
const ANSWER_MS = 20_000;
/** Output of one picture comes in pieces; without one for so long there is no more of it. */
const QUIET_MS = 60;

interface Answer {
  readonly id: number;
  readonly answer?: unknown;
  readonly problem?: string;
}

export class ScriptedView implements AsyncDisposable {
  readonly terminal: ViewTerminal;
  readonly home: string;
  readonly #server: Server;
  readonly #connected: Promise<Socket>;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #next = 1;

  private constructor(fixture: Fixture, options: ScriptedViewOptions, server: Server, socketFile: string) {
    this.#server = server;
    this.home = options.home ?? makeTempDir('home');
    const { args = ['watch', '-i'], startMs = PICTURE_MS, contexts = {}, config = '', ...rest } = options;
    const fixtures = path.join(path.dirname(socketFile), 'fixtures.json');
    writeFileSync(fixtures, JSON.stringify({ startMs, fixtures: { '': fixture, ...contexts } }));
    const folder = path.join(this.home, 'config', 'sdctl');
    mkdirSync(folder, { recursive: true });
    const text = fixture.backend === 'consul' ? CONSUL : CONFIG.replace('BACKEND', fixture.backend);
    writeFileSync(path.join(folder, 'config.yaml'), text + config);
    this.#connected = new Promise((resolve) => {
      server.once('connection', (socket) => {
        // The program may end at any moment; whoever waits for it is told by its end.
        const ignore = (): void => undefined;
        socket.on('error', ignore);
        createInterface({ input: socket })
          .on('line', (line) => this.#answered(JSON.parse(line) as Answer))
          .on('error', ignore);
        resolve(socket);
      });
    });
    this.terminal = new ViewTerminal(args, {
      ...rest,
      home: this.home,
      entry,
      env: {
        SDCTL_TEST_SOCKET: socketFile,
        SDCTL_TEST_PROGRAM: programFolder(),
        SDCTL_TEST_FIXTURES: fixtures,
        ...options.env,
      },
    });
  }

  /** Starts the program; `fixture` is the registry of every context that has none of its own. */
  static async open(fixture: Fixture, options: ScriptedViewOptions = {}): Promise<ScriptedView> {
    const socketFile = path.join(makeTempDir('script'), 's');
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(socketFile, resolve);
    });
    return new ScriptedView(fixture, options, server, socketFile);
  }

  /** Waits for the first picture: no time may pass before the view is there to see it. */
  async shown(): Promise<void> {
    await this.terminal.until(({ isAlternate }) => isAlternate, ANSWER_MS);
    await this.terminal.until(/\S/, ANSWER_MS);
    await this.painted();
  }

  /** Lets time pass; everything that is due has run, and its picture has come. */
  async advance(ms: number): Promise<void> {
    await this.#send({ advance: ms });
    await this.painted();
  }

  /** Changes the set and lets the view collect what it has heard. */
  async emit(...events: readonly ScriptedEvent[]): Promise<void> {
    await this.#send({ emit: events });
  }

  /** From now on the call fails; following it makes an outage. */
  async fail(method: FaultyCall, error: FixtureError, retryInMs = 1_000): Promise<void> {
    await this.#send({ fail: { method, error, retryInMs } });
  }

  async deny(method: FaultyCall): Promise<void> {
    await this.#send({ deny: method });
  }

  async hang(method: FaultyCall): Promise<void> {
    await this.#send({ hang: method });
  }

  async recover(method: FaultyCall | null = null): Promise<void> {
    await this.#send({ recover: method });
  }

  /** Changes what is known of leases, or adds some. */
  async setLeases(
    leases: readonly (Partial<FixtureLease> & { readonly id: string; readonly gone?: true })[],
  ): Promise<void> {
    await this.#send({ leases });
  }

  /** Tells a whole story, step by step. */
  async tell(story: Story): Promise<void> {
    for (const step of story) await this.#send(step);
    await this.painted();
  }

  /** Every call that the view made to the registry of a context; of the one in use without a name. */
  async calls(context?: string): Promise<readonly SeenCall[]> {
    return (await this.#ask({
      calls: true,
      ...(context === undefined ? {} : { context }),
    })) as readonly SeenCall[];
  }

  async nowMs(): Promise<number> {
    return (await this.#ask({ now: true })) as number;
  }

  /** Milliseconds until each sleeper of the program's clock wakes. */
  async sleeping(): Promise<readonly number[]> {
    return (await this.#ask({ sleeping: true })) as readonly number[];
  }

  /** Bytes of the heap in use; after a collection with the Node flag `--expose-gc`. */
  async heap(): Promise<number> {
    return (await this.#ask({ heap: true })) as number;
  }

  /** Presses keys and waits for the picture that they lead to. */
  async press(keys: string): Promise<void> {
    this.terminal.press(keys);
    // The key is on its way; the answer comes behind it.
    await this.#send({ now: true });
    await this.painted();
  }

  /** Waits until the picture is whole and nothing more comes. */
  async painted(): Promise<void> {
    await this.terminal.settle(QUIET_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.terminal[Symbol.asyncDispose]();
    this.#server.close();
  }

  async #ask(question: object): Promise<unknown> {
    const answer = await this.#send(question);
    if (answer === undefined) throw new Error(`the program ended:\n${this.terminal.text()}`);
    return answer;
  }

  /** @returns undefined when the program ended before it answered */
  async #send(command: object): Promise<unknown> {
    const ended = this.terminal.ended.then(() => null);
    const socket = await Promise.race([this.#connected, ended]);
    if (socket === null)
      throw new Error(`the program ended before it could be told anything:\n${this.terminal.text()}`);
    const id = this.#next;
    this.#next += 1;
    const answer = await new Promise<Answer | null>((resolve) => {
      const timer = setTimeout(
        () => resolve({ id, problem: `no answer to ${JSON.stringify(command)}` }),
        ANSWER_MS,
      );
      const done = (value: Answer | null): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(value);
      };
      this.#waiting.set(id, done);
      void ended.then(() => done(null));
      socket.write(`${JSON.stringify({ id, ...command })}\n`);
    });
    // What it was told may have led to its end.
    if (answer === null) return undefined;
    if (answer.problem !== undefined) throw new Error(`${answer.problem}\n${this.terminal.text()}`);
    return answer.answer;
  }

  #answered(answer: Answer): void {
    this.#waiting.get(answer.id)?.(answer);
  }
}
