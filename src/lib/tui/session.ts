import { isAborted, SdctlError } from '../errors.js';
import { formatDuration } from '../time/duration.js';
import type { ViewHost, Target } from './host.js';
import { bindingFor, type Effect } from './keys/key-table.js';
import { helpLines } from './keys/help.js';
import type { KeyPress } from './terminal/keys.js';
import type { BookChange } from './model/book.js';
import type { Dialog, PaintModel, PaneName, Place, Size } from './model/paint-model.js';
import type { InstanceRow, LeaseRow, Row } from './model/rows.js';
import { panesOf } from './paint/panes.js';
import { endpointsText, findingLines, rawLines } from './state/raw-text.js';
import { completionOf, readLine, type KnownNames, type LineCommand } from './state/command-line.js';
import { isProblem, readFilter } from './state/filter.js';
import { LiveTable } from './state/live-table.js';
import { currentVisit, firstVisit, reduce, type Action, type Movement } from './state/reduce.js';
import { isMoving, orderOf, sortBy, type Sort, type SortContext } from './state/sorting.js';
import { doctorSteps, eventSteps, holds, hostOf, instancesBehind, rowsOf } from './state/table-source.js';
import { tableTsv } from './state/table-tsv.js';
import { freeze, toPaintModel, type Frozen } from './state/to-paint-model.js';
import type { ViewState, Visit } from './state/view-state.js';
import { World } from './world.js';

/** Events are collected for this long before they are painted. */
const PAINT_EVERY_MS = 100;
const TICK_MS = 1_000;
const MESSAGE_MS = 6_000;
const LONGEST_TYPED = 256;

/** What the config file says about the view. */
export interface ViewSettings {
  readonly keepEvents: number;
  readonly start: 'services' | 'leases' | 'events' | 'doctor';
  /** For the overview and for instances; null: as the view has it. */
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
  #table: LiveTable<Row>;
  /** The visit and the place that the table was made for. */
  #tableOf: Visit | null = null;
  /** Rows that are other ones now; null: all may be. */
  #changed: Set<string> | null = new Set();
  #frozen: Frozen | null = null;
  #waiting = 0;
  #isDirty = true;
  #isTicking = false;
  #paintedAtMs = -Infinity;
  #sortedAtMs = -Infinity;
  #wake = new AbortController();
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
    this.#table = new LiveTable(orderOf(place.screen, sort, this.#sortContext()));
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
    await Promise.all([this.#paintLoop(), this.#tickLoop()]);
    await this.#world.close();
  }

  /** Ends it. */
  stop(): void {
    this.#end.abort();
    this.#wake.abort();
  }

  resize(size: Size): void {
    this.#reduce({ type: 'resize', size });
    this.#paint('key');
  }

  /** The screen has lost what it showed, or can take more now. */
  refresh(): void {
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
      this.#do({ type: 'repaint' });
      return;
    }
    if (this.#state.prompt !== null) this.#type(key);
    else if (key.kind !== 'paste') {
      const name = key.kind === 'key' ? key.name : key.text;
      if (this.#state.dialog !== null) this.#pressInDialog(name);
      else {
        const binding = bindingFor(name, currentVisit(this.#state).place.screen);
        if (binding !== null) this.#do(binding.effect);
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
        this.#reduce({ type: 'promptDone', keeps: true });
        if (prompt.kind === 'command') this.#runLine(prompt.text);
        return;
      default:
    }
  }

  #pressInDialog(name: string): void {
    const { dialog } = this.#state;
    const effect = bindingFor(name, currentVisit(this.#state).place.screen)?.effect;
    if (dialog === null || effect === undefined) return;
    if (effect.type === 'move') {
      const lines = this.#dialogLines(dialog);
      this.#reduce({ type: 'scroll', to: effect.to, lines, page: Math.max(1, this.#state.size.rows - 3) });
      return;
    }
    const closes: readonly Effect['type'][] = [
      'back',
      'quit',
      'open',
      dialog.kind === 'help' ? 'help' : 'raw',
    ];
    if (closes.includes(effect.type)) this.#reduce({ type: 'dialog', dialog: null });
  }

  #dialogLines(dialog: Dialog): number {
    if (dialog.kind === 'text') return dialog.lines?.length ?? 0;
    return helpLines({ ascii: this.#state.ascii }, this.#state.size.columns).length;
  }

  #do(effect: Effect): void {
    const visit = currentVisit(this.#state);
    switch (effect.type) {
      case 'move':
        this.#move(effect.to);
        return;
      case 'go':
        this.#visit({ ...placeOf(effect.screen) });
        return;
      case 'history':
        this.#reduce({ type: 'history', by: effect.by });
        return;
      case 'pane':
        this.#turnPane(effect.by);
        return;
      case 'prompt':
        this.#reduce({ type: 'prompt', kind: effect.kind });
        return;
      case 'back':
        if (visit.filter !== '') this.#reduce({ type: 'filter', text: '' });
        else this.#reduce({ type: 'back' });
        return;
      case 'quit':
        if (this.#state.at === 0) this.stop();
        else this.#reduce({ type: 'back' });
        return;
      case 'leave':
        this.stop();
        return;
      case 'suspend':
        this.#options.screen.suspend();
        return;
      case 'repaint':
        this.#options.screen.repaint();
        return;
      case 'sort':
      case 'reverse':
      case 'problems':
        this.#reduce({ type: effect.type });
        return;
      case 'wide':
      case 'ascii':
        this.#reduce({ type: 'toggle', what: effect.type });
        return;
      case 'mark':
        this.#mark();
        return;
      case 'pause':
        this.#pause(!this.#state.isPaused);
        return;
      case 'retry':
        this.#world.refresh();
        this.#say('reading everything anew');
        return;
      case 'help':
        this.#reduce({ type: 'dialog', dialog: { kind: 'help', top: 0 } });
        return;
      case 'severity':
        this.#reduce({ type: 'narrow', to: next(doctorSteps, visit.narrowed) });
        return;
      case 'types':
        this.#reduce({ type: 'narrow', to: next(eventSteps, visit.narrowed) });
        return;
      case 'rerun':
        this.#world.doctor?.ask();
        return;
      case 'save':
        this.#save();
        return;
      case 'copy':
        this.#copy();
        return;
      case 'open':
        this.#open();
        return;
      case 'raw':
        this.#showRaw();
        return;
      case 'events':
        this.#visitEvents();
        return;
      case 'lease':
      case 'host':
        this.#visitRelated(effect.type);
        return;
    }
  }

  #move(to: Movement): void {
    this.#reduce({ type: 'move', to, rows: this.#table.rows, page: this.#page() });
  }

  #turnPane(by: 1 | -1): void {
    const { panes } = panesOf(currentVisit(this.#state).place, this.#state.size);
    if (panes.length === 0) return;
    const at = panes.indexOf(this.#state.focus);
    const pane: PaneName = panes[(at + by + panes.length) % panes.length] ?? 'table';
    this.#reduce({ type: 'focus', pane });
  }

  #mark(): void {
    const row = this.#selectedRow();
    if (row === null) return;
    this.#reduce({ type: 'mark', key: row.key });
    this.#move('down');
  }

  #pause(isPaused: boolean): void {
    this.#frozen = isPaused ? freeze(this.#model(), this.#world.moment) : null;
    this.#waiting = 0;
    this.#changed = null;
    this.#reduce({ type: 'pause', isPaused });
  }

  #open(): void {
    const { focus } = this.#state;
    if (focus === 'findings') {
      this.#visit({ screen: 'doctor' });
      return;
    }
    if (focus === 'events') {
      this.#visitEvents();
      return;
    }
    const row = this.#selectedRow();
    if (row === null) return;
    switch (row.kind) {
      case 'service': {
        this.#visit({ screen: 'service', serviceKey: row.key, name: row.name });
        return;
      }
      case 'instance': {
        this.#visit(instancePlace(row));
        return;
      }
      case 'lease': {
        this.#visit({ screen: 'lease', key: row.key, id: row.id });
        return;
      }
      case 'event': {
        this.#visitSubject(row.instanceKey, row.serviceKey);
        return;
      }
      case 'finding': {
        this.#visitFinding(row.finding.subject);
        return;
      }
    }
  }

  #visitSubject(instance: string | null, service: string | null): void {
    const row = instance === null ? null : this.#world.book.instance(instance);
    if (row !== null) {
      this.#visit(instancePlace(row));
      return;
    }
    const found = service === null ? null : this.#world.book.service(service);
    if (found !== null) {
      this.#visit({ screen: 'service', serviceKey: found.key, name: found.name });
      return;
    }
    this.#say('it is not there any more', 'warning');
  }

  #visitFinding(subject: {
    readonly service: string | null;
    readonly instance: string | null;
    readonly lease: string | null;
  }): void {
    const { service, instance, lease } = subject;
    const found = [...this.#world.book.services()].filter(({ name }) => name === service);
    for (const { key } of found)
      for (const row of this.#world.book.instancesOf(key))
        if (row.instance.id === instance) {
          this.#visit(instancePlace(row));
          return;
        }
    const [first] = found;
    if (first !== undefined) {
      this.#visit({ screen: 'service', serviceKey: first.key, name: first.name });
      return;
    }
    const leaseRow =
      lease === null ? undefined : [...(this.#world.leases?.rows() ?? [])].find(({ id }) => id === lease);
    if (leaseRow !== undefined) {
      this.#visit({ screen: 'lease', key: leaseRow.key, id: leaseRow.id });
      return;
    }
    this.#say('it is about nothing that could be opened');
  }

  #visitEvents(): void {
    const { place } = currentVisit(this.#state);
    const row = place.screen === 'instance' ? this.#detail() : this.#selectedRow();
    if (row?.kind === 'instance' && this.#state.focus !== 'events') {
      this.#visit({
        screen: 'events',
        serviceKey: row.serviceKey,
        instanceKey: row.key,
        of: `${row.instance.service}/${row.instance.id}`,
      });
      return;
    }
    if (row?.kind === 'service' && this.#state.focus !== 'events') {
      this.#visit({ screen: 'events', serviceKey: row.key, instanceKey: null, of: row.name });
      return;
    }
    if (place.screen === 'service') {
      this.#visit({ screen: 'events', serviceKey: place.serviceKey, instanceKey: null, of: place.name });
      return;
    }
    this.#visit(placeOf('events'));
  }

  #visitRelated(what: 'lease' | 'host'): void {
    const row = this.#detail();
    if (row === null) return;
    if (what === 'host') {
      const host = hostOf(row);
      if (host === null) this.#say('it does not say on which host it runs', 'warning');
      else this.#visit({ screen: 'host', host });
      return;
    }
    const found = this.#leaseOf(row);
    if (found === null) this.#say('it has no lease', 'warning');
    else this.#visit({ screen: 'lease', ...found });
  }

  #leaseOf({ instance, key }: InstanceRow): { readonly key: string; readonly id: string } | null {
    for (const row of this.#world.leases?.rows() ?? [])
      if (row.id === instance.lease?.id || row.instances.includes(key)) return { key: row.key, id: row.id };
    return null;
  }

  #save(): void {
    const { place } = currentVisit(this.#state);
    const { marks } = this.#state;
    const rows = marks.size === 0 ? this.#table.rows : this.#table.rows.filter(({ key }) => marks.has(key));
    try {
      const path = this.#options.host.save(place.screen, tableTsv(rows, this.#world.book));
      this.#say(`${rows.length} rows saved to ${path}`);
    } catch (error) {
      if (!(error instanceof SdctlError)) throw error;
      this.#say(error.why === undefined ? error.message : `${error.message}: ${error.why}`, 'error');
    }
  }

  #copy(): void {
    const { copy } = this.#options.host;
    if (copy === null) {
      this.#say('start with --clipboard to copy', 'warning');
      return;
    }
    const { marks } = this.#state;
    const marked = this.#table.rows.filter(({ key }) => marks.has(key));
    const detail = this.#detail();
    const rows = marked.length > 0 ? marked : detail === null ? [] : [detail];
    const text = endpointsText(rows);
    if (text === null) {
      this.#say('it holds hidden characters: not copied', 'warning');
      return;
    }
    if (text === '') {
      this.#say('no endpoint to copy', 'warning');
      return;
    }
    copy(text);
    this.#say(rows.length === 1 ? 'endpoint copied' : `${rows.length} endpoints copied`);
  }

  /** What is stored, read now. The dialog is there at once; its text comes when it comes. */
  #showRaw(): void {
    const row = this.#selectedRow() ?? this.#detail();
    if (row?.kind === 'finding') {
      const lines = findingLines(row.finding, this.#state.ascii);
      this.#reduce({ type: 'dialog', dialog: { kind: 'text', title: row.finding.rule.id, lines, top: 0 } });
      return;
    }
    const { opened, signal } = this.#world;
    if (opened === null || (row?.kind !== 'instance' && row?.kind !== 'lease')) return;
    const title = row.kind === 'lease' ? row.id : `${row.instance.service}/${row.instance.id}`;
    const dialog: Dialog = { kind: 'text', title, lines: null, top: 0 };
    this.#reduce({ type: 'dialog', dialog });
    void rawLines(opened.registry, row, { ascii: this.#state.ascii, signal }).then((lines) => {
      if (this.#state.dialog !== dialog) return;
      this.#reduce({ type: 'dialog', dialog: { ...dialog, lines } });
      this.#markDirty();
    }, this.#options.onCrash);
  }

  // The line behind `:`

  #names(): KnownNames {
    const { host } = this.#options;
    const services = [...this.#world.book.services()].map(({ name }) => name).sort();
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
        this.#visit(placeOf(command.screen));
        return;
      }
      case 'service': {
        const found = [...this.#world.book.services()].find(({ name }) => name === command.name);
        if (found === undefined) {
          this.#say('no service of that name', 'warning');
          return;
        }
        this.#visit({ screen: 'service', serviceKey: found.key, name: found.name });
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
    this.#tableOf = null;
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
          this.#say(`back after ${formatDuration(ms)}: ${joined} joined, ${left} left meanwhile`);
        this.#markDirty();
      },
      onCrash,
    });
    return world;
  }

  // The registry

  #take(change: BookChange | null): void {
    if (change?.kind === 'event' && this.#state.isPaused) this.#waiting += 1;
    if (change?.kind === 'all') {
      this.#changed = null;
      this.#findStart();
    }
    if (change !== null) this.#note(change);
    this.#markDirty();
  }

  #note({ kind, key }: BookChange): void {
    const { screen } = currentVisit(this.#state).place;
    if (kind === 'service' && screen === 'services') this.#changed?.add(key);
    if (kind === 'instance' && screen !== 'services') this.#changed?.add(key);
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

  #visit(place: Place): void {
    this.#reduce({ type: 'visit', place });
  }

  #say(text: string, level: 'info' | 'warning' | 'error' = 'info'): void {
    const untilMs = this.#options.host.clock.monotonicMs() + MESSAGE_MS;
    this.#reduce({ type: 'say', message: { text, level, untilMs } });
  }

  #page(): number {
    return panesOf(currentVisit(this.#state).place, this.#state.size).tableRows;
  }

  #selectedRow(): Row | null {
    const { selectedIndex } = currentVisit(this.#state);
    return this.#table.rows[selectedIndex] ?? null;
  }

  /** The instance that a detail is about. */
  #detail(): InstanceRow | null {
    const { place } = currentVisit(this.#state);
    if (place.screen === 'instance') return this.#world.book.instance(place.key);
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

  #sortContext(): SortContext {
    const nowMs = (): number => this.#options.host.clock.monotonicMs();
    return {
      ttlOf: (row) => (row.kind === 'lease' ? row.ttl : this.#world.book.ttlOf(row, nowMs())),
      lowestTtlOf: (row) => this.#world.book.lowestTtlOf(row.key, nowMs())?.ttl ?? null,
    };
  }

  /** Brings the table in line with where the user is and with what has changed. */
  #updateTable(): void {
    const visit = currentVisit(this.#state);
    const made = this.#tableOf;
    if (made === null || made.place !== visit.place || made.narrowed !== visit.narrowed)
      this.#makeTable(visit);
    else {
      if (made.filter !== visit.filter || made.problemsOnly !== visit.problemsOnly)
        this.#table.setFilter(this.#matcher(visit));
      if (made.sort !== visit.sort) this.#table.setOrder(this.#order(visit));
      if (!this.#state.isPaused) this.#applyChanges(visit);
    }
    this.#tableOf = visit;
    this.#reduce({ type: 'follow', rows: this.#table.rows, page: this.#page() });
    const { top } = currentVisit(this.#state);
    this.#visible = this.#table.rows.slice(top, top + this.#page());
  }

  #makeTable(visit: Visit): void {
    this.#table = new LiveTable(this.#order(visit));
    this.#table.setFilter(this.#matcher(visit));
    this.#wantLeases(visit);
    this.#table.set(rowsOf(this.#world, visit));
    this.#changed = new Set();
    this.#sortedAtMs = this.#options.host.clock.monotonicMs();
    this.#world.hurry();
  }

  #order({ place, sort }: Visit): ReturnType<typeof orderOf> {
    return orderOf(place.screen, sort, this.#sortContext());
  }

  #matcher({ filter, problemsOnly }: Visit): (row: Row) => boolean {
    const read = readFilter(filter, { instancesOf: (row) => instancesBehind(this.#world, row) });
    return (row) => (!problemsOnly || isProblem(row)) && (!read.ok || read.matches(row));
  }

  #applyChanges(visit: Visit): void {
    const { screen } = visit.place;
    const nowMs = this.#options.host.clock.monotonicMs();
    const isSlow = screen === 'leases' || screen === 'lease';
    const isWhole = this.#changed === null || screen === 'events' || screen === 'doctor';
    // Thousands of leases are gone through once a second, not with every event.
    const isDue = !isSlow || nowMs - this.#sortedAtMs >= TICK_MS || this.#changed === null;
    if (isWhole || (isSlow && isDue)) {
      this.#table.set(rowsOf(this.#world, visit));
      this.#sortedAtMs = nowMs;
      this.#changed = new Set();
    } else if (!isSlow) {
      this.#putChanged(visit);
      if (isMoving(screen, visit.sort) && nowMs - this.#sortedAtMs >= TICK_MS) {
        this.#table.resort();
        this.#sortedAtMs = nowMs;
      }
    }
    this.#wantLeases(visit);
  }

  #putChanged({ place }: Visit): void {
    const { book } = this.#world;
    for (const key of this.#changed ?? []) {
      const row = place.screen === 'services' ? book.service(key) : book.instance(key);
      if (row === null || (row.kind === 'instance' && !holds(this.#world, place, row)))
        this.#table.remove(key);
      else this.#table.put(row);
    }
    this.#changed = new Set();
  }

  #wantLeases({ place }: Visit): void {
    const row = place.screen === 'lease' ? this.#world.leases?.row(place.key) : this.#selectedRow();
    const detail = row?.kind === 'lease' ? { id: row.id, node: row.node } : null;
    this.#world.leases?.want(place.screen === 'leases' || place.screen === 'lease', detail);
  }

  // Painting

  #markDirty(): void {
    this.#isDirty = true;
    this.#wake.abort();
  }

  async #paintLoop(): Promise<void> {
    const { clock } = this.#options.host;
    const { signal } = this.#end;
    while (!isAborted(signal)) {
      if (!this.#isDirty) {
        this.#wake = new AbortController();
        await clock.sleep(TICK_MS * 60, AbortSignal.any([signal, this.#wake.signal]));
        continue;
      }
      const leftMs = PAINT_EVERY_MS - (clock.monotonicMs() - this.#paintedAtMs);
      if (leftMs > 0) await clock.sleep(leftMs, signal);
      else this.#paint(this.#isTicking ? 'tick' : 'data');
    }
  }

  /** The clock and the bars go on with the second. */
  async #tickLoop(): Promise<void> {
    const { clock } = this.#options.host;
    const { signal } = this.#end;
    while (!isAborted(signal)) {
      await clock.sleep(TICK_MS - (clock.nowMs() % TICK_MS), signal);
      const { message } = this.#state;
      if (message !== null && message.untilMs <= clock.monotonicMs())
        this.#reduce({ type: 'say', message: null });
      this.#isTicking = !this.#isDirty;
      this.#markDirty();
    }
  }

  #paint(cause: PaintCause): void {
    if (isAborted(this.#end.signal)) return;
    this.#isDirty = false;
    this.#isTicking = false;
    this.#paintedAtMs = this.#options.host.clock.monotonicMs();
    this.#updateTable();
    this.#options.screen.paint(this.#model(), cause);
  }

  #model(): PaintModel {
    const { host, settings, color } = this.#options;
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
      readable: host,
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

function placeOf(screen: 'services' | 'leases' | 'events' | 'doctor'): Place {
  return screen === 'events' ? { screen, serviceKey: null, instanceKey: null, of: null } : { screen };
}

function instancePlace({ key, instance }: InstanceRow): Place {
  return { screen: 'instance', key, service: instance.service, id: instance.id };
}

function next(steps: readonly string[], now: string): string {
  return steps[(steps.indexOf(now) + 1) % steps.length] ?? '';
}
