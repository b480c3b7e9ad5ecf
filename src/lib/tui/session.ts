import { isAborted, SdctlError } from '../errors.js';
import { formatDuration } from '../time/duration.js';
import { Beat } from './beat.js';
import { Effects, placeOf } from './effects.js';
import type { ViewHost, Target } from './host.js';
import { bindingFor } from './keys/key-table.js';
import type { BookChange } from './model/book.js';
import type { PaintModel, Place, Size } from './model/paint-model.js';
import type { InstanceRow, LeaseRow, Row } from './model/rows.js';
import type { BookRows } from './model/still-book.js';
import { dialogSpace } from './paint/dialogs.js';
import { mostScroll } from './paint/paint-frame.js';
import { panesOf } from './paint/panes.js';
import { isTooSmall, LEAST, regionsOf } from './paint/regions.js';
import { completionOf, readLine, type KnownNames, type LineCommand } from './state/command-line.js';
import { isReadable } from './state/filter.js';
import { currentVisit, firstVisit, reduce, type Action } from './state/reduce.js';
import { sortBy, type Sort } from './state/sorting.js';
import { TableKeeper } from './state/table-keeper.js';
import { freeze, toPaintModel, type Frozen } from './state/to-paint-model.js';
import type { Message, ViewState } from './state/view-state.js';
import type { KeyPress } from './terminal/keys.js';
import { World } from './world.js';

const WARMED_AT_ONCE = 250;
const MESSAGE_MS = 6_000;
const LONGEST_TYPED = 256;

/** What the config file says about the view. */
export interface ViewSettings {
  readonly keepEvents: number;
  readonly start: 'services' | 'leases' | 'events' | 'doctor';
  /** For services, the instances of one and leases; null: as the view has it. */
  readonly sort: string | null;
  readonly hidden: ReadonlySet<string>;
}

/** Where pictures go. */
export interface ViewScreen {
  /** @param cause what it follows from: a key is painted at once */
  paint(model: PaintModel, cause: PaintCause): void;
  suspend(): void;
  repaint(): void;
}

export type PaintCause = 'key' | 'data' | 'tick';

export interface SessionOptions {
  readonly host: ViewHost;
  readonly screen: ViewScreen;
  readonly settings: ViewSettings;
  readonly target: Target;
  readonly size: Size;
  readonly color: boolean;
  readonly ascii: boolean;
  /** A filter to begin with; empty: none. */
  readonly filter: string;
  readonly onCrash: (thrown: unknown) => void;
}

/** The view without its terminal: keys and the registry go in, pictures come out. */
export class Session {
  readonly #options: SessionOptions;
  readonly #end = new AbortController();
  #state: ViewState;
  #world: World;
  readonly #table: TableKeeper;
  readonly #effects: Effects;
  readonly #beat: Beat;
  #frozen: Frozen | null = null;
  #waiting = 0;
  #usefulSize: Size = LEAST;
  #visible: readonly Row[] = [];

  constructor(options: SessionOptions) {
    this.#options = options;
    const { settings, size, ascii, target, host, filter } = options;
    const place: Place =
      host.service === null
        ? placeOf(settings.start)
        : { screen: 'service', serviceKey: '', name: host.service };
    const sorts = settings.sort === null ? {} : startSorts(settings.sort);
    const sort = sorts[place.screen] ?? sortBy(place.screen, null);
    this.#state = {
      size,
      ascii,
      wide: false,
      isPaused: false,
      history: [{ ...firstVisit(place, sort), filter }],
      at: 0,
      sorts,
      marks: new Set(),
      focus: 'table',
      prompt: null,
      dialog: null,
      message: null,
    };
    this.#world = this.#openWorld(target);
    this.#table = new TableKeeper(host.clock);
    this.#beat = new Beat({
      clock: host.clock,
      signal: this.#end.signal,
      paint: (cause) => {
        this.#paint(cause);
      },
      onSecond: () => {
        this.#endMessage();
      },
      warm: () => this.#table.warm(WARMED_AT_ONCE),
    });
    this.#effects = new Effects(this.#effectView());
  }

  get state(): ViewState {
    return this.#state;
  }

  /** Opens the registry; pictures come with `run`. */
  start(): void {
    this.#world.start();
  }

  /** Paints until the user leaves or the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    if (isAborted(signal)) this.stop();
    signal.addEventListener('abort', () => {
      this.stop();
    });
    this.#paint('data');
    await this.#beat.run();
    await this.#world.close();
  }

  /** Ends it. */
  stop(): void {
    this.#end.abort();
  }

  resize(size: Size): void {
    this.#reduce({ type: 'resize', size });
    this.#paint('key');
  }

  press(key: KeyPress): void {
    if (isAborted(this.#end.signal)) return;
    if (key.kind === 'key' && key.name === 'ctrl-c') {
      this.stop();
      return;
    }
    if (key.kind === 'key' && key.name === 'ctrl-z') {
      this.#options.screen.suspend();
      return;
    }
    if (key.kind === 'key' && key.name === 'ctrl-l') {
      this.#options.screen.repaint();
      return;
    }
    if (this.#state.prompt !== null) this.#type(key);
    else if (key.kind !== 'paste') {
      const name = key.kind === 'key' ? key.name : key.text;
      if (this.#state.dialog !== null) this.#pressInDialog(name);
      else {
        const binding = bindingFor(name, currentVisit(this.#state).place.screen);
        if (binding !== null) this.#effects.do(binding.effect);
      }
    }
    if (!isAborted(this.#end.signal)) this.#paint('key');
  }

  // Keys

  #type(key: KeyPress): void {
    const { prompt } = this.#state;
    if (prompt === null) return;
    const typed = (text: string): void => {
      this.#reduce({ type: 'typed', text: text.slice(0, LONGEST_TYPED) });
    };
    if (key.kind === 'text') {
      typed(prompt.text + key.text);
      return;
    }
    if (key.kind === 'paste') {
      typed(prompt.text + key.text.replace(/\s+/g, ' '));
      return;
    }
    switch (key.name) {
      case 'backspace':
      case 'delete': {
        typed(Array.from(prompt.text).slice(0, -1).join(''));
        return;
      }
      case 'ctrl-u': {
        typed('');
        return;
      }
      case 'tab': {
        typed(prompt.text + (prompt.kind === 'command' ? completionOf(prompt.text, this.#names()) : ''));
        return;
      }
      case 'escape':
        this.#reduce({ type: 'promptDone', keeps: false });
        return;
      case 'enter':
        // The line says why it cannot be read; closed, it would look as if it were in force.
        if (prompt.kind === 'filter' && !isReadable(prompt.text)) return;
        this.#reduce({ type: 'promptDone', keeps: true });
        if (prompt.kind === 'command') this.#runLine(prompt.text);
        return;
      default:
    }
  }

  #pressInDialog(name: string): void {
    const { dialog } = this.#state;
    if (dialog === null) return;
    const effect = bindingFor(name, currentVisit(this.#state).place.screen)?.effect;
    if (effect?.type === 'move') {
      const space = dialogSpace(dialog, this.#state.size, this.#state);
      this.#reduce({ type: 'scroll', to: effect.to, ...space });
      return;
    }
    // On every screen, also where Enter has nothing to open.
    const closes = ['escape', 'enter', 'q', dialog.kind === 'help' ? '?' : 'y'];
    if (closes.includes(name)) this.#reduce({ type: 'dialog', dialog: null });
  }

  // The line behind `:`

  #names(): KnownNames {
    const { host } = this.#options;
    const services = [...this.#rows.services()].map(({ name }) => name).sort();
    return { services, contexts: host.contexts, layouts: host.layoutsOf(this.#world.identity) };
  }

  #runLine(text: string): void {
    if (text.trim() === '') return;
    const result = readLine(text, this.#names());
    if (result.ok) this.#obey(result.command);
    else this.#say(result.reason, 'warning');
  }

  #obey(command: LineCommand): void {
    switch (command.type) {
      case 'go': {
        this.#effects.visit(placeOf(command.screen));
        return;
      }
      case 'service': {
        const found = [...this.#rows.services()].find(({ name }) => name === command.name);
        if (found === undefined) {
          const { service } = this.#options.host;
          this.#say(
            service === null ? 'no service of that name' : `this view follows ${service} alone`,
            'warning',
          );
          return;
        }
        this.#effects.visit({ screen: 'service', serviceKey: found.key, name: found.name });
        return;
      }
      case 'context': {
        this.#changeWorld({ context: command.name, layout: null });
        return;
      }
      case 'layout': {
        this.#changeWorld({ ...this.#world.target, layout: command.name });
        return;
      }
      case 'help': {
        this.#reduce({ type: 'dialog', dialog: { kind: 'help', top: 0 } });
        return;
      }
      case 'quit': {
        this.stop();
        return;
      }
    }
  }

  #changeWorld(target: Target): void {
    let next: World;
    try {
      next = this.#openWorld(target);
    } catch (error) {
      if (!(error instanceof SdctlError)) throw error;
      this.#say(error.why === undefined ? error.message : `${error.message}: ${error.why}`, 'error');
      return;
    }
    // What the old one was waiting for may take as long as it likes.
    void this.#world.close().catch(this.#options.onCrash);
    this.#world = next;
    this.#frozen = null;
    this.#reduce({ type: 'restart', place: { screen: 'services' } });
    next.start();
  }

  #openWorld(target: Target): World {
    const { host, settings, onCrash } = this.#options;
    const world: World = new World(host, target, settings.keepEvents, {
      visible: () => this.#visibleRows(),
      visibleServices: () => this.#visible.flatMap((row) => (row.kind === 'service' ? [row.key] : [])),
      onChange: (change) => {
        if (this.#world === world) this.#take(change);
      },
      onReturn: ({ ms, joined, left }) => {
        if (this.#world === world)
          this.#say(`back after ${formatDuration(ms)}: ${joined} joined, ${left} left meanwhile`, 'info', {
            isNews: true,
          });
        this.#beat.markDirty();
      },
      onCrash,
    });
    return world;
  }

  // The registry

  #take(change: BookChange | null): void {
    if (change?.kind === 'event' && this.#state.isPaused) this.#waiting += 1;
    if (change?.kind === 'all' || change?.kind === 'service') this.#findStart();
    if (change !== null) this.#table.note(change);
    if (change === null || this.#isSeen(change)) this.#beat.markDirty();
  }

  /** Whether a change can be seen where the user is. What a lease has said of its time shows with the next second. */
  #isSeen({ kind }: BookChange): boolean {
    const { screen } = currentVisit(this.#state).place;
    if (kind === 'lease') return screen === 'leases';
    if (kind === 'instance') return screen !== 'services' && screen !== 'leases' && screen !== 'doctor';
    return true;
  }

  /** The service that the command line named gets its place when it is known which one it is. */
  #findStart(): void {
    const visit = currentVisit(this.#state);
    if (visit.place.screen !== 'service' || visit.place.serviceKey !== '') return;
    const { name } = visit.place;
    const found = [...this.#world.book.services()].find((row) => row.name === name);
    if (found === undefined) return;
    const place: Place = { screen: 'service', serviceKey: found.key, name };
    this.#state = { ...this.#state, history: this.#state.history.with(this.#state.at, { ...visit, place }) };
  }

  // State and table

  #reduce(action: Action): void {
    this.#state = reduce(this.#state, action);
  }

  #say(text: string, level: Message['level'] = 'info', more: Pick<Message, 'isNews'> = {}): void {
    const untilMs = this.#options.host.clock.monotonicMs() + MESSAGE_MS;
    this.#reduce({ type: 'say', message: { text, level, untilMs, ...more } });
  }

  /** While the terminal is too small, nothing is seen, and nothing is scrolled. */
  #page(): number {
    const { size } = this.#state;
    if (!isTooSmall(size)) this.#usefulSize = size;
    return panesOf(currentVisit(this.#state).place, this.#usefulSize).tableRows;
  }

  /** Rows of the registry as the picture has them. */
  get #rows(): BookRows {
    return (this.#frozen ?? this.#world).book;
  }

  #selectedRow(): Row | null {
    const { selectedIndex } = currentVisit(this.#state);
    return this.#table.rows[selectedIndex] ?? null;
  }

  /** The instance that a detail is about. */
  #detail(): InstanceRow | null {
    const { place } = currentVisit(this.#state);
    if (place.screen === 'instance') return this.#rows.instance(place.key);
    const row = this.#selectedRow();
    return row?.kind === 'instance' ? row : null;
  }

  #visibleRows(): readonly (InstanceRow | LeaseRow)[] {
    const detail = this.#detail();
    const rows = this.#visible.flatMap((row) =>
      row.kind === 'instance' || row.kind === 'lease' ? [row] : [],
    );
    return detail === null ? rows : [detail, ...rows];
  }

  #pause(isPaused: boolean): void {
    this.#frozen = isPaused ? freeze(this.#model(), this.#world.book, this.#world.moment) : null;
    this.#waiting = 0;
    this.#table.touchAll();
    this.#reduce({ type: 'pause', isPaused });
  }

  #effectView(): ConstructorParameters<typeof Effects>[0] {
    const state = (): ViewState => this.#state;
    const world = (): World => this.#world;
    const rows = (): readonly Row[] => this.#table.rows;
    const { host, screen, onCrash } = this.#options;
    return {
      get state() {
        return state();
      },
      get world() {
        return world();
      },
      get rows() {
        return rows();
      },
      host,
      screen,
      reduce: (action) => {
        this.#reduce(action);
      },
      say: (text, level) => {
        this.#say(text, level);
      },
      selectedRow: () => this.#selectedRow(),
      detail: () => this.#detail(),
      page: () => this.#page(),
      mostScroll: () => mostScroll(this.#model()),
      detailPage: () =>
        regionsOf(currentVisit(this.#state).place, this.#state.size).detail?.height ?? this.#page(),
      retry: () => {
        if (this.#world.connection.kind === 'failed') this.#changeWorld(this.#world.target);
        else this.#world.refresh();
      },
      pause: (isPaused) => {
        this.#pause(isPaused);
      },
      markDirty: () => {
        this.#beat.markDirty();
      },
      stop: () => {
        this.stop();
      },
      onCrash,
    };
  }

  /** Leases are read only while somebody looks at them. */
  #wantLeases(): void {
    const { place } = currentVisit(this.#state);
    const row = place.screen === 'lease' ? this.#world.leases?.row(place.key) : this.#selectedRow();
    const detail = row?.kind === 'lease' ? { id: row.id, node: row.node } : null;
    this.#world.leases?.want(place.screen === 'leases' || place.screen === 'lease', detail);
  }

  #updateTable(): void {
    const before = currentVisit(this.#state);
    this.#table.update(before, this.#world, this.#frozen?.book ?? null);
    this.#reduce({ type: 'follow', rows: this.#table.rows, page: this.#page() });
    const { top } = currentVisit(this.#state);
    const visible = this.#table.rows.slice(top, top + this.#page());
    const isSame =
      visible.length === this.#visible.length &&
      visible.every(({ key }, at) => key === this.#visible[at]?.key);
    this.#visible = visible;
    // Rows that were not seen before do not wait for their turn.
    if (!isSame) this.#world.hurry();
  }

  // Painting

  #endMessage(): void {
    const { message } = this.#state;
    if (message !== null && message.untilMs <= this.#options.host.clock.monotonicMs())
      this.#reduce({ type: 'say', message: null });
  }

  #paint(cause: PaintCause): void {
    if (isAborted(this.#end.signal)) return;
    this.#beat.painting();
    this.#updateTable();
    this.#wantLeases();
    this.#options.screen.paint(this.#model(), cause);
  }

  #model(): PaintModel {
    const { settings, color } = this.#options;
    return toPaintModel({
      state: this.#state,
      world: this.#world,
      table: this.#table,
      frozen: this.#frozen,
      waiting: this.#waiting,
      settings,
      color,
      moment: this.#world.moment,
      detail: this.#detail(),
      selected: this.#selectedRow(),
      names: () => this.#names(),
    });
  }
}

function startSorts(column: string): ViewState['sorts'] {
  const pairs = (['services', 'service', 'leases'] as const).map((screen): readonly [string, Sort] => [
    screen,
    sortBy(screen, column),
  ]);
  return Object.fromEntries(pairs);
}
